"""Calling a citizen back on the real PBX: the register, the recording, refusals."""

import io
import subprocess
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.sound import hears, seconds, seconds_with
from tests.support.wait import until
from tests.support.world import World
from tests.torture.calls import people_of

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]

RINGS_SECONDS, NOTICE_SECONDS, NOTICE = 2, 2, 660
"""At the citizen's phone; the tone in the place of the notice that the call is recorded, in Hz."""
ANSWERS, BUSY = "0913000001", "0913000007"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One PBX and one service for all calls; each is known by its id."""
    world = World(
        tmp_path_factory.mktemp("outbound") / "world",
        hotlines=("can-tho",),
        desk_sound="tone-880",
        person_sound="tone-1230",
        ring_seconds=RINGS_SECONDS,
        key_after_seconds=1,
        changes={"hotline": {"wrap_up_seconds": 1, "operator_ring_seconds": 5}},
    )
    async with world, Service(world) as running:
        _tell(world)
        yield running


def _tell(world: World) -> None:
    """Let the notice that the call is recorded be a tone."""
    path = world.settings.prompts.folder / "can-tho" / "outbound.wav"
    path.unlink()  # it is a link to the one that all worlds share
    wave = ["synth", str(NOTICE_SECONDS), "sine", str(NOTICE)]
    tone = ["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(path), *wave]
    subprocess.run(tone, check=True)


async def test_an_outbound_call_is_registered_and_recorded_and_its_tickets(
    service: Service, tmp_path: Path
) -> None:
    async with operator_at_work(service, service.account("can-tho", "operator")) as operator:
        call, ticket = await _call_back(operator)
        card = await operator.card("answered")
        assert (card["id"], card["mine"], card["direction"]) == (call, True, "outbound")
        assert card["caller"]["e164"] == "+84913000001"
        spooled = await _spooled(service, call)
        await until(lambda: seconds(spooled) > 4, within=20)
        await operator.order("POST", f"/console/calls/{card['id']}/hang-up", {}, 204)
        await operator.card("ended")
    recording = (await _recorded(service, call, "call"))["call"]
    row = await _row(service, call)
    assert (row["direction"], row["outcome"]) == ("outbound", "answered")
    assert row["operator"] is not None
    assert row["answered_at"] is not None
    assert row["ticket"] == recording["ticket"] == ticket
    raw = await _heard(service, recording["id"], tmp_path)
    assert hears(raw, 0, 1230)
    assert hears(raw, 1, 880)
    assert not hears(raw, 0, 880)
    assert not hears(raw, 1, NOTICE), "the notice comes before the recording begins"
    reached, began = map(datetime.fromisoformat, (row["answered_at"], row["started_at"]))
    # a sound's last frame is sent a moment early; without the notice it would be two seconds less
    assert (reached - began).total_seconds() > RINGS_SECONDS + NOTICE_SECONDS - 0.5


async def test_a_citizen_called_back_is_handed_to_the_focal_point_and_all_of_it_is_recorded(
    service: Service, tmp_path: Path
) -> None:
    async with operator_at_work(service, service.account("can-tho", "operator", 1)) as operator:
        call, ticket = await _call_back(operator)
        await operator.card("answered")
        spooled = await _spooled(service, call)
        await until(lambda: hears(spooled, 1, 880), within=20)
        wanted = {"kind": "warm", "person": (await people_of(operator))[0]["id"], "ticket": ticket}
        begun = await operator.order("POST", f"/console/calls/{call}/transfers", wanted)
        consulted = await _spooled(service, call, "consultation")
        await until(lambda: hears(consulted, 0, 1230) and hears(consulted, 1, 880), within=20)
        path = f"/console/transfers/{begun['transfer']['id']}/complete"
        await operator.order("POST", path, {})
        await until(lambda: _ready(operator.pushed), within=20)
        await until(lambda: hears(spooled, 1, 1230), within=20)
        assert (await _row(service, call))["ended_at"] is None, "the operator alone has left"
        await _citizen_hangs_up(service.world)
        await operator.card("ended")
    found = await _recorded(service, call, "call", "consultation")
    row = await _row(service, call)
    assert (row["direction"], row["outcome"], row["ticket"]) == ("outbound", "answered", ticket)
    assert {recording["ticket"] for recording in found.values()} == {ticket}
    whole = await _heard(service, found["call"]["id"], tmp_path)
    ended, answered = (datetime.fromisoformat(row[k]) for k in ("ended_at", "answered_at"))
    # on a machine that is overloaded the PBX itself drops some sound; a leg would be more
    assert abs(seconds(whole) - (ended - answered).total_seconds()) < 4
    assert not hears(whole, 0, 880), "left is the citizen, and nobody else"
    assert hears(whole, 0, 1230)
    operator_at, person_at = (seconds_with(whole, 1, tone) for tone in (880, 1230))
    assert operator_at
    assert person_at
    assert operator_at[-1] < person_at[0], "right: the operator, then the focal point"
    talk = await _heard(service, found["consultation"]["id"], tmp_path)
    assert hears(talk, 0, 1230), "left is whom the operator asks"
    assert not hears(talk, 1, 1230), "the citizen waits, and says nothing in it"


async def test_nobody_reached_is_told_and_kept_with_its_operator(service: Service) -> None:
    account = service.account("can-tho", "operator", 2)
    async with operator_at_work(service, account) as operator:
        asked = {"hotline": "can-tho", "number": BUSY}
        await operator.order("POST", "/console/calls", asked)

        def told() -> list[dict[str, Any]]:
            return [m["data"] for m in operator.pushed if m["kind"] == "unreached"]

        (unreached,) = await until(told, within=15)
        assert unreached["why"] == "busy"
        card = await operator.card("ended")
        assert (card["outcome"], card["mine"], card["ticket"]) == ("failed", True, None)
        await until(lambda: operator.pushed[-1] and _ready(operator.pushed), within=10)
        await service.world.carrier.behave(account["extension"], "ring")
        refused = await operator.order("POST", "/console/calls", asked, 409)
        assert refused["code"] == "operator_did_not_answer"


async def _call_back(operator: Operator) -> tuple[str, str]:
    """Open a ticket and call its citizen; return the call and the ticket."""
    opened = {"hotline": "can-tho", "channel": "email"}
    ticket = (await operator.order("POST", "/console/tickets", opened))["id"]
    asked = {"hotline": "can-tho", "number": ANSWERS, "ticket": ticket}
    return (await operator.order("POST", "/console/calls", asked))["call"], ticket


async def _row(service: Service, call: str) -> dict[str, Any]:
    """Return a call's row, once it is written."""

    async def there() -> dict[str, Any] | None:
        return next((row for row in await service.items("calls") if row["id"] == call), None)

    row: dict[str, Any] = await until(there, within=20)
    return row


