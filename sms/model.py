"""A message's states and what moves it from one to the next; pure."""

import hashlib
from enum import StrEnum

from tongdai.phone import Kind, parse_caller


class Channel(StrEnum):
    """By what a message travels."""

    SMS = "sms"
    MAIL = "mail"


class Purpose(StrEnum):
    """What a message is for (DESIGN.md, /api/v1/messages)."""

    REFERRAL = "referral"
    FORWARDING = "forwarding"
    REMINDER = "reminder"
    EXTENSION = "extension"
    OVERDUE_REPORT = "overdue_report"
    RESULT = "result"
    REJECTION = "rejection"
    SURVEY = "survey"
    CODE = "code"


class State(StrEnum):
    """Where a message is (DESIGN.md, /api/v1/messages)."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENDABLE = "not_sendable"
    CANCELLED = "cancelled"


FINAL = frozenset(
    {State.DELIVERED, State.UNDELIVERED, State.REJECTED, State.NOT_SENDABLE, State.CANCELLED}
)
PENDING = frozenset({State.QUEUED, State.SENDING})


class Signal(StrEnum):
    """What can happen to a message."""

    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"
    CUT_OFF = "cut_off"
    GAVE_UP = "gave_up"
    CANCEL = "cancel"
    SILENCE = "silence"
    SAID_ARRIVED = "said_arrived"
    SAID_LOST = "said_lost"
    GOT_DELIVERED = "got_delivered"
    GOT_UNDELIVERED = "got_undelivered"
    GOT_BUFFERED = "got_buffered"
    GOT_SMSC_ACCEPTED = "got_smsc_accepted"
    GOT_SMSC_REJECTED = "got_smsc_rejected"


_RECEIPTS = {
    Signal.GOT_DELIVERED: State.DELIVERED,
    Signal.GOT_UNDELIVERED: State.UNDELIVERED,
    Signal.GOT_BUFFERED: State.ACCEPTED,
    Signal.GOT_SMSC_ACCEPTED: State.ACCEPTED,
    Signal.GOT_SMSC_REJECTED: State.REJECTED,
}

MOVES: dict[tuple[State, Signal], State] = {
    (State.QUEUED, Signal.CLAIMED): State.SENDING,
    (State.QUEUED, Signal.CANCEL): State.CANCELLED,
    (State.QUEUED, Signal.GAVE_UP): State.UNDELIVERED,
    (State.SENDING, Signal.ACCEPTED): State.ACCEPTED,
    (State.SENDING, Signal.RETRY): State.QUEUED,
    (State.SENDING, Signal.REFUSED): State.REJECTED,
    (State.SENDING, Signal.CUT_OFF): State.UNKNOWN,
    (State.SENDING, Signal.GAVE_UP): State.UNDELIVERED,
    (State.ACCEPTED, Signal.SILENCE): State.UNKNOWN,
    (State.UNKNOWN, Signal.ACCEPTED): State.ACCEPTED,
    (State.UNKNOWN, Signal.SAID_ARRIVED): State.DELIVERED,
    (State.UNKNOWN, Signal.SAID_LOST): State.UNDELIVERED,
    (State.UNKNOWN, Signal.REFUSED): State.REJECTED,
    **{
        (state, signal): target
        for state in (State.QUEUED, State.SENDING, State.ACCEPTED, State.UNKNOWN)
        for signal, target in _RECEIPTS.items()
        if state is not target
    },
}
"""The table. What is not in it changes nothing: final states are final, receipts only move forward.

A receipt for a message that is still queued or sending is the gateway's word that it has it, so
the message goes forward and is not sent again. An acceptance that comes after the receipt, a
receipt that comes twice, and a buffered one after the delivery find no entry.
"""


def after(state: State, signal: Signal) -> State | None:
    """Return the state that follows, or None when the signal changes nothing."""
    return MOVES.get((state, signal))


def receipt_signal(kannel_code: str) -> Signal | None:
    """Return what a Kannel delivery report says, or None for a code it does not have.

    Source: Kannel 1.4.5 user guide, delivery reports: 1 delivered, 2 not delivered, 4 buffered,
    8 accepted by the SMSC, 16 rejected by the SMSC.
    """
    return _KANNEL.get(kannel_code)


_KANNEL = {
    "1": Signal.GOT_DELIVERED,
    "2": Signal.GOT_UNDELIVERED,
    "4": Signal.GOT_BUFFERED,
    "8": Signal.GOT_SMSC_ACCEPTED,
    "16": Signal.GOT_SMSC_REJECTED,
}


def our_reference(message_id: str) -> int:
    """Return the 16 bits by which a receipt may name one of our messages.

    Source: SMPP 3.4, 5.3.2.17, user_message_reference.
    """
    return int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:2], "big")


def number_for_sms(raw: str) -> tuple[str, str]:
    """Return what an SMS to `raw` goes to, and why it cannot go ("" when it can).

    Returns:
        E.164 and "" for a Vietnamese mobile; else the number as given and `landline`, `hidden`,
        `foreign`, `emergency` or `malformed`: no brandname SMS reaches these (VIETNAM.md 1.1).
    """
    caller = parse_caller(raw)
    match caller.kind:
        case Kind.MOBILE:
            return caller.e164 or caller.raw, ""
        case Kind.ANONYMOUS:
            return caller.raw, "hidden"
        case Kind.LANDLINE | Kind.FOREIGN | Kind.EMERGENCY:
            return caller.e164 or caller.raw, caller.kind.value
        case Kind.SHORT | Kind.EXTENSION | Kind.MALFORMED:
            return caller.raw, "malformed"
