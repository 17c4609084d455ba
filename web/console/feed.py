"""From what happens to what an operator's browsers are told: memory only, no database."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from itertools import chain
from typing import Any

from ivr.followups.events import CallBackChanged
from telephony.calls.events import CallEvent, CallRinging, CallRingingStopped
from telephony.calls.model import CallState
from telephony.capture.events import KeepingChanged
from telephony.capture.model import Kept
from telephony.control import DialFailed
from telephony.operators.events import OperatorChanged
from telephony.operators.model import OperatorState
from telephony.transfers.events import TransferChanged
from tickets.events import TicketChanged, TicketEvent, TicketFiled, TicketReferred, TicketRejected
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import Clock
from tongdai.events import Bus
from tongdai.ids import AccountId, CallId, HotlineId
from web.console import shape
from web.ports import Calls, OperatorDesk, RecordingDesk, TransferDesk, iso
from web.push import Push

QUEUES_EVERY_SECONDS = 0.5


class Feed:
    """Tells each operator of the calls that ring or rang for him, or that he talks or talked in."""

    def __init__(
        self,
        push: Push,
        bus: Bus,
        calls: Calls,
        operators: OperatorDesk,
        transfers: TransferDesk,
        recorder: RecordingDesk,
        clock: Clock,
    ) -> None:
        self._push, self._calls, self._operators, self._clock = push, calls, operators, clock
        self._transfers, self._recorder = transfers, recorder
        self._told: defaultdict[CallId, set[AccountId]] = defaultdict(set)
        self._queues_due: asyncio.TimerHandle | None = None
        self._queues_told: dict[HotlineId, dict[str, Any]] = {}
        bus.on(CallEvent, self.on_call)
        bus.on(OperatorChanged, self.on_operator)
        bus.on(TransferChanged, self.on_transfer)
        bus.on(DialFailed, self.on_dial_failed)
        bus.on(KeepingChanged, self.on_keeping)
        for kind in (TicketChanged, TicketFiled, TicketReferred, TicketRejected):
            bus.on(kind, self.on_ticket)
        bus.on(CallBackChanged, self.on_callback)
        push.snapshot_from("console", self.snapshot)
        push.on_presence(self.on_presence)

    def snapshot(self, viewer: Viewer) -> dict[str, Any]:
        """Return everything that an operator's console shows of the live state."""
        if not viewer.has(Role.OPERATOR):
            return {}
        now = self._clock.now()
        queues = self._queues(viewer.hotlines_for(Role.OPERATOR))
        self._queues_told.clear()  # this browser has now heard something else than the others
        return {
            "me": shape.me(self._operators.get(viewer.id), viewer, iso(now) or ""),
            "calls": [
                shape.card(call, viewer.id)
                for call in self._calls.calls()
                if viewer.id in call.ringing or call.operator == viewer.id
            ],
            "transfers": [
                shape.transfer(t) for t in self._transfers.running() if t.by == viewer.id
            ],
            "queues": list(queues.values()),
            "recordings": [
                shape.kept(kept) for kept in self._recorder.kept() if self._is_mine(kept, viewer)
            ],
        }

    def on_call(self, event: CallEvent) -> None:
        """Tell those whom a call concerns, or concerned until now."""
        call = event.call
        concerned = set(call.ringing) | ({call.operator} if call.operator else set())
        if isinstance(event, CallRinging | CallRingingStopped) and event.operator:
            concerned.add(event.operator)
        told = concerned | self._told[call.id]
        if call.state is CallState.ENDED:
            self._told.pop(call.id, None)
        else:
            self._told[call.id] = told
        for account in told - _told_next(event):
            self._push.send(account, "call", shape.card(call, account))
        self._queues_changed()

    def on_operator(self, event: OperatorChanged) -> None:
        """Tell an operator how he stands."""
        operator = event.operator
        gone = operator.state is OperatorState.SIGNED_OFF
        viewer = next((v for v in self._push.viewers() if v.id == operator.account), None)
        if viewer is not None:
            now = iso(self._clock.now()) or ""
            data = shape.me(None if gone else operator, viewer, now)
            self._push.send(operator.account, "me", data)
        self._queues_changed()

    def on_transfer(self, event: TransferChanged) -> None:
        """Tell the operator who hands a call on how it goes."""
        self._push.send(event.transfer.by, "transfer", shape.transfer(event.transfer))

    def on_keeping(self, event: KeepingChanged) -> None:
        """Tell the operator whether what is said in his call is being kept."""
        call = self._calls.call(event.kept.call)
        if call is not None and call.operator is not None:
            self._push.send(call.operator, "recording", shape.kept(event.kept))

    def _is_mine(self, kept: Kept, viewer: Viewer) -> bool:
        call = self._calls.call(kept.call)
        return call is not None and call.operator == viewer.id

    def on_dial_failed(self, event: DialFailed) -> None:
        """Tell the operator why the citizen was not reached."""
        self._push.send(event.operator, "unreached", {"call": event.call, "why": event.why})

    def on_ticket(self, event: TicketEvent) -> None:
        """Tell the desk's browsers that a ticket changed; who shows it reads it again."""
        for viewer in self._push.viewers():
            if viewer.has(Role.OPERATOR, event.hotline):
                self._push.send(viewer.id, "ticket", {"ticket": event.ticket, "by": event.by})

    def on_callback(self, event: CallBackChanged) -> None:
        """Tell the desk's browsers that a caller is to be called back, or is no more."""
        told = {"task": event.task, "hotline": event.hotline, "state": event.state, "by": event.by}
        for viewer in self._push.viewers():
            if viewer.has(Role.OPERATOR, event.hotline):
                self._push.send(viewer.id, "callback", told)

    def on_presence(self, account: AccountId, there: bool) -> None:  # noqa: FBT001 - push's own form
        """A browser came or the last one went: who has none is offered no calls."""
        (self._operators.browser_seen if there else self._operators.browser_gone)(account)

    def _queues_changed(self) -> None:
        """Tell the queues' numbers soon, however much happens meanwhile."""
        if self._queues_due is None:
            loop = asyncio.get_running_loop()
            self._queues_due = loop.call_later(QUEUES_EVERY_SECONDS, self._tell_queues)

    def _tell_queues(self) -> None:
        """Tell the numbers to those operators at whose hotlines they have changed."""
        self._queues_due = None
        served = {v.id: v.hotlines_for(Role.OPERATOR) for v in self._push.viewers()}
        before, queues = self._queues_told, self._queues(set(chain(*served.values())))
        self._queues_told = queues
        for account, hotlines in served.items():
            if any(queues[h] != before.get(h) for h in hotlines):
                self._push.send(account, "queues", {"queues": [queues[h] for h in hotlines]})

    def _queues(self, hotlines: Collection[HotlineId]) -> dict[HotlineId, dict[str, Any]]:
        """Return how hotlines stand: who waits, who is ready, who talks."""
        waiting: defaultdict[HotlineId, list[datetime]] = defaultdict(list)
        for call in self._calls.calls():
            if call.state is CallState.QUEUED:
                waiting[call.hotline].append(call.queue_joined_at or call.started_at)
        people = Counter(
            (hotline, person.state)
            for person in self._operators.snapshot()
            for hotline in person.hotlines
        )
        return {
            hotline: {
                "hotline": hotline,
                "waiting": len(waiting[hotline]),
                "longest_since": iso(min(waiting[hotline], default=None)),
                "ready": people[hotline, OperatorState.READY],
                "talking": people[hotline, OperatorState.TALKING],
            }
            for hotline in hotlines
        }


def _told_next(event: CallEvent) -> set[AccountId]:
    """Return who picked up: in a moment the call is his, and until then his form stays as it is."""
    if isinstance(event, CallRingingStopped) and event.why == "ANSWER" and event.operator:
        return {event.operator}
    return set()
