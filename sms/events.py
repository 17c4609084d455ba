"""What happened to messages, for whoever listens."""

from dataclasses import dataclass

from tongdai.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOwed(Event):
    """A message was written into the outbox; its sender may wake."""

    message_id: str
    hotline: str
    ticket_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMoved(Event):
    """A message reached another state."""

    message_id: str
    hotline: str
    ticket_id: str | None
    purpose: str
    state: str
