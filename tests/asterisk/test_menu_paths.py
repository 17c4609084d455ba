"""Every path of every shipped flow, by real calls with real keys: what callers hear, by ear.

All at the same time: every path outside the opening hours and in them; on a holiday by every kind
of key, and somebody hangs up at every place that there is. Codes and numbers are typed in one go,
a tenth of a second a key, from the middle of the prompt on, as whoever knows them types. The paths
come from the flows themselves (ivr.flow.paths): a new flow is walked without a line here.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from ivr.flow.parse import find_flow, shipped
from ivr.flow.paths import Deed, Needs, paths
from tests.support.caller import How
from tests.support.hearing import NotHeardError, follow
from tests.support.menu_hall import MORNING, SATURDAY_EVENING, WAITING_SAMPLES, Hall, Walker
from tests.support.wait import until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.timeout(400)]
NEW_YEAR = datetime.fromisoformat("2027-01-01T09:00:00+07:00")
FLOWS = tuple(find_flow(name) for name in shipped())
KEYS: tuple[How, ...] = ("rfc4733", "info", "tone")
"""How telephones send a key: RFC 4733, SIP INFO (RFC 6086), or as sound (Q.23)."""
LOUD = 200.0


async def test_every_path_is_heard_as_it_is_written(tmp_path: Path) -> None:
    """And whoever hangs up, wherever it is, leaves nothing behind but his call's whole row."""
    changes: dict[str, dict[str, object]] = {"hotline": {"ring_seconds": 5}}
    async with Hall.open(tmp_path, changes) as hall:
        await place_all(hall)
        problems = await hall.end()
        for walker in hall.walkers:
            problems += [f"{walker}: {why}" for why in await wrong_with(hall, walker)]
        assert not problems, "\n".join(problems)
        await left_nothing(hall)


async def place_all(hall: Hall) -> None:
    """Call on a Saturday evening, where silence lasts longest; then in hours; then on New Year."""
    await hall.set_clock(SATURDAY_EVENING)
    for flow in FLOWS:
        await hall.send(
            flow, paths(flow, flow.closed) if flow.closed else paths(flow, flow.start)[:1]
        )
    without = []
    await hall.set_clock(MORNING)
    for flow in FLOWS:
        ways = paths(flow, flow.start)
        without += [(flow, way) for way in ways if Needs.NO_DESK_NUMBER in way.needs]
        await hall.send(flow, [way for way in ways if Needs.NO_DESK_NUMBER not in way.needs])
        if flow.closed:
            await hall.send_leaving(flow, ways)
    await hall.take_numbers_away()
    for flow, way in without:
        await hall.send(flow, [way])
    await hall.set_clock(NEW_YEAR)
    for flow in FLOWS:
        ways = paths(flow, flow.closed or flow.start)
        pressed = [way for way in ways if Deed.NOTHING not in way.deeds]
        for way, keys in zip(pressed, KEYS, strict=False):
            await hall.send(flow, [way], keys)
        await hall.send_leaving(flow, ways)


async def wrong_with(hall: Hall, walker: Walker) -> list[str]:
    """Return what a caller heard, pressed, or was led to otherwise than written."""
    if walker.call is None:
        return ["was not answered"]
    lines = await until(lambda: hall.diary(walker.caller), within=20)
    found = []
    expected = [text for turn in walker.turns for text in turn.texts]
    said = [line.text for line in lines if line.kind == "said"]
    if said != expected:
        found.append(f"the log has {said}, not {expected}")
    if lines[-1].text != walker.led:
        found.append(f"was led to {lines[-1].text}, not {walker.led}")
    sound = walker.line.sound()
    try:
        end = follow(sound, walker.pieces)
    except NotHeardError as refused:
        return [*found, str(refused)]
    waiting = sound[end : end + WAITING_SAMPLES]
    if walker.led not in ("end", "hung_up") and np.abs(waiting).max(initial=0.0) < LOUD:
        found.append("waits in silence")
    return found


async def left_nothing(hall: Hall) -> None:
    """Each call is in the register once, has ended and has an outcome; the PBX has no channel."""

    async def ended() -> bool:
        calls = await hall.service.items("calls")
        return all(call["state"] == "ended" and call["outcome"] for call in calls)

    await until(ended, within=20)
    calls = [call["caller_raw"] for call in await hall.service.items("calls")]
    assert sorted(calls) == sorted(walker.caller for walker in hall.walkers)
    channels = hall.world.asterisk.command("core show channels concise")
    assert channels.strip() == ""
