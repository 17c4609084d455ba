import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sms import letters, links, outbox, store
from sms.gateways.base import Outcome, Request, Result
from sms.model import Purpose, State, receipt_signal
from sms.pace import Pace
from sms.receipts import Receipts, Report, Taken
from tests.support.sms import (
    Script,
    message,
    owe,
    receipt_path,
    sending,
    settings_for,
    state,
)
from tests.support.wait import until
from tongdai.clock import HandClock, SystemClock
from tongdai.db import Database, DatabaseAway
from tongdai.errors import NotFound
from tongdai.ids import AccountId


async def test_one_key_is_one_message(database: Database) -> None:
    first = await owe(database, "referred:t1:1")
    assert await owe(database, "referred:t1:1", "0987654321") == first
    assert (await message(database, first)).recipient == "+84912345678"


async def test_one_key_owed_by_two_at_the_same_time_is_one_message(database: Database) -> None:
    ids = await asyncio.gather(*(owe(database, "same") for _ in range(6)))
    assert len(set(ids)) == 1
    async with database.read() as session:
        assert len(await store.page(session, hotlines=["can-tho"], limit=10)) == 1


async def test_what_is_rolled_back_was_never_owed(database: Database) -> None:
    with pytest.raises(RuntimeError, match="fell over"):
        async with database.write() as tx:
            await outbox.owe(
                tx,
                key="k",
                hotline="can-tho",
                to="0912345678",
                purpose=Purpose.CODE,
                params={"code": "1", "minutes": 5},
            )
            message_text = "fell over"
            raise RuntimeError(message_text)
    async with database.read() as session:
        assert await store.page(session, hotlines=["can-tho"], limit=10) == []


@pytest.mark.parametrize(
    ("to", "reason"), [("02923812345", "landline"), ("", "hidden"), ("113", "emergency")]
)
async def test_what_no_sms_reaches_is_said_at_once(
    database: Database, to: str, reason: str
) -> None:
    row = await message(database, await owe(database, "k", to))
    assert (row.state, row.reason) == (State.NOT_SENDABLE, reason)
    assert row.settled_at is not None


async def test_a_message_is_sent_at_once_and_its_receipts_settle_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms.lane.SAFETY_SECONDS", 600.0)  # nobody looks again: it is told
    gateway = Script()
    async with sending(database, settings_for(tmp_path), gateway):
        message_id = await owe(database, "k")
        await until(lambda: gateway.heard)
        await _reaches(database, message_id, State.ACCEPTED)
    (request,) = gateway.heard
    assert (request.to, request.sender, request.alphabet) == ("+84912345678", "1022CanTho", "ascii")
    assert request.text.startswith(
        "1022 Can Tho: Phieu 2026-000123, linh vuc Ha tang do thi. Xem: http://127.0.0.1:8022/l/"
    )
    path = await receipt_path(database, message_id)
    assert request.receipt_url == "http://127.0.0.1:8022/sms/receipts/script/" + "/".join(path)
    assert await _receipt(database, path, "8") is Taken.NOTHING_NEW
    assert await _receipt(database, path, "1") is Taken.MOVED
    assert await _receipt(database, path, "2") is Taken.NOTHING_NEW
    assert await state(database, message_id) == State.DELIVERED
    async with database.read() as session:
        (story,) = await store.of_ticket(session, "t1")
    assert [a.words for a in story.attempts] == ["script says accepted"]
    assert [(r.code, r.moved_to) for r in story.receipts] == [
        ("8", ""),
        ("1", "delivered"),
        ("2", ""),
    ]


