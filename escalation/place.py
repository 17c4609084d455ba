"""Where a ticket stands in its ladder, read from its rows; and a step of it, written down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from escalation import carry, deadlines, record, store
from escalation.book import Book
from escalation.ladder import Ladder
from escalation.lawbook import Lawbook
from escalation.messages import Messenger
from escalation.standing import waits
from escalation.state import Line, State
from escalation.tables import Deadline, LadderState
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket stands, its row locked by whoever changes it.

    Attributes:
        ticket: Its row.
        row: The ladder's row.
        ladder: The version of the law that it began with, over today's calendar.
        state: What the row says.
        waiting: Its waiting deadlines; None: not read yet.
    """

    ticket: Ticket
    row: LadderState
    ladder: Ladder
    state: State
    waiting: tuple[Deadline, ...] | None = None


async def find(session: AsyncSession, lawbook: Lawbook, ticket: Ticket) -> Place | None:
    """Return where a ticket stands; None: its hotline had no procedure when it was filed."""
    return (await find_all(session, lawbook, [ticket])).get(ticket.id)


async def find_all(
    session: AsyncSession, lawbook: Lawbook, tickets: Sequence[Ticket]
) -> dict[str, Place]:
    """Return where tickets stand, by their ids."""
    rows = await store.ladder_rows(session, [ticket.id for ticket in tickets])
    unknown = {row.version for row in rows.values() if not lawbook.knows(row.hotline, row.version)}
    texts = await store.version_texts(session, sorted(unknown))
    found = {}
    for ticket in tickets:
        row = rows.get(ticket.id)
        if row is not None:
            text = texts.get(row.version, "")
            ladder = lawbook.ladder(ticket.hotline, row.version, text, ticket.unit_id)
            state = State.from_json(row.state, ladder.calendar.zone)
            found[ticket.id] = Place(ticket, row, ladder, state)
    return found


async def put(
    book: Book, messenger: Messenger, place: Place, state: State, lines: list[Line], by: Viewer
) -> Place:
    """Write a step down: ticket, state, history, deadlines, messages; return the next place."""
    tx, procedure = book.tx, place.ladder.procedure
    waiting = place.waiting
    if waiting is None:
        waiting = tuple(await store.waiting(tx.session, [place.ticket.id]))
    place.row.state, place.row.open = state.as_json(), state.closed_at is None
    await carry.mirror(tx, place.ticket, procedure, state, lines, by)
    for line in lines:
        book.line(record.line(place.ticket, line, by, tx.now))
    now = deadlines.keep(tx, place.ticket, waiting, wanted=waits(procedure, state), lines=lines)
    await messenger.tell(book, place.ticket, place.row, procedure, lines)
    return replace(place, state=state, waiting=now)
