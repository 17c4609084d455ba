"""Asterisk killed with `kill -9` in mid-call, alone and with the service; and the journal replayed.

DESIGN.md rule 4: calls that ended meanwhile are closed once, operators are back in the queue, the
next call pops; a day like that can be rebuilt from its journal.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.people import Operator
from tests.support.town import Town, state_of
from tests.support.wait import until

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with Town.open(tmp_path_factory.mktemp("town")) as made:
        yield made


async def test_in_mid_call_it_is_closed_once_and_the_next_call_pops(town: Town) -> None:
    number, other = town.number(), town.number()
    async with town.operator() as operator:
        await town.call(number)
        card = await operator.card("answered")
        await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        town.world.asterisk.child.kill()
        await town.world.start_asterisk()
        ended = await operator.card("ended", within=40)
        assert ended["id"] == card["id"]
        row = await town.ended(number)
        assert (row["outcome"], row["id"]) == ("answered", card["id"])
        await _back_in_the_queue(town, operator)
        await town.call(other)
        following = await operator.card("answered", within=30)
        assert following["id"] != card["id"]
        assert len(await town.rows("tickets", number)) == 1


async def test_while_it_rings_the_caller_is_counted_as_lost(town: Town) -> None:
    number = town.number()
    async with town.operator() as operator:
        await town.world.carrier.behave("1001", "ring")
        await town.call(number)
        await until(lambda: operator.cards() and operator.cards()[-1]["ringing"], within=20)
        town.world.asterisk.child.kill()
        await town.world.start_asterisk()
        card = await operator.card("ended", within=40)
        assert card["ringing"] is False
        row = await town.ended(number)
        assert row["outcome"] in {"abandoned", "failed"}
        assert row["answered_at"] is None
        await town.world.carrier.behave("1001", "answer")
        await _back_in_the_queue(town, operator)


@pytest.mark.parametrize("first", ["service", "asterisk"])
async def test_both_killed_the_call_is_closed_once_and_the_operator_goes_on(
    town: Town, first: str
) -> None:
    """A power cut: nobody saw the end of the call, and nobody need sign on again."""
    number, other = town.number(), town.number()
    async with town.operator() as operator:
        await town.call(number)
        card = await operator.card("answered")
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        town.service.kill()
        town.world.asterisk.child.kill()
        operator.pushed.clear()
        if first == "asterisk":
            await town.world.start_asterisk()
            await town.service.start()
        else:
            town.service.child.start()
            await until(lambda: operator.pushed, within=30)  # the console is there without the PBX
            await town.world.start_asterisk()
            await town.well("pbx:main")
        row = await town.ended(number)
        assert (row["outcome"], row["ticket"]) == ("answered", ticket["id"])
        await _back_in_the_queue(town, operator)
        await town.call(other)
        following = await operator.card("answered", within=30)
        assert following["id"] != card["id"]


async def test_the_journal_of_such_a_day_gives_the_same_calls(town: Town, tmp_path: Path) -> None:
    """To the row, except operator and ticket (DESIGN.md rule 4)."""
    await until(lambda: _all_ended(town), within=30, every=0.2)
    before = await _calls(town)
    database = f"sqlite+aiosqlite:///{tmp_path}/again.db"
    journal = str(town.world.settings.journal.folder)
    town.service.kill()
    await town.service.command("replay", journal, "--database", database)
    after = await _calls(town, {"TONGDAI_DATABASE__URL": database})
    await town.service.start()
    assert len(before) >= 7
    assert after == before


async def _back_in_the_queue(town: Town, operator: Operator) -> None:
    """Return when the operator is ready and app_queue has the telephone, unpaused."""
    seat = f"desk-{operator.account['extension']}"

    def there() -> bool:
        shown = town.world.asterisk.command("queue show tongdai-can-tho").splitlines()
        return any(f"PJSIP/{seat}" in line and "paused" not in line for line in shown)

    await until(lambda: state_of(operator) == "ready", within=40)
    await until(there, within=10, every=0.1)


async def _all_ended(town: Town) -> bool:
    return all(c["state"] == "ended" for c in await town.service.items("calls"))


async def _calls(
    town: Town, environment: dict[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    told = await town.service.command("calls", "--json", environment=environment)
    rows = map(json.loads, told.splitlines())
    return {row["id"]: row | {"operator": None, "ticket": None} for row in rows}
