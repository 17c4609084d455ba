"""Who calls, as a FastAGI peer of our dialplan names him."""

from ivr.desk import Visit
from ivr.line import Line
from telephony.recordings.model import parse_spool_name
from tongdai.ids import call_id_of
from tongdai.phone import parse_caller
from tongdai.settings import HotlineTable, Settings


def visit_of(settings: Settings, line: Line, hotline: HotlineTable) -> Visit | None:
    """Return who calls; None when the peer names no call: it is no dialplan of ours.

    Args:
        settings: The PBXs.
        line: Its first argument is the linkedid, its second the PBX.
        hotline: That was called.
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
