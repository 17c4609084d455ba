"""A recording is muted, goes on, or ends for good, by the operator's buttons (CT-3.7)."""

from pathlib import Path
from typing import Any

import pytest

from telephony.capture import marks
from telephony.capture.model import MarkKind
from tests.support.people import Operator, operator_at_work
from tests.support.service import Service
from tests.support.sound import seconds, tones
from tests.support.wait import until
from tests.support.world import World
from tongdai.clock import SystemClock
from tongdai.db import Database

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]


async def test_pauses_are_silence_a_transfer_ends_one_and_a_stop_is_for_good(
    tmp_path: Path,
) -> None:
    world = World(
        tmp_path / "world",
        hotlines=("can-tho",),
        desk_sound="tone-880",
        person_sound="tone-1230",
        changes={"hotline": {"wrap_up_seconds": 1}},
    )
    async with world, Service(world) as service:
        account = service.account("can-tho", "operator")
        async with operator_at_work(service, account) as operator:
            citizen = await world.carrier.place_call("02921022", sound="tone-440", seconds=600)
            card = await operator.card("answered")
            await _more(world, 2.5)
            began = _length(world)
            await _order(operator, card, "pause")
            await _more(world, 3)
            await _order(operator, card, "resume")
            resumed = _length(world)
            await _more(world, 2.5)
            await _order(operator, card, "pause")
            again = _length(world)
            await _more(world, 2.5)
            transfer = await _transfer(operator, card)
            moved = _length(world)
            await _more(world, 2.5)
            told = [one["data"] for one in operator.pushed if one["kind"] == "recording"]
            assert [one["keeping"] for one in told] == ["paused", "on", "paused", "on"]
            await _order(operator, card, "stop")
            stopped = _length(world)
            await operator.order("POST", f"/console/transfers/{transfer}/cancel")
            await operator.card("answered", within=25)
            path = f"/console/calls/{card['id']}/recording/resume"
            refused = await operator.order("POST", path, {}, 409)
            assert "dừng ghi âm hẳn" in str(refused)
            assert _length(world) - stopped < 0.2
            sound = world.recordings()[0].read_bytes()
            kept = tmp_path / "kept.raw"
            kept.write_bytes(sound)
            await world.carrier.hang_up(citizen)
            await until(lambda: service.items("recordings"), within=20)
        db = Database(world.settings.database.url, SystemClock())
        async with db.read() as session:
            found = await marks.of_call(session, card["id"])
        await db.close()
    ours = [(m.kind.value, m.why) for m in found if m.kind in _OURS]
    assert ours == [
        ("pause", "asked"),
        ("resume", "asked"),
        ("pause", "asked"),
        ("resume", "moved"),
        ("stop", "state_secret"),
    ]
    assert [bool(m.by and m.by_name) for m in found if m.kind is MarkKind.STOP] == [True]
    assert sum(m.kind is MarkKind.TRANSFER for m in found) == 1
    heard = tones(kept, 0)
    assert set(heard[int(began) + 1 : int(resumed) - 1]) == {0}
    assert abs(heard[int(resumed) + 1] - 440) <= 3
    assert set(heard[int(again) + 1 : int(moved) - 1]) == {0}
    assert any(abs(tone - 440) <= 3 for tone in heard[int(moved) + 1 :])
    assert set(tones(kept, 1)[int(began) + 1 : int(resumed) - 1]) == {0}


_OURS = (MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP)


def _length(world: World) -> float:
    files = [path for path in world.recordings() if path.name.startswith("call-")]
    return max((seconds(path) for path in files), default=0.0)


async def _more(world: World, more: float) -> None:
    """Wait until the recording is so many seconds longer."""
    length = _length(world)
    await until(lambda: _length(world) > length + more, within=15)


async def _order(operator: Operator, card: dict[str, Any], deed: str) -> None:
    path = f"/console/calls/{card['id']}/recording/{deed}"
    found = await operator.order("POST", path, {})
    wanted = {"pause": "paused", "resume": "on", "stop": "stopped"}
    assert found["keeping"] == wanted[deed]


async def _transfer(operator: Operator, card: dict[str, Any]) -> str:
    body = {"kind": "warm", "number": "0913000006"}
    begun = await operator.order("POST", f"/console/calls/{card['id']}/transfers", body)
    await operator.card("transferring")
    return str(begun["transfer"]["id"])
