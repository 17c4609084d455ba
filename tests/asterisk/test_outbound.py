"""Calling a citizen back on the real PBX: the register, the recording, refusals."""

import io
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.support.people import operator_at_work
from tests.support.service import Service
from tests.support.sound import hears, seconds
from tests.support.wait import until
from tests.support.world import World

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.timeout(120)]

RINGS_SECONDS, NOTICE_SECONDS, NOTICE = 2, 2, 660
"""At the citizen's phone; the tone in the place of the notice that the call is recorded, in Hz."""
ANSWERS, BUSY = "0913000001", "0913000007"


def _world(folder: Path) -> World:
    return World(
        folder / "world",
        hotlines=("can-tho",),
        desk_sound="tone-880",
        person_sound="tone-1230",
        changes={"hotline": {"wrap_up_seconds": 1, "operator_ring_seconds": 5}},
    )


def _tell(world: World) -> None:
    """Let the notice that the call is recorded be a tone."""
    path = world.settings.prompts.folder / "can-tho" / "outbound.wav"
    path.unlink()  # it is a link to the one that all worlds share
    wave = ["synth", str(NOTICE_SECONDS), "sine", str(NOTICE)]
    tone = ["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(path), *wave]
    subprocess.run(tone, check=True)


async def test_an_outbound_call_is_registered_and_recorded_and_its_tickets(tmp_path: Path) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        _tell(world)
        account = service.account("can-tho", "operator")
        async with operator_at_work(service, account) as operator:
            opened = {"hotline": "can-tho", "channel": "email"}
            ticket = (await operator.order("POST", "/console/tickets", opened))["id"]
            asked = {"hotline": "can-tho", "number": ANSWERS, "ticket": ticket}
            placed = await operator.order("POST", "/console/calls", asked)
            card = await operator.card("answered")
            assert (card["id"], card["mine"], card["direction"]) == (
                placed["call"],
                True,
                "outbound",
            )
            assert card["caller"]["e164"] == "+84913000001"
            await until(lambda: max(map(seconds, world.recordings()), default=0) > 4, within=20)
            await operator.order("POST", f"/console/calls/{card['id']}/hang-up", {}, 204)
            await operator.card("ended")
        (recording,) = await until(lambda: service.items("recordings"), within=20)
        (row,) = await service.items("calls")
        assert (row["id"], row["direction"], row["outcome"]) == (
            placed["call"],
            "outbound",
            "answered",
        )
        assert row["operator"] is not None
        assert row["answered_at"] is not None
        assert row["ticket"] == recording["ticket"] == ticket
        assert recording["call"] == row["id"]
        raw = await _heard(service, recording["id"], tmp_path)
        assert hears(raw, 0, 1230)
        assert hears(raw, 1, 880)
        assert not hears(raw, 0, 880)
        assert not hears(raw, 1, NOTICE), "the notice comes before the recording begins"
        reached, began = map(datetime.fromisoformat, (row["answered_at"], row["started_at"]))
        assert (reached - began).total_seconds() > RINGS_SECONDS + NOTICE_SECONDS


async def test_nobody_reached_is_told_and_kept_with_its_operator(tmp_path: Path) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        account = service.account("can-tho", "operator")
        async with operator_at_work(service, account) as operator:
            asked = {"hotline": "can-tho", "number": BUSY}
            await operator.order("POST", "/console/calls", asked)

            def told() -> list[dict[str, Any]]:
                return [m["data"] for m in operator.pushed if m["kind"] == "unreached"]

            (unreached,) = await until(told, within=15)
            assert unreached["why"] == "busy"
            card = await operator.card("ended")
            assert (card["outcome"], card["mine"], card["ticket"]) == ("failed", True, None)
            extension = account["extension"]
            await until(lambda: operator.pushed[-1] and _ready(operator.pushed), within=10)
            await world.carrier.behave(extension, "ring")
            refused = await operator.order("POST", "/console/calls", asked, 409)
            assert refused["code"] == "operator_did_not_answer"


def _ready(pushed: list[dict[str, Any]]) -> bool:
    states = [m["data"]["state"] for m in pushed if m["kind"] == "me"]
    return bool(states) and states[-1] == "ready"


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
