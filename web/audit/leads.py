"""What leads a search of recordings: a query over one index, in its order, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlmodel import col, select

from telephony.calls.tables import TAIL_DIGITS, CallRow
from telephony.recordings.tables import Recording
from tickets.tables import Posting, Ticket
from tongdai.db import UtcDateTime

Column: TypeAlias = Any  # SQLAlchemy's own types for a column do not fit together


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A query that one index answers in the order of `key`; other conditions come later.

    Attributes:
        query: Recordings with their calls.
        key: What they are sorted by.
        scoped: They are of one hotline already, or have none yet.
        at_unit: Their tickets are at the unit that is asked for already.
    """

    query: Select[tuple[Recording, CallRow, datetime]]
    key: Column
    scoped: bool = False
    at_unit: bool = False


def of_recordings(hotline: str | None) -> Part:
    """Return the recordings of a hotline, or (None) those that have none yet."""
    key = col(Recording.started_at)
    query = select(Recording, CallRow, key).join(
        CallRow, col(CallRow.id) == col(Recording.call), isouter=True
    )
    return Part(query=query.where(col(Recording.hotline) == hotline), key=key, scoped=True)


def of_lengths(hotline: str | None, lengths: Sequence[ColumnElement[bool]]) -> Part:
    """Return the recordings of a hotline with a rare length: all of them are read."""
    began = col(Recording.started_at)
    key: Column = func.coalesce(began, began, type_=UtcDateTime())  # not an index's: sorted
    query = select(Recording, CallRow, key).join(
        CallRow, col(CallRow.id) == col(Recording.call), isouter=True
    )
    mine = query.where(col(Recording.hotline) == hotline, *lengths)
    return Part(query=mine, key=key, scoped=True)


def of_calls(condition: ColumnElement[bool]) -> Part:
    """Return the recordings of some calls."""
    key = col(CallRow.started_at)
    query = select(Recording, CallRow, key).join(CallRow, col(CallRow.id) == col(Recording.call))
    return Part(query=query.where(condition), key=key)


def of_postings(hit: Select[tuple[datetime, str]]) -> Part:
    """Return the recordings of the tickets with some words; see tickets.search.hits."""
    key = col(Posting.at)
    query = (
        hit.with_only_columns(Recording, CallRow, key)
        .select_from(Posting)
        .join(CallRow, col(CallRow.ticket) == col(Posting.ref))
        .join(Recording, col(Recording.call) == col(CallRow.id))
    )
    return Part(query=query, key=key)


def by_number(number: str) -> Part:
    """Return the recordings of a caller's number, E.164."""
    return of_calls(col(CallRow.caller_number) == number)


def by_tail(digits: str) -> Part:
    """Return the recordings of the callers whose numbers end so."""
    last = col(CallRow.caller_tail) == digits[-TAIL_DIGITS:]
    if len(digits) == TAIL_DIGITS:
        return of_calls(last)
    return of_calls(and_(last, col(CallRow.caller_number).endswith(digits)))


def sent_from(number: str) -> list[ColumnElement[bool]]:
    """Return the conditions of tickets whose sender has the number, called from elsewhere."""
    other = or_(col(CallRow.caller_number) != number, col(CallRow.caller_number).is_(None))
    return [col(Ticket.sender_e164) == number, other]


def by_unit(hotline: str, unit: str) -> Part:
    """Return the recordings of the tickets that are at a unit."""
    at = [col(Ticket.hotline) == hotline, col(Ticket.unit_id) == unit]
    return replace(by_tickets(at), at_unit=True)


def by_tickets(conditions: Sequence[ColumnElement[bool]]) -> Part:
    """Return the recordings of some tickets' calls."""
    key = col(Ticket.created_at)
    query = (
        select(Recording, CallRow, key)
        .select_from(Ticket)
        .join(CallRow, col(CallRow.ticket) == col(Ticket.id))
        .join(Recording, col(Recording.call) == col(CallRow.id))
    )
    return Part(query=query.where(*conditions), key=key)
