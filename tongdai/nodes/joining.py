"""How a node takes part: what it does for the others, and the doors to what they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from telephony.bridge import Bridge
from telephony.calls.transfer import Kind
from telephony.capture.control import RecordingControl
from telephony.control import CallControl
from telephony.operators import Operators
from telephony.queues import Queues
from telephony.transfers.model import Target, TransferView
from telephony.transfers.service import Transfers
from tongdai.accounts.model import Viewer
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.health import HasHealth, Part
from tongdai.health import State as Condition
from tongdai.ids import CallId, TicketId
from tongdai.nodes.codec import State
from tongdai.nodes.doors import (
    FarCalls,
    FarControl,
    FarHealth,
    FarOperators,
    FarQueues,
    FarRecorder,
    FarTransfers,
)
from tongdai.nodes.orders import Do
from tongdai.nodes.relay import Local, Relay
from tongdai.settings import Settings
from web import doors
from web.api.health import Health
from web.floor import keys as floor
from web.keys import PUSH
from web.ports import CallDesk, Calls, OperatorDesk, RecordingDesk, TransferDesk


def far_doors(relay: Relay, db: Database, settings: Settings) -> dict[web.AppKey[Any], Any]:
    """Return the pages' doors at a node that does not run the bridge."""
    calls: Calls = FarCalls(relay)
    control: CallDesk = FarControl(relay)
    recorder: RecordingDesk = FarRecorder(relay)
    operators: OperatorDesk = FarOperators(relay)
    transfers: TransferDesk = FarTransfers(relay, db)
    queues: floor.QueueDesk = FarQueues(relay, settings)
    return {
        doors.CALLS: calls,
        doors.CONTROL: control,
        doors.RECORDER: recorder,
        doors.OPERATORS: operators,
        doors.TRANSFERS: transfers,
        floor.QUEUES: queues,
    }


def far_health(relay: Relay, names: Mapping[str, object], clock: Clock) -> dict[str, HasHealth]:
    """Return whoever knows how the parts of other nodes are."""
    if not names:
        return {}
    silence = Part(state=Condition.DOWN, detail="no node that runs it is heard", since=clock.now())
    return {"nodes": FarHealth(relay, tuple(names), silence)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What holds the live state at the node of the bridge."""

    bridge: Bridge
    operators: Operators
    transfers: Transfers
    queues: Queues
    control: CallControl
    recorder: RecordingControl


def join(
    relay: Relay,
    held: Held,
    *,
    parts: frozenset[str],
    app: web.Application,
    health: Mapping[str, HasHealth],
    clock: Clock,
) -> None:
    """Let the node tell how it is, and, where the bridge may run, do what the others ask for."""
    push = app[PUSH]
    relay.join(
        Local(
            parts=parts,
            health=Health(health, clock).ask,
            browsers=push.there,
            refresh=push.refresh,
            state=lambda: state(held),
            orders=orders(held),
            presence=held.operators.browser_is,
        )
    )


def orders(held: Held) -> dict[str, Do]:
    """Return what the node of the bridge carries out for the others."""
    operators, transfers, control = held.operators, held.transfers, held.control

    async def transfer(
        call: CallId, kind: Kind, target: Target, by: Viewer, ticket: TicketId | None
    ) -> TransferView:
        return await transfers.start(call, kind=kind, target=target, by=by, ticket_id=ticket)

    return {
        "sign_on": operators.sign_on,
        "sign_off": operators.sign_off,
        "ready": operators.ready,
        "pause": operators.pause,
        "dial": control.dial,
        "lead": control.lead,
        "hang_up": control.hang_up,
        "pause_recording": held.recorder.pause,
        "resume_recording": held.recorder.resume,
        "stop_recording": held.recorder.stop,
        "transfer": transfer,
        "complete": transfers.complete,
        "join": transfers.join,
        "cancel": transfers.cancel,
    }


def state(held: Held) -> State:
    """Return the live state at the node of the bridge."""
    return State(
        calls=held.bridge.calls(),
        operators=held.operators.snapshot(),
        transfers=held.transfers.running(),
        queues=held.queues.snapshot(),
        kept=held.recorder.kept(),
    )