async def test_a_gateway_that_is_down_for_ten_minutes_loses_nothing(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    gateway = Script(Outcome.RETRY_LATER)
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        message_id = await owe(database, "k")
        for _ in range(60):
            clock.advance(timedelta(seconds=10))
            assert await sender.caught_up()
        assert (await sender.health())["sms:script"].state == "degraded"
        tries = len(gateway.heard)
        gateway.answer = Outcome.ACCEPTED
        clock.advance(timedelta(minutes=15))
        sender.wake()
        await _reaches(database, message_id, State.ACCEPTED)
        assert (await sender.health())["sms:script"].state == "ok"
    assert 5 <= tries <= 9
    assert len(gateway.heard) == tries + 1
    assert len({request.text for request in gateway.heard}) == 1, "every try sends the same words"
    row = await message(database, message_id)
    assert (row.attempts, row.failures) == (tries + 1, tries)


async def test_it_gives_up_at_the_limit_and_a_person_can_see_it(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    gateway = Script(Outcome.RETRY_LATER)
    async with sending(database, settings_for(tmp_path, "max_attempts = 3"), gateway) as sender:
        message_id = await owe(database, "k")
        for _ in range(5):
            assert await sender.caught_up()
            clock.advance(timedelta(hours=1))
    row = await message(database, message_id)
    assert (row.state, row.reason, row.attempts) == (State.UNDELIVERED, "gave_up", 3)


async def test_a_fault_of_the_settings_waits_for_a_person_however_long(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    gateway = Script(Outcome.CONFIGURATION)
    async with sending(database, settings_for(tmp_path, "max_attempts = 2"), gateway) as sender:
        message_id = await owe(database, "k")
        for _ in range(5):
            assert await sender.caught_up()
            clock.advance(timedelta(hours=1))
        assert await state(database, message_id) == State.QUEUED
        health = (await sender.health())["sms:script"]
        assert "settings" in health.detail
        gateway.answer = Outcome.ACCEPTED
        assert await sender.caught_up()
    assert await state(database, message_id) == State.ACCEPTED


async def test_a_refused_number_is_not_tried_again(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    gateway = Script(Outcome.FINAL)
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        message_id = await owe(database, "k")
        assert await sender.caught_up()
        clock.advance(timedelta(days=1))
        assert await sender.caught_up()
    assert await state(database, message_id) == State.REJECTED
    assert len(gateway.heard) == 1


async def test_one_recipients_messages_keep_their_order_and_hold_up_nobody_else(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    first, second = await owe(database, "a"), await owe(database, "b")
    other = await owe(database, "c", "0987654321")
    gateway = Script(lambda r: Outcome.RETRY_LATER if r.id == first else Outcome.ACCEPTED)
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        await _reaches(database, other, State.ACCEPTED)
        assert await sender.caught_up()
        assert await state(database, second) == State.QUEUED
        gateway.answer = Outcome.ACCEPTED
        clock.advance(timedelta(minutes=1))
        assert await sender.caught_up()
    assert [r.id for r in gateway.heard if r.id != other] == [first, first, second]


async def test_a_send_that_was_cut_off_is_unknown_listed_and_settled_by_its_receipt(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    gateway = Script(Outcome.AMBIGUOUS)
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        message_id = await owe(database, "k")
        assert await sender.caught_up()
        clock.advance(timedelta(days=3))
        assert await sender.caught_up()
    assert len(gateway.heard) == 1
    async with database.read() as session:
        listed = await store.needing_a_person(session, ["can-tho"])
    assert [m.id for m in listed] == [message_id]
    assert await _receipt(database, await receipt_path(database, message_id), "1") is Taken.MOVED
    async with database.read() as session:
        assert await store.needing_a_person(session, ["can-tho"]) == []


class Deaf(Script):
    """Hears and never answers."""

    async def send(self, request: Request) -> Result:
        self.heard.append(request)
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_service_that_died_between_hearing_and_writing_down_sends_nothing_twice(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, "lease_seconds = 0.2")
    dying, next_life = Deaf(), Script()
    async with sending(database, settings, dying):
        message_id = await owe(database, "k")
        await until(lambda: dying.heard)
    assert await state(database, message_id) == State.SENDING
    async with sending(database, settings, next_life) as sender:
        await _reaches(database, message_id, State.UNKNOWN, within=8)
        assert await sender.caught_up()
    assert len(dying.heard) == 1
    assert next_life.heard == []


async def test_a_receipt_that_comes_before_the_acceptance_wins(
    database: Database, tmp_path: Path
) -> None:
    taken: list[Taken] = []

    class Quick(Script):
        async def send(self, request: Request) -> Result:
            path = await receipt_path(database, request.id)
            taken.append(await _receipt(database, path, "1"))
            return await super().send(request)

    async with sending(database, settings_for(tmp_path), Quick()) as sender:
        message_id = await owe(database, "k")
        await until(lambda: taken)
        assert await sender.caught_up()
    assert taken == [Taken.MOVED]
    row = await message(database, message_id)
    assert (row.state, row.reference) == (State.DELIVERED, f"r-{message_id}")


async def test_strangers_and_nonsense_change_nothing(database: Database) -> None:
    message_id = await owe(database, "k")
    other = await owe(database, "k2")
    _, token = await receipt_path(database, message_id)
    assert await _receipt(database, ("nobody", token), "1") is Taken.STRANGER
    assert await _receipt(database, (other, token), "1") is Taken.STRANGER
    assert await _receipt(database, (message_id, ""), "1") is Taken.STRANGER
    assert await _receipt(database, (message_id, "đ" * 32), "1") is Taken.STRANGER
    assert await _receipt(database, (message_id, token), "3") is Taken.UNREADABLE
    assert await state(database, message_id) == State.QUEUED


async def test_what_is_answered_meanwhile_is_not_sent(database: Database, tmp_path: Path) -> None:
    message_id = await owe(database, "k")
    kept = await owe(database, "k2", "0987654321", Purpose.REFERRAL)
    async with database.write() as tx:
        assert await outbox.cancel(tx, ticket_id="t2", reason="answered") == 0
        assert await outbox.cancel(tx, ticket_id="t1", reason="answered", purposes=["code"]) == 0
        assert await outbox.cancel(tx, ticket_id="t1", reason="answered") == 2
    gateway = Script()
    async with sending(database, settings_for(tmp_path), gateway) as sender:
        assert await sender.caught_up()
    assert gateway.heard == []
    assert {await state(database, message_id), await state(database, kept)} == {State.CANCELLED}


async def test_no_report_for_a_day_is_unknown_where_reports_come_and_only_there(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    for gateway, end in ((Script(), State.UNKNOWN), (Script(name="l", reports=False), "accepted")):
        async with sending(database, settings_for(tmp_path), gateway) as sender:
            message_id = await owe(database, gateway.name)
            assert await sender.caught_up()
            clock.advance(timedelta(hours=25))
            assert await sender.caught_up()
            assert await state(database, message_id) == end


async def test_two_nodes_send_each_message_once(database: Database, tmp_path: Path) -> None:
    if database.is_sqlite:  # one file, two engines: as near as SQLite comes
        other = Database(str(database.url), database.clock)
    else:
        url = database.url.render_as_string(hide_password=False)
        other = Database(url, database.clock)
    gateway, settings = Script(), settings_for(tmp_path)
    for n in range(60):
        await owe(database, f"k{n}", f"09123456{n % 20:02d}")
    async with (
        sending(database, settings, gateway) as sender,
        sending(other, settings, gateway, listen=False),
    ):
        await until(sender.caught_up, within=20)
    await other.close()
    assert sorted(r.id for r in gateway.heard) == sorted({r.id for r in gateway.heard})
    assert len(gateway.heard) == 60


class Flaky(Database):
    """A database that goes away when told to."""

    away = False

    def write(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        if self.away:
            raise DatabaseAway
        return super().write()


async def test_a_sent_message_is_written_down_when_the_database_comes_back(
    tmp_path: Path, database: Database
) -> None:
    flaky = Flaky(database.url.render_as_string(hide_password=False), database.clock)

    def leave(request: Request) -> Outcome:
        del request
        flaky.away = True
        return Outcome.ACCEPTED

    gateway = Script(leave)
    async with sending(flaky, settings_for(tmp_path), gateway):
        message_id = await owe(flaky, "k")
        await until(lambda: gateway.heard)
        assert await state(flaky, message_id) == State.SENDING
        flaky.away = False
        await _reaches(flaky, message_id, State.ACCEPTED)
    await flaky.close()
    assert len(gateway.heard) == 1


async def test_the_gateways_rate_is_kept() -> None:
    pace = Pace(per_second=20)
    assert pace.available() == 20
    pace.take(20)
    assert pace.available() == 0
    assert 0 < pace.wait_seconds() <= 0.05
    await until(lambda: pace.available() >= 2, within=1)


async def test_a_letter_lands_in_the_folder_once(database: Database, tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    params = {
        "ticket": "2026-000123",
        "field": "Môi trường",
        "unit": "Sở Xây dựng",
        "since": database.clock.now(),
    }
    async with sending(database, settings) as sender:
        for _ in range(2):
            async with database.write() as tx:
                letter = letters.letter(
                    key="o", hotline="can-tho", to="ld@example.vn", params=params, ticket_id="t"
                )
                await outbox.owe_all(tx, [letter])
        await until(lambda: list(settings.mail.folder.glob("*.eml")))
        assert set(await sender.health()) == {"mail", "sms:none"}
    (file,) = settings.mail.folder.glob("*.eml")
    assert b"To: ld@example.vn" in file.read_bytes()


async def test_a_link_leads_there_once(database: Database, clock: HandClock) -> None:
    real = HandClock(SystemClock().now())
    async with database.write() as tx:
        first, second = [
            links.create(tx, ticket_id="t1", hotline="can-tho", message_id="m", real=real)  # type: ignore[arg-type]
            for _ in range(2)
        ]
    clock.advance(timedelta(days=400))  # the service's clock ends no link
    async with database.write() as tx:
        assert (await links.use(tx, first, by=AccountId("a"), real=real)).ticket_id == "t1"
        with pytest.raises(links.LinkSpent):
            await links.use(tx, first, by=AccountId("a"), real=real)
        with pytest.raises(NotFound):
            await links.use(tx, "x" * 22, by=AccountId("a"), real=real)
        real.advance(links.LIFE)
        with pytest.raises(links.LinkSpent):
            await links.use(tx, second, by=AccountId("a"), real=real)


async def _receipt(db: Database, path: tuple[str, str], code: str) -> Taken:
    report = Report(signal=receipt_signal(code), code=code)
    return await Receipts(db).take(message_id=path[0], token=path[1], report=report)


async def _reaches(db: Database, message_id: str, wanted: State, within: float = 5) -> None:
    async def there() -> bool:
        return await state(db, message_id) == wanted

    await until(there, within=within)
