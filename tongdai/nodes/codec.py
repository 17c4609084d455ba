"""Events and values of the live state as JSON, and back: pydantic reads the dataclasses' types."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from escalation.events import DeadlineSet, LawChanged
from ivr.followups.events import CallBackChanged
from sms.events import MessageOwed
from telephony.calls.events import CallEvent
from telephony.calls.model import CallView
from telephony.capture.events import KeepingChanged
from telephony.capture.model import Kept
from telephony.control import DialFailed
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator
from telephony.queues import QueueChanged, QueueView
from telephony.transfers.events import TransferChanged
from telephony.transfers.model import TransferView
from tickets.events import (
    TicketChanged,
    TicketDrafted,
    TicketFiled,
    TicketLinked,
    TicketReferred,
    TicketRejected,
)
from tongdai.accounts.events import AccountChanged
from tongdai.events import Event
from tongdai.health import Part

OF_THE_BRIDGE: tuple[type[Event], ...] = (
    CallEvent,
    DialFailed,
    KeepingChanged,
    OperatorChanged,
    QueueChanged,
    TransferChanged,
)
"""What only the node of the bridge has to tell (with every kind of CallEvent)."""
OF_ALL: tuple[type[Event], ...] = (
    AccountChanged,
    CallBackChanged,
    DeadlineSet,
    LawChanged,
    MessageOwed,
    TicketChanged,
    TicketDrafted,
    TicketFiled,
    TicketLinked,
    TicketReferred,
    TicketRejected,
)
"""What any node tells after its commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The live state at the node of the bridge."""

    calls: tuple[CallView, ...]
    operators: tuple[Operator, ...]
    transfers: tuple[TransferView, ...]
    queues: tuple[QueueView, ...]
    kept: tuple[Kept, ...] = ()


def dump(value: object, kind: Any) -> Any:
    """Return a value of a type as JSON has it."""
    return _adapter(kind).dump_python(value, mode="json")


def load(data: Any, kind: Any) -> Any:
    """Return the value of a type that JSON has.

    Raises:
        pydantic.ValidationError: Another version of the service has sent it.
    """
    return _adapter(kind).validate_python(data)


def dump_event(event: Event) -> dict[str, Any]:
    """Return an event as JSON has it."""
    return {"name": type(event).__name__, "data": dump(event, type(event))}


def load_event(told: dict[str, Any]) -> Event | None:
    """Return the event; None for one that this version does not know."""
    kind = _kinds().get(told["name"])
    if kind is None:
        return None
    event: Event = load(told["data"], kind)
    return event


def dump_health(parts: dict[str, Part]) -> Any:
    """Return the parts' conditions as JSON has them."""
    return dump(parts, dict[str, Part])


@cache
def _kinds() -> dict[str, type[Event]]:
    kinds = (*OF_THE_BRIDGE, *CallEvent.__subclasses__(), *OF_ALL)
    return {kind.__name__: kind for kind in kinds}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
