"""Several gateways: which takes a message, who takes over, and the way back."""

from datetime import timedelta
from pathlib import Path

import pytest

from sms import outbox, store
from sms.gateways.base import Outcome, Request, Result
from sms.model import Purpose, State
from sms.sender import Sender
from sms.tables import MessageStop
from tests.support.sms import Script, message, owe, sending, settings_for, state
from tests.support.wait import until
from tongdai import audit
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import Settings

TWO = """
first_retry_seconds = 5
[[sms.gateway]]
name = "main"
kind = "log"
priority = 1
breaker_failures = 3
breaker_seconds = {pause}
price = 400
[[sms.gateway]]
name = "spare"
kind = "log"
priority = 2
price = 700
"""


def two(folder: Path, pause: float = 600) -> Settings:
    return settings_for(folder, TWO.format(pause=pause))


async def test_a_gateway_that_refuses_us_is_passed_over_at_once(
    database: Database, tmp_path: Path
) -> None:
    main, spare = Script(Outcome.CONFIGURATION, name="main"), Script(name="spare")
    async with sending(database, two(tmp_path), main, spare) as sender:
        message_id = await owe(database, "k")
        assert await sender.caught_up()
        health = await sender.health()
    row = await message(database, message_id)
    assert (row.state, row.gateway, row.attempts) == (State.ACCEPTED, "spare", 2)
    assert row.cost == 700 * row.parts, "by the tariff of the one that took it"
    assert (health["sms:main"].state, health["sms:spare"].state) == ("degraded", "ok")
    assert main.heard[0].text == spare.heard[0].text
    async with database.read() as session:
        (story,) = await store.of_ticket(session, "t1")
    assert [(a.gateway, a.outcome) for a in story.attempts] == [
        ("main", "configuration"),
        ("spare", "accepted"),
    ]