async def _spooled(service: Service, call: str, kind: str = "call") -> Path:
    """Wait for a call's file in the spool; return it."""
    linkedid = (await _row(service, call))["linkedid"]
    pattern = f"{kind}-{linkedid}*.raw"
    path: Path = await until(lambda: next(iter(service.world.spool.glob(pattern)), None), within=20)
    return path


async def _recorded(service: Service, call: str, *kinds: str) -> dict[str, dict[str, Any]]:
    """Wait until just these recordings of a call are archived; return them by kind."""

    async def there() -> dict[str, dict[str, Any]] | None:
        mine = [row for row in await service.items("recordings") if row["call"] == call]
        return {row["kind"]: row for row in mine} if len(mine) >= len(kinds) else None

    found: dict[str, dict[str, Any]] = await until(there, within=20)
    assert sorted(found) == sorted(kinds)
    return found


def _ready(pushed: list[dict[str, Any]]) -> bool:
    states = [m["data"]["state"] for m in pushed if m["kind"] == "me"]
    return bool(states) and states[-1] == "ready"


async def _citizen_hangs_up(world: World) -> None:
    async with world.ami() as ami:
        await ami.action("CoreShowChannels")
        named: list[str] = []
        while (packet := await ami.next_event())["Event"] != "CoreShowChannelsComplete":
            named += [packet["Channel"]] if packet.get("CallerIDNum") == ANSWERS else []
        (channel,) = named
        await ami.action("Hangup", Channel=channel)


async def _heard(service: Service, recording: str, folder: Path) -> Path:
    """Fetch a recording as an auditor; return it as a spool file."""
    async with (
        service.api("auditor") as http,
        http.get(f"/api/v1/recordings/{recording}/audio") as answer,
    ):
        assert answer.status == 200
        sound = await answer.read()
    samples, _rate = soundfile.read(io.BytesIO(sound), dtype="int16", always_2d=True)
    path = folder / f"{recording}.raw"
    np.asarray(samples, dtype="<i2").tofile(path)
    return path
