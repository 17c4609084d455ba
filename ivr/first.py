"""Who was cut off a moment ago comes before the others, and the operator sees why."""

from dataclasses import replace

from ivr.desk import Desk, Visit
from ivr.line import Line
from telephony.calls.choice import Choice, line_of

PRIORITY = "TONGDAI_PRIORITY"
"""The channel variable of which the dialplan makes the place in the queue (10: a caller who returns
from a transfer that failed)."""
CUT_OFF = 9


async def to_queue(desk: Desk, line: Line, visit: Visit, choice: Choice) -> Choice:
    """Tell the PBX what was chosen and which priority it gives; return it with the reason.

    Raises:
        CallerGoneError: The caller hung up.
    """
    before = await desk.cut_off_before(visit)
    if before is not None and before.ended_at is not None:
        choice = replace(
            choice,
            priority=max(choice.priority, CUT_OFF),
            after=before.id,
            cut_off_at=int(before.ended_at.timestamp()),
        )
    if choice.priority:
        await line.set(PRIORITY, str(choice.priority))
    desk.led_on(visit, choice)
    if choice:
        await line.tell("TongdaiMenu", f"Choice: {line_of(choice)}")
    return choice
