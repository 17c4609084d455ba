"""The live state of the node of the bridge, as another node has heard of it."""

from dataclasses import replace
from typing import TypeVar

from telephony.calls.events import CallEvent
from telephony.calls.model import CallState, CallView
from telephony.capture.events import KeepingChanged
from telephony.capture.model import Keeping, Kept
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator, OperatorState
from telephony.queues import QueueChanged, QueueView
from telephony.transfers.events import TransferChanged
from telephony.transfers.model import TransferView
from tickets.events import TicketDrafted, TicketLinked
from tongdai.events import Event
from tongdai.ids import AccountId, CallId, HotlineId, TicketId, TransferId
from tongdai.nodes.codec import State

K = TypeVar("K")
V = TypeVar("V")
REMEMBERED = 1000
"""Calls and transfers that ended lately and are still answered for."""


class Mirror:
    """Calls, operators, transfers and queues; filled by `replace`, kept by `apply`."""

    def __init__(self) -> None:
        self.calls: dict[CallId, CallView] = {}
        self.ended: dict[CallId, CallView] = {}
        self.operators: dict[AccountId, Operator] = {}
        self.transfers: dict[TransferId, TransferView] = {}
        self.handed: dict[TransferId, TransferView] = {}
        """Transfers that ended lately."""
        self.queues: dict[HotlineId, QueueView] = {}
        self.kept: dict[CallId, Kept] = {}
        """Live calls whose recording is paused or stopped."""

    def replace(self, state: State) -> None:
        """Take a whole state."""
        self.calls = {call.id: call for call in state.calls}
        self.operators = {operator.account: operator for operator in state.operators}
        self.transfers = {transfer.id: transfer for transfer in state.transfers}
        self.queues = {queue.hotline: queue for queue in state.queues}
        self.kept = {kept.call: kept for kept in state.kept}

    def apply(self, event: Event) -> None:
        """Take what happened; events that change nothing here are passed over."""
        match event:
            case CallEvent(call=call):
                self._call(call)
            case KeepingChanged(kept=kept):
                self.kept.pop(kept.call, None)
                if kept.keeping is not Keeping.ON:
                    self.kept[kept.call] = kept
            case OperatorChanged(operator=operator):
                if operator.state is OperatorState.SIGNED_OFF:
                    self.operators.pop(operator.account, None)
                else:
                    self.operators[operator.account] = operator
            case TransferChanged(transfer=transfer):
                self._transfer(transfer)
            case QueueChanged(queue=queue):
                self.queues[queue.hotline] = queue
            case TicketLinked(call=about) | TicketDrafted(call=about) if about is not None:
                self._link(about, event.ticket)
            case _:
                pass

    def _call(self, call: CallView) -> None:
        if call.state is CallState.ENDED:
            self.calls.pop(call.id, None)
            self.kept.pop(call.id, None)
            _remember(self.ended, call.id, call)
        else:
            self.calls[call.id] = call

    def _transfer(self, transfer: TransferView) -> None:
        if transfer.state.is_final:
            self.transfers.pop(transfer.id, None)
            _remember(self.handed, transfer.id, transfer)
        else:
            self.transfers[transfer.id] = transfer

    def _link(self, call: CallId, ticket: TicketId) -> None:
        for known in (self.calls, self.ended):
            if call in known:
                known[call] = replace(known[call], ticket=ticket)


def _remember(where: dict[K, V], key: K, value: V) -> None:
    while len(where) >= REMEMBERED:
        del where[next(iter(where))]
    where[key] = value
