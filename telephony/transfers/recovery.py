"""What a PBX's state says of transfers, after a connect or a restart; pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from telephony.ami.packets import RINGING, UP
from telephony.calls.reconcile import PbxState
from telephony.calls.transfer import Reason, Signal
from telephony.transfers.live import LEG, Live
from telephony.transfers.rooms import CONTEXT
from tongdai.ids import TransferId

_BACK = frozenset({CONTEXT, "tongdai-back", "tongdai-queue-first", "tongdai-wait-first"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that happened to a transfer while nobody listened."""

    signal: Signal
    reason: Reason | None = None
    detail: str = ""


def findings(live: Live, state: PbxState, why: Reason) -> tuple[Finding, ...]:
    """Return what happened meanwhile, in an order in which the table can take it.

    Args:
        live: The transfer as it was last known.
        state: What the PBX has now. Names repeat after its restart, linkedids do not.
        why: The reason if the PBX gave the transfer up by itself.
    """
    ours = (c.facts for c in state.channels if c.facts.linkedid == live.linkedid)
    places = {facts.name: facts.context for facts in ours}
    leg = next((c.facts for c in state.channels if c.facts.uniqueid == live.leg), None)
    if live.caller not in places:
        return (Finding(signal=Signal.CALLER_LEFT),)
    found: list[Finding] = []
    if leg is not None and leg.state == RINGING:
        found.append(Finding(signal=Signal.RANG))
    if leg is not None and leg.state == UP:
        found.append(Finding(signal=Signal.ANSWERED))
    if leg is not None and leg.context == CONTEXT:
        found.append(Finding(signal=Signal.TAKEN))
    if places[live.caller] in _BACK:
        found.append(Finding(signal=Signal.CALLER_BACK, reason=why))
    if leg is None:
        found.append(Finding(signal=Signal.PERSON_LEFT, reason=why, detail="hung_up"))
    if live.operator not in places:
        found.append(Finding(signal=Signal.OPERATOR_LEFT))
    return tuple(found)


def called_for_nobody(state: PbxState, running: Collection[TransferId]) -> set[str]:
    """Return called legs whose transfer does not run, and which are in no room yet."""
    return {
        c.facts.name
        for c in state.channels
        if c.facts.uniqueid.startswith(LEG)
        and c.facts.context != CONTEXT
        and TransferId(c.facts.uniqueid.removeprefix(LEG)) not in running
    }


def without(state: PbxState, gone: Collection[str]) -> PbxState:
    """Return the state without channels that were hung up since it was read."""
    return replace(state, channels=tuple(c for c in state.channels if c.facts.name not in gone))
