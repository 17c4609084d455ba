"""Who is on the line, as a FastAGI request of our dialplan tells it."""

import asyncio
from pathlib import Path

from ivr.desk import Visit
from ivr.flow.walk import LEAST_MESSAGE_SECONDS
from ivr.line import Line, seconds_of
from telephony.recordings.model import parse_spool_name
from tongdai.ids import call_id_of
from tongdai.phone import parse_caller
from tongdai.settings import HotlineTable, Settings

_LOOKS, _LOOK_SECONDS = 10, 0.1


def visit_of(settings: Settings, line: Line, hotline: HotlineTable) -> Visit | None:
    """Return who is on the line; None when the peer names no call: it is no dialplan of ours.

    Args:
        settings: The PBXs.
        line: Its request's first argument is the linkedid, the second the PBX.
        hotline: Whose call it is.
    """
    linkedid = line.header("agi_arg_1") or line.header("agi_uniqueid")
    if parse_spool_name(f"message-{linkedid}.wav") is None:
        return None
    pbx = line.header("agi_arg_2")
    known = [p.name for p in settings.pbx]
    pbx = pbx if pbx in known else known[0] if known else ""
    return Visit(
        call=call_id_of(pbx, linkedid),
        pbx=pbx,
        linkedid=linkedid,
        hotline=hotline.id,
        caller=parse_caller(line.header("agi_callerid")),
    )


def spool_file(settings: Settings, visit: Visit, name: str) -> Path:
    """Return a file in the spool of the visit's PBX: where that may write."""
    pbx = next((p for p in settings.pbx if p.name == visit.pbx), settings.pbx[0])
    return (pbx.spool or settings.recordings.spool).resolve() / name


async def recorded(path: Path) -> bool:
    """Say whether something was said; Asterisk may still be closing the file."""
    for _look in range(_LOOKS):
        if seconds_of(path) >= LEAST_MESSAGE_SECONDS:
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    return False
