"""What an operator does at a desk telephone by itself: its own hold, and its own transfer key.

A handset's hold is a re-INVITE (RFC 3264, section 8.4), its transfer key a REFER (RFC 3515). Live
transfer is the service's, which keeps what was tried; so a REFER is refused and the call stays.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from tests.support.desk_phone import DeskPhone
from tests.support.ear import Ear
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.wait import until
from tests.support.world import World

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
OPERATOR, MUSIC = 880, 660
DECLINED = 603


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    changes: dict[str, dict[str, object]] = {"hotline": {"wrap_up_seconds": 1}}
    folder = tmp_path_factory.mktemp("handset")
    world = World(folder, hotlines=("can-tho",), desks=(), changes=changes)
    async with world, Service(world) as running:
        yield running


@asynccontextmanager
async def talking(service: Service, number: str) -> AsyncIterator[tuple[DeskPhone, Operator, Ear]]:
    """Give a citizen's call that an operator has taken at a desk telephone; it ends whole."""
    world, account = service.world, service.account("can-tho", "operator")
    seat = account["extension"]
    async with (
        DeskPhone(world.pbx, f"desk-{seat}", world.desk_secret(seat)) as phone,
        operator_at_work(service, account) as operator,
    ):
        call = await world.carrier.place_call("02921022", number, seconds=600)
        ear = await Ear.at(world.carrier, call)
        await phone.answer()
        await ear.hears(OPERATOR)
        yield phone, operator, ear
        await world.carrier.hang_up(call)
        await asyncio.wait_for(phone.over.wait(), 60)
        await recorded_whole(service, number)
        await operator.order("POST", "/console/me/sign-off", {})


async def recorded_whole(service: Service, number: str) -> None:
    """Wait for the call's one recording: from the answer to the end, nothing left out."""

    async def ended() -> list[dict[str, Any]]:
        calls = [c for c in await service.items("calls") if c["caller_raw"] == number]
        return calls if [c["state"] for c in calls] == ["ended"] else []

    async def archived() -> list[dict[str, Any]]:
        return [r for r in await service.items("recordings") if r["call"] == call["id"]]

    [call] = await until(ended, within=30, every=0.2)
    [recording] = await until(archived, within=30, every=0.2)
    answered, end = (datetime.fromisoformat(call[at]) for at in ("answered_at", "ended_at"))
    assert abs((end - answered).total_seconds() - recording["seconds"]) < 1.5


async def test_a_handsets_own_hold_is_seen_and_the_citizen_hears_music(service: Service) -> None:
    async with talking(service, "0912345671") as (phone, operator, ear):
        assert await phone.hold() == 200
        await operator.card("held")
        await ear.hears(MUSIC)
        assert await phone.resume() == 200
        await operator.card("answered")
        await ear.hears(OPERATOR)


async def test_a_handsets_transfer_key_is_refused_and_the_call_stays(service: Service) -> None:
    world = service.world
    async with talking(service, "0912345672") as (phone, operator, ear):
        channels = world.asterisk.command("core show channels count")
        for number in ("0913000000", "02921022", "*43", "s"):
            target = f"sip:{number}@{world.pbx.sip_host}:{world.pbx.sip_port}"
            assert await phone.refer(target) == DECLINED
        await ear.hears(OPERATOR)
        assert operator.cards()[-1]["state"] == "answered"
        assert world.asterisk.command("core show channels count") == channels
