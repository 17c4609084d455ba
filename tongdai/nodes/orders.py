"""What a node asks the node of the bridge to do: asked once, answered once, never repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from telephony.calls.transfer import Kind
from telephony.capture.model import Kept
from telephony.control import Place
from telephony.operators.model import Device, Operator
from telephony.transfers.model import Target, TransferView
from tongdai import errors
from tongdai.accounts.model import Viewer
from tongdai.errors import Refusal, Unavailable
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId, new_id
from tongdai.nodes.codec import dump, load

log = structlog.get_logger()
Send = Callable[[dict[str, Any]], None]
Do = Callable[..., Awaitable[Any]]


class BridgeAway(Unavailable):
    """The node that runs the bridge is not heard, or does not answer."""

    code = "bridge_away"


@dataclass(frozen=True, slots=True)
class Form:
    """An order's types, and how long its answer may take.

    An order that is not answered in time may have been carried out all the same: the live state
    shows it.
    """

    arguments: Any
    result: Any
    seconds: float = 10.0


_Lines = tuple[HotlineId, ...] | None
FORMS: Mapping[str, Form] = {
    "sign_on": Form(tuple[Viewer, Device, _Lines], Operator),
    "sign_off": Form(tuple[AccountId], None),
    "ready": Form(tuple[AccountId], Operator),
    "pause": Form(tuple[AccountId, str], Operator),
    "dial": Form(tuple[Viewer, HotlineId, str], CallId, 90.0),
    "lead": Form(tuple[Viewer, HotlineId, Place, str, str], CallId, 90.0),
    "hang_up": Form(tuple[CallId, Viewer], None),
    "pause_recording": Form(tuple[CallId, Viewer], Kept),
    "resume_recording": Form(tuple[CallId, Viewer], Kept),
    "stop_recording": Form(tuple[CallId, Viewer], Kept),
    "transfer": Form(tuple[CallId, Kind, Target, Viewer, TicketId | None], TransferView),
    "complete": Form(tuple[TransferId, Viewer], TransferView),
    "join": Form(tuple[TransferId, Viewer], TransferView),
    "cancel": Form(tuple[TransferId, Viewer], TransferView),
}
_KINDS: dict[str, type[Refusal]] = {
    kind.__name__: kind
    for kind in (
        errors.NotFound,
        errors.Forbidden,
        errors.Conflict,
        errors.Invalid,
        errors.Unavailable,
    )
}


class Orders:
    """Asks, and waits for the answers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, name: str, *arguments: object) -> Any:
        """Return what the bridge answers.

        Raises:
            Refusal: As the bridge has refused it.
            BridgeAway: No answer came in time.
        """
        form, order = FORMS[name], new_id()
        answer = self._open[order] = asyncio.get_running_loop().create_future()
        told = dump(arguments, form.arguments)
        self._send({"kind": "order", "order": order, "name": name, "arguments": told})
        try:
            async with asyncio.timeout(form.seconds):
                found = await answer
        except TimeoutError:
            log.warning("node.order_not_answered", order=name)
            raise BridgeAway from None
        finally:
            del self._open[order]
        if "refusal" in found:
            raise refusal_of(found["refusal"])
        return load(found["result"], form.result)

    def answered(self, message: dict[str, Any]) -> None:
        """Take an answer; one that nobody waits for any more is dropped."""
        answer = self._open.get(message["order"])
        if answer is not None and not answer.done():
            answer.set_result(message)


async def carry_out(message: dict[str, Any], do: Mapping[str, Do]) -> dict[str, Any]:
    """Carry an order out and return the answer."""
    name = message["name"]
    answer: dict[str, Any] = {"kind": "answer", "order": message["order"], "to": message["node"]}
    try:
        form = FORMS[name]
        result = await do[name](*load(message["arguments"], form.arguments))
        answer["result"] = dump(result, form.result)
    except Refusal as refusal:
        answer["refusal"] = told(refusal)
    except Exception:
        log.exception("node.order_failed", order=name)
        answer["refusal"] = told(Unavailable())
    return answer


def told(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal as JSON has it."""
    kind = next((n for n, k in _KINDS.items() if isinstance(refusal, k)), "Unavailable")
    fields = refusal.fields if isinstance(refusal, errors.Invalid) else {}
    return {"kind": kind, "reason": refusal.reason, "ids": refusal.ids, "fields": fields}


def refusal_of(found: dict[str, Any]) -> Refusal:
    """Return the refusal that JSON has, of its kind and with its reason."""
    kind = _KINDS[found["kind"]]
    if kind is errors.Invalid:
        return errors.Invalid(found["reason"], fields=found["fields"], **found["ids"])
    return kind(found["reason"], **found["ids"])