async def test_when_all_refuse_it_waits_and_begins_with_the_best_again(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    main, spare = (Script(Outcome.CONFIGURATION, name=n) for n in ("main", "spare"))
    async with sending(database, two(tmp_path), main, spare) as sender:
        message_id = await owe(database, "k")
        assert await sender.caught_up()
        assert (len(main.heard), len(spare.heard)) == (1, 1)
        main.answer = Outcome.ACCEPTED
        clock.advance(timedelta(minutes=1))
        assert await sender.caught_up()
    assert (await message(database, message_id)).gateway == "main"


async def test_a_gateway_that_fails_in_a_row_is_left_alone_and_taken_back(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    main, spare = Script(Outcome.RETRY_LATER, name="main"), Script(name="spare")
    async with sending(database, two(tmp_path, pause=0.5), main, spare) as sender:
        ids = [await owe(database, f"k{n}", f"09123456{n:02d}") for n in range(12)]
        await _all(database, ids, State.ACCEPTED, clock=clock, sender=sender)
        main.answer = Outcome.ACCEPTED
        number = 0

        async def is_back() -> bool:
            nonlocal number
            number += 1
            one = await owe(database, f"later{number}", f"09{number:08d}")
            assert await sender.caught_up()
            return (await message(database, one)).gateway == "main"

        await until(is_back, within=10)
        for n in range(3):
            one = await owe(database, f"back{n}", f"0987654{n:03d}")
            assert await sender.caught_up()
            assert (await message(database, one)).gateway == "main"


async def test_while_its_circuit_is_open_nothing_goes_to_it(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    main, spare = Script(Outcome.RETRY_LATER, name="main"), Script(name="spare")
    async with sending(database, two(tmp_path), main, spare) as sender:
        first = [await owe(database, f"k{n}", f"09123456{n:02d}") for n in range(3)]
        await _all(database, first, State.ACCEPTED, clock=clock, sender=sender)
        tries = len(main.heard)
        assert tries >= 3
        more = [await owe(database, f"m{n}", f"09876543{n:02d}") for n in range(8)]
        await _all(database, more, State.ACCEPTED, clock=None, sender=sender)
    assert len(main.heard) == tries
    assert len(spare.heard) == 11


async def test_each_network_and_hotline_has_its_own_way(database: Database, tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        """
[[sms.gateway]]
name = "viettel"
kind = "log"
priority = 1
networks = ["viettel"]
[[sms.gateway]]
name = "rest"
kind = "log"
""",
    )
    viettel, rest = Script(name="viettel"), Script(name="rest")
    async with sending(database, settings, viettel, rest) as sender:
        await owe(database, "a", "0962345678")
        await owe(database, "b", "0902345678")
        assert await sender.caught_up()
    assert [r.to for r in viettel.heard] == ["+84962345678"]
    assert [r.to for r in rest.heard] == ["+84902345678"]


async def test_what_was_cut_off_goes_again_only_where_doubles_are_dropped(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    for drops, end in ((True, State.ACCEPTED), (False, State.UNKNOWN)):
        main = Script(Outcome.AMBIGUOUS, name="main", deduplicates=drops)
        spare = Script(name="spare")
        async with sending(database, two(tmp_path), main, spare) as sender:
            message_id = await owe(database, f"k{drops}", f"091234567{int(drops)}")
            assert await sender.caught_up()
            main.answer = Outcome.ACCEPTED
            clock.advance(timedelta(minutes=1))
            assert await sender.caught_up()
        assert await state(database, message_id) == end
        assert spare.heard == [], "another gateway would send it a second time"
        assert len({r.id for r in main.heard}) == 1


async def test_a_person_is_told_when_nobody_knows_for_a_while(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    settings = settings_for(tmp_path, "ask_after_minutes = 15")
    async with sending(database, settings, Script(Outcome.AMBIGUOUS)) as sender:
        await owe(database, "k")
        assert await sender.caught_up()
        clock.advance(timedelta(minutes=14))
        assert await sender.caught_up()
        assert await _alerts(database) == []
        clock.advance(timedelta(minutes=2))
        for _ in range(2):
            assert await sender.caught_up()
    assert await _alerts(database) == ["message_unknown"]


@pytest.mark.parametrize(
    ("outcome", "what"),
    [(Outcome.FINAL, "message_failed"), (Outcome.RETRY_LATER, "message_gave_up")],
)
async def test_a_person_is_told_that_a_message_failed(
    database: Database, tmp_path: Path, outcome: Outcome, what: str
) -> None:
    async with sending(
        database, settings_for(tmp_path, "max_attempts = 1"), Script(outcome)
    ) as sender:
        await owe(database, "k")
        assert await sender.caught_up()
    assert await _alerts(database) == [what]


async def test_a_kept_connection_that_nobody_answered_is_forgiven_by_the_next_probe(
    database: Database, tmp_path: Path
) -> None:
    class Gone(Script):
        there = False

        async def send(self, request: Request) -> Result:
            if self.there:
                return await super().send(request)
            self.heard.append(request)
            return _unreached()

        async def probe(self) -> Result:
            return await super().probe() if self.there else _unreached()

    gateway = Gone()
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        await owe(database, "k")
        await until(lambda: gateway.heard)

        async def is_(wanted: str) -> bool:
            return (await sender.health())["sms:script"].state == wanted

        await until(lambda: is_("degraded"), within=5)
        gateway.there = True
        await until(lambda: is_("ok"), within=8)


async def test_a_survey_is_not_sent_to_whoever_said_stop(database: Database) -> None:
    async with database.write() as tx:
        tx.session.add(MessageStop(number="+84912345678", hotline="can-tho", at=tx.now))
    async with database.write() as tx:
        survey = await outbox.owe(
            tx,
            key="s",
            hotline="can-tho",
            to="0912345678",
            purpose=Purpose.SURVEY,
            params={"ticket": "2026-000123"},
            ticket_id="t1",
        )
    owed_by_law = await owe(database, "k")
    row = await message(database, survey)
    assert (row.state, row.reason) == (State.NOT_SENDABLE, "stopped")
    assert await state(database, owed_by_law) == State.QUEUED


def _unreached() -> Result:
    return Result(outcome=Outcome.RETRY_LATER, words="not reached: Nobody", unreached=True)


async def _all(
    db: Database, ids: list[str], wanted: State, *, clock: HandClock | None, sender: Sender
) -> None:
    async def there() -> bool:
        if clock is not None:
            clock.advance(timedelta(seconds=30))
        sender.wake()
        return {await state(db, one) for one in ids} == {wanted}

    await until(there, within=20)


async def _alerts(db: Database) -> list[str]:
    async with db.read() as session:
        entries = await audit.history(session, audit.ticket_chain("can-tho"), "t1")
    return [str(e.data["what"]) for e in entries if e.kind == "alert"]
