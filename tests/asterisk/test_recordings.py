"""Recordings of real calls, from the PBX's spool through the service to the auditor's ear."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

QUICK = {"hotline": {"wrap_up_seconds": 1}}


async def test_both_sides_of_a_call_are_heard_from_the_archive(tmp_path: Path) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        async with operator_at_work(service, service.account("can-tho", "operator")) as operator:
            call = await world.carrier.place_call("02921022", "0912345678", sound="tone-440")
            card = await operator.card("answered")
            await until(lambda: _recorded(world) > 3, within=15)
            await world.carrier.hang_up(call)
            (recording,) = await until(lambda: service.items("recordings"), within=20)
        assert recording["call"] == card["id"]
        assert recording["kind"] == "call"
        assert recording["seconds"] > 3
        assert world.recordings() == []
        raw = await _heard(service, recording["id"], tmp_path)
        assert hears(raw, 0, 440)
        assert hears(raw, 1, 880)
        assert not hears(raw, 0, 880)
        assert not hears(raw, 1, 440)
        (row,) = await service.items("calls")
        assert row["ticket"] == recording["ticket"]
        assert recording["started_at"] == row["answered_at"]


async def test_a_call_that_ended_while_the_service_was_down_is_archived_at_its_start(
    tmp_path: Path,
) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        async with operator_at_work(service, service.account("can-tho", "operator")) as operator:
            call = await world.carrier.place_call("02921022", "0912345678", sound="tone-440")
            await operator.card("answered")
            await until(lambda: _recorded(world) > 1, within=15)
            service.kill()
        await until(lambda: _recorded(world) > 3, within=15)
        await world.carrier.hang_up(call)
        await until(lambda: "0 active channels" in _channels(world), within=15)
        await service.start()
        (recording,) = await until(lambda: service.items("recordings"), within=20)
        (row,) = await service.items("calls")
        assert (row["id"], row["state"]) == (recording["call"], "ended")
        assert recording["seconds"] > 3
        assert world.recordings() == []


async def test_the_pbx_killed_in_a_call_leaves_what_was_said_until_then(tmp_path: Path) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        async with operator_at_work(service, service.account("can-tho", "operator")) as operator:
            await world.carrier.place_call("02921022", "0912345678", sound="tone-440")
            await operator.card("answered")
            await until(lambda: _recorded(world) > 3, within=15)
            world.asterisk.child.kill()
            await world.start_asterisk()
            (recording,) = await until(lambda: service.items("recordings"), within=40)
        assert recording["seconds"] >= 3
        assert hears(await _heard(service, recording["id"], tmp_path), 0, 440)


async def test_nobody_answered_nothing_is_recorded_and_nothing_is_left(tmp_path: Path) -> None:
    async with _world(tmp_path) as world, Service(world) as service:
        call = await world.carrier.place_call("02921022", "0912345678", sound="tone-440")
        await until(lambda: any(world.spool.glob("*.raw")), within=15)
        await world.carrier.hang_up(call)
        await until(lambda: not any(world.spool.glob("*.raw")), within=20)
        assert await service.items("recordings") == []


async def test_a_full_spool_is_an_alarm_and_the_call_goes_on(tmp_path: Path) -> None:
    # what the full disk costs the recording is another alarm: test_recording_checks.py
    world = _world(tmp_path, recordings={"length_tolerance_seconds": 600})
    with _small_disk(world.spool):
        async with world, Service(world) as service:
            account = service.account("can-tho", "operator")
            async with operator_at_work(service, account) as operator:
                call = await world.carrier.place_call("02921022", "0912345678", sound="tone-440")
                await operator.card("answered")
                spool = await until(lambda: _unwell(service, "spool"), within=30)
                assert "full" in spool["detail"]
                assert (await service.health() or {})["status"] == "degraded"
                (row,) = await service.items("calls")
                assert row["state"] == "answered"
                await world.carrier.hang_up(call)
                (recording,) = await until(lambda: service.items("recordings"), within=20)
                assert recording["seconds"] > 1
            await until(lambda: _well(service, "spool"), within=20)


def _world(folder: Path, **changes: dict[str, object]) -> World:
    return World(
        folder / "world", hotlines=("can-tho",), desk_sound="tone-880", changes=QUICK | changes
    )


def _recorded(world: World) -> float:
    """Return how many seconds lie in the spool."""
    return max((seconds(path) for path in world.recordings()), default=0.0)


def _channels(world: World) -> str:
    return world.asterisk.command("core show channels count")


async def _heard(service: Service, recording: str, folder: Path) -> Path:
    """Fetch a recording as an auditor; return it as a spool file."""
    async with (
        service.api("auditor") as http,
        http.get(f"/api/v1/recordings/{recording}/audio") as answer,
    ):
        assert answer.status == 200
        assert answer.content_type == "audio/flac"
        sound = await answer.read()
    samples, rate = soundfile.read(io.BytesIO(sound), dtype="int16", always_2d=True)
    assert rate == 8000
    path = folder / f"{recording}.raw"
    np.asarray(samples, dtype="<i2").tofile(path)
    return path


async def _part(service: Service, name: str) -> dict[str, Any]:
    health = await service.health()
    assert health is not None
    part: dict[str, Any] = health["parts"][name]
    return part


async def _unwell(service: Service, name: str) -> dict[str, Any] | None:
    part = await _part(service, name)
    return part if part["state"] == "down" else None


async def _well(service: Service, name: str) -> bool:
    return (await _part(service, name))["state"] == "ok"


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Let the spool be a disk of 160 kB: five seconds of a call."""
    folder.mkdir(parents=True, exist_ok=True)
    options = "size=160k,mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
