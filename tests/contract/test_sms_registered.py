"""Texts that a network has not registered, and the rate that all nodes share."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from sms import wording
from sms.gateways.base import Gateway
from sms.model import State
from sms.preview import preview
from sms.rates import allowance
from sms.routes import Way, may_carry
from sms.tables import MessageTemplate
from tests.support.sms import Script, message, owe, sending, settings_for, state
from tests.support.wait import until
from tongdai import audit
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.settings import Settings

TWO = """
[[sms.gateway]]
name = "brand"
kind = "log"
registered_only = true
price = 400
[[sms.gateway]]
name = "plain"
kind = "log"
price = 900
"""


async def register(db: Database, *networks: str) -> None:
    async with db.write() as tx:
        row = await tx.session.get(MessageTemplate, ("can-tho", "referral", "vi"))
        if row is None:
            row = MessageTemplate(
                hotline="can-tho",
                template="referral",
                language="vi",
                text="Phiếu {ticket}, {field}: {link}",
                changed_at=tx.now,
                changed_by="x",
            )
            tx.session.add(row)
        row.networks = list(networks)


def named(settings: Settings) -> list[Gateway]:
    return [Script(name=table.name) for table in settings.sms.gateway]


async def test_a_text_that_a_network_has_not_registered_goes_another_way(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, TWO)
    await register(database, "viettel")
    async with sending(database, settings, *named(settings)) as sender:
        viettel = await owe(database, "v", "0962345678")
        vinaphone = await owe(database, "n", "0912345678")
        assert await sender.caught_up()
    ways = [(await message(database, m)).gateway for m in (viettel, vinaphone)]
    assert ways == ["brand", "plain"]


async def test_where_there_is_no_other_way_it_waits_and_a_person_is_told_once(
    database: Database, tmp_path: Path, clock: HandClock
) -> None:
    settings = settings_for(tmp_path, TWO.partition('[[sms.gateway]]\nname = "plain"')[0])
    async with sending(database, settings, *named(settings)) as sender:
        message_id = await owe(database, "n", "0912345678")
        for _ in range(3):
            assert await sender.caught_up()
            clock.advance(timedelta(minutes=2))
        row = await message(database, message_id)
        assert (row.state, row.reason, row.attempts) == (State.QUEUED, "not_registered", 0)
        async with database.read() as session:
            told = await audit.history(session, audit.ticket_chain("can-tho"), "t1")
        assert [e.data["what"] for e in told] == ["message_not_registered"]
        await register(database, "vinaphone")
        clock.advance(timedelta(minutes=2))
        sender.wake()
        await until(lambda: _is(database, message_id, State.ACCEPTED), within=5)
    assert (await message(database, message_id)).reason == ""


def test_a_number_of_no_known_network_is_tried_and_the_preview_says_who_may_send(
    tmp_path: Path,
) -> None:
    ways = [Way(name="brand", registered_only=True), Way(name="plain")]
    both = ("brand", "plain")
    assert may_carry(ways, both, "", frozenset()) == both
    assert may_carry(ways, both, "viettel", frozenset({"viettel"})) == both
    assert may_carry(ways, both, "viettel", frozenset()) == ("plain",)
    settings = settings_for(tmp_path, TWO)
    for registered, offered in (((), ["plain"]), (("vinaphone",), ["brand", "plain"])):
        seen = preview(
            settings,
            settings.hotlines[0],
            to="0912345678",
            template="code",
            registered=registered,
        )
        assert ([o.gateway for o in seen.offers], seen.registered) == (offered, registered)


async def test_registered_networks_are_read_by_text(database: Database) -> None:
    await register(database, "viettel", "mobifone")
    async with database.read() as session:
        found = await wording.registered(session)
    assert found == {("can-tho", "referral", "vi"): {"viettel", "mobifone"}}


async def test_two_nodes_together_keep_a_gateways_rate(database: Database, tmp_path: Path) -> None:
    """Four at once and four a second, whoever sends; SQLite has one node."""
    settings, nodes = settings_for(tmp_path), 1 if database.is_sqlite else 2
    owed = [await owe(database, f"k{n}", f"09123450{n:02d}") for n in range(10)]
    scripts = [Script(per_second=4.0) for _ in range(nodes)]
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as running:
        for script in scripts:
            await running.enter_async_context(sending(database, settings, script))
        begun = loop.time()
        await until(lambda: sum(len(s.heard) for s in scripts) == len(owed), within=20)
        took = loop.time() - begun
    assert took > 1.2, "ten at four a second, four at once"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_an_allowance_is_one_for_all_who_ask(database: Database) -> None:
    taken = []
    for _ in range(2):
        async with database.write() as tx:
            shared = await allowance(tx, {"slow": 0.01, "three": 3.0})
            taken.append(sum(shared.take("slow") for _ in range(9)))
            assert shared.take("three")
            assert 90 < shared.wait_seconds() <= 100
            assert shared.take("unknown"), "what has no row has no limit"
    assert taken == [1, 0]


async def _is(db: Database, message_id: str, wanted: State) -> bool:
    return await state(db, message_id) == wanted
