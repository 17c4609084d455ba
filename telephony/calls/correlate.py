"""Which call a channel belongs to, and which channel begins one; pure.

All channels of a call share its linkedid, with three exceptions that are told here:
- a leg that we originate for a transfer has a linkedid of its own; it carries the channel variable
  TONGDAI_TRANSFER, and who originates it has said whose transfer that is;
- what such a leg dials in turn shares the leg's linkedid: it is kept as an alias of the call;
- when bridges bring two linkedids together, Asterisk gives all their channels the older one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from telephony.ami.packets import DIALING, DOWN, RING, RINGING, UP, Facts, Role, role_of
from telephony.calls.model import Call, CallView, Direction
from telephony.calls.step import caller_fields
from tongdai.ids import HotlineId, call_id_of
from tongdai.phone import parse_caller

CALLED_CONTEXT = "tongdai-survey-call"
"""Where a citizen is led whom the service calls by itself."""
_DIALLED = frozenset({DOWN, DIALING, RINGING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a PBX's calls are recognised.

    Attributes:
        numbers: Every form of a hotline's number that the trunk may show -> hotline.
        shown: Hotline -> its number in DESIGN.md's form.
        contexts: Contexts in which a hotline's calls arrive -> the hotline; None: by the number.
    """

    numbers: Mapping[str, HotlineId]
    shown: Mapping[HotlineId, str]
    contexts: Mapping[str, HotlineId | None] = field(
        default_factory=lambda: {"tongdai-from-carrier": None}
    )


def hotline_called(facts: Facts, rules: Rules) -> HotlineId | None:
    """Return the hotline that a channel calls, by place and number or by the dialplan's word."""
    if facts.hotline is not None:
        return facts.hotline if facts.hotline in rules.shown else None
    if facts.context not in rules.contexts:
        return None
    return rules.contexts[facts.context] or rules.numbers.get(facts.exten)


def begins(facts: Facts, rules: Rules) -> tuple[HotlineId, Direction] | None:
    """Say whether a channel that belongs to no call begins one, for which hotline, and who began.

    The first channel of its linkedid begins a call when it came in (`Ring`, or up and in the
    dialplan) for a hotline's number, or when it is an operator's phone that dials for a hotline,
    or a citizen whom the service calls to ask for an opinion.
    """
    if str(facts.uniqueid) != facts.linkedid or facts.transfer is not None:
        return None
    hotline = hotline_called(facts, rules)
    if hotline is None:
        return None
    role, _seat = role_of(facts.name)
    if role is Role.SEAT:
        return (hotline, Direction.OUTBOUND) if facts.hotline is not None else None
    if role is Role.OUTSIDE and facts.hotline is not None and _is_called(facts):
        return hotline, Direction.OUTBOUND
    known = facts.hotline is not None or (facts.state == UP and facts.exten in rules.numbers)
    inbound = role is Role.OUTSIDE and (facts.state == RING or known)
    return (hotline, Direction.INBOUND) if inbound else None


def _is_called(facts: Facts) -> bool:
    """Say whether it is we who call: its telephone is dialled, or answered in our context."""
    return facts.state in _DIALLED or facts.context == CALLED_CONTEXT


def new_call(
    pbx: str,
    facts: Facts,
    begun: tuple[HotlineId, Direction],
    caller: tuple[str, str],
    at: datetime,
    rules: Rules,
) -> Call:
    """Return the call that a channel begins.

    Args:
        pbx: Name of the PBX; with the linkedid it makes the call's id.
        facts: The channel.
        begun: What `begins` said.
        caller: Number and name as received.
        at: When the channel came to be (aware).
        rules: Where the hotlines' numbers stand.
    """
    hotline, direction = begun
    number, name = caller
    if direction is Direction.OUTBOUND:
        number, name = (facts.exten if parse_caller(facts.exten).e164 else ""), ""
    view = CallView(
        id=call_id_of(pbx, facts.linkedid),
        pbx=pbx,
        linkedid=facts.linkedid,
        hotline=hotline,
        direction=direction,
        called_number=rules.shown[hotline],
        started_at=at,
        **caller_fields(number, name),
    )
    return Call(view=view, main=facts.uniqueid, channels={}, last_at=at)
