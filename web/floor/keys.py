"""The door that the floor would like: who waits in which order; without it the calls tell."""

from typing import Protocol

from aiohttp import web

from telephony.queues import QueueView


class QueueDesk(Protocol):
    """Who waits (telephony.queues.Queues)."""

    def snapshot(self) -> tuple[QueueView, ...]:
        """Return every hotline's queue, first in the queue first."""
        ...


QUEUES = web.AppKey("floor_queues", QueueDesk)
