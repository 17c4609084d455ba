"""Tells the browsers of supervisors that something has changed; they fetch what is true."""

import asyncio

from telephony.calls.events import CallEvent
from telephony.operators.events import OperatorChanged
from telephony.queues import QueueChanged
from telephony.transfers.events import TransferChanged
from tongdai.accounts.model import Role
from tongdai.events import Bus, Event
from web.push import Push

EVERY_SECONDS = 0.4


class Nudge:
    """At most one message in EVERY_SECONDS, however much happens."""

    def __init__(self, push: Push, bus: Bus) -> None:
        self._push = push
        self._due: asyncio.TimerHandle | None = None
        for kind in (CallEvent, OperatorChanged, QueueChanged, TransferChanged):
            bus.on(kind, self._changed)

    def _changed(self, _: Event) -> None:
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(EVERY_SECONDS, self._tell)

    def _tell(self) -> None:
        self._due = None
        for viewer in self._push.viewers():
            if viewer.has(Role.SUPERVISOR):
                self._push.send(viewer.id, "floor", {})
