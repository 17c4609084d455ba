"""Due deadlines carried out together: one transaction, each ticket's step whole, in due order."""

import asyncio
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from escalation import place, store
from escalation.book import Book
from escalation.lawbook import Lawbook
from escalation.messages import Messenger
from escalation.place import Place
from escalation.state import Line
from escalation.store import Claim, Position
from escalation.tables import WAITING, Deadline
from tongdai.accounts.model import SYSTEM
from tongdai.db import Tx

_INSTANT = timedelta(microseconds=1)
_PIECE = 16
"""Steps after which their rows are sent on: short pieces, so that the event loop gets on."""


@dataclass(slots=True)
class Fired:
    """What came of it.

    Attributes:
        done: How many deadlines were carried out.
        lines: What the ladder said, each with the ticket's id.
        idle: Deadlines of which nothing came, so that they wait on.
    """

    done: int = 0
    lines: list[tuple[str, Line]] = field(default_factory=list)
    idle: list[Position] = field(default_factory=list)


class Firing:
    """One transaction's share of what is due."""

    def __init__(self, tx: Tx, lawbook: Lawbook, messenger: Messenger) -> None:
        self._tx = tx
        self._lawbook = lawbook
        self._messenger = messenger
        self._book = Book(tx)
        self._places: dict[str, Place] = {}
        self._rows: dict[str, Deadline] = {}
        self._due: list[Position] = []
        self._last = tx.now
        self._fired = Fired()

    async def run(self, claims: Sequence[Claim]) -> Fired:
        """Carry out what was claimed, and what that brings about before the last of it is due.

        Args:
            claims: In due order; nothing else is due before the last of them. The transaction
                holds the locks of their tickets.
        """
        self._last = claims[-1].at.due_at
        await self._read(claims)
        steps = 0
        while self._due:
            await self._step(heapq.heappop(self._due))
            steps += 1
            if steps % _PIECE == 0:
                await self._tx.session.flush()
            await asyncio.sleep(0)
        await self._book.write()
        return self._fired

    async def _read(self, claims: Sequence[Claim]) -> None:
        """Read again under the lock, for another node may have been here between look and lock."""
        tickets = {claim.ticket.id: claim.ticket for claim in claims}
        waiting: dict[str, list[Deadline]] = {ticket: [] for ticket in tickets}
        for row in await store.waiting(self._tx.session, list(tickets)):
            waiting[row.ticket_id].append(row)
            self._rows[row.id] = row
        places = await place.find_all(self._tx.session, self._lawbook, list(tickets.values()))
        self._places = {t: replace(p, waiting=tuple(waiting[t])) for t, p in places.items()}
        await self._book.directory.prepare(tickets.values())
        self._due = [claim.at for claim in claims if claim.at.deadline in self._rows]

    async def _step(self, at: Position) -> None:
        """Carry out what fell due for a ticket, up to and with one deadline."""
        row = self._rows[at.deadline]
        if row.state != WAITING:
            return  # carried out together with an earlier one of its ticket
        here = self._places.get(row.ticket_id)
        if here is not None:
            state, lines = here.ladder.advance(here.state, row.due_at + _INSTANT)
            after = await place.put(self._book, self._messenger, here, state, lines, SYSTEM)
            self._places[row.ticket_id] = after
            self._fired.lines += [(row.ticket_id, line) for line in lines]
            for new in after.waiting or ():
                if new.id not in self._rows:
                    self._rows[new.id] = new
                    if new.due_at <= self._last:
                        heapq.heappush(self._due, Position(new.due_at, new.id))
        if row.state == WAITING:
            self._fired.idle.append(at)
        else:
            self._fired.done += 1
