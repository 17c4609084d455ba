"""The one door for every act: ladder, ticket, history, deadlines and messages, one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from escalation import carry, editions, place, record, store, whose
from escalation.act import Act
from escalation.book import Book
from escalation.errors import ActRefused, NoProcedure
from escalation.events import ActDone
from escalation.firing import Fired, Firing
from escalation.ladder import Ladder
from escalation.lawbook import Lawbook
from escalation.messages import Messenger
from escalation.names import Event
from escalation.place import Place
from escalation.state import Line, State
from escalation.store import Claim
from escalation.tables import LadderState
from escalation.whose import OpenActs
from tickets import access, drafts, filing
from tickets.errors import WrongState
from tickets.model import TicketForm, TicketState
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Viewer
from tongdai.db import Database, Tx
from tongdai.ids import HotlineId, TicketId


class Acts:
    """Does acts, and lets time pass; nothing else writes a ticket's track, stage or due time."""

    def __init__(self, lawbook: Lawbook, portals: Mapping[str, str] | None = None) -> None:
        """Make the door.

        Args:
            lawbook: Procedures and calendars by hotline.
            portals: Hotline -> the public address that a result's message names.
        """
        self.lawbook = lawbook
        self._messenger = Messenger(portals or {})

    async def file(self, tx: Tx, ticket_id: str, form: TicketForm, by: Viewer) -> Ticket:
        """File a draft: number, track by its type (CT-9), `received`.

        A hotline without a procedure files all the same, with track and due null.

        Raises:
            NoSuchTicket, TicketForbidden, WrongState, FormIncomplete: See tickets.filing.file.
        """
        await editions.refresh(tx.session, self.lawbook)
        return (await self._file(tx, ticket_id, form, by))[0]

    async def perform(
        self, tx: Tx, ticket_id: str, act: Act, by: Viewer, *, at: datetime | None = None
    ) -> list[Line]:
        """Do an act at the transaction's moment, after what was due before it.

        `received` files a draft as it was saved last.

        `at`: the moment for which it was announced, of an act that the service does by itself.

        Raises:
            ActRefused: The regulation does not allow it now, with the reason and its source.
            NoProcedure: The hotline's procedure is not there yet.
            TicketForbidden: It is not this viewer's act.
            Invalid: Something that the act needs is missing (CT-9.1.2c: the written reply).
            NoSuchTicket, NoSuchUnit, NoSuchPerson, WrongState: See tickets.
        """
        await editions.refresh(tx.session, self.lawbook)
        ticket = await access.locked(tx.session, ticket_id)
        if ticket.state == TicketState.DRAFT:
            if act.event == "received":
                form, _ = await drafts.load(tx.session, ticket_id)
                form = replace(form, channel=act.channel or form.channel)
                return (await self._file(tx, ticket_id, form, by))[1]
            if act.event != "rejected":
                raise WrongState(ticket=ticket_id, state=ticket.state)
            await self._may(tx.session, ticket, act.event, by)
            rules = self.lawbook.form_rules(ticket.hotline)
            await carry.reject(tx, ticket, act, by, rules)
            await self._begin(tx, ticket, by)
        if act.event == "answered_directly" and not act.text:
            act = replace(act, text=ticket.direct_answer or None)
        here = await place.find(tx.session, self.lawbook, ticket)
        if here is None:
            return await self._without_procedure(tx, ticket, act, by)
        now = at or tx.now
        now = max(now, here.state.last_at or now)  # another node's clock may be ahead
        state, lines = here.ladder.advance(here.state, now)
        rule = await whose.rule_for(tx.session, here.ladder, state, ticket, act.event, by)
        after, more = self._ladder_after(here, act).perform(state, act, now)
        refused = next((line for line in more if line.do == "refuse"), None)
        if refused is not None:
            raise ActRefused(ticket_id, refused)
        if rule is not None:
            whose.complete(rule, act)
        await self._written(tx, here, state, lines, SYSTEM)
        await carry.out(tx, ticket, act, by, self.lawbook.form_rules(ticket.hotline), more)
        await record.act(tx, ticket, act, by)
        await self._written(tx, here, after, more, by)
        tx.emit(
            ActDone(ticket=TicketId(ticket_id), hotline=HotlineId(ticket.hotline), event=act.event)
        )
        return [*lines, *more]

    async def do(self, db: Database, ticket_id: str, act: Act, by: Viewer) -> list[Line]:
        """Perform an act in a transaction of its own; a refusal is written into the history.

        Raises:
            ActRefused: After its `refuse` line was written.
        """
        try:
            async with db.write() as tx:
                return await self.perform(tx, ticket_id, act, by)
        except ActRefused as refusal:
            async with db.write() as tx:
                ticket = await access.locked(tx.session, ticket_id)
                await self._until(tx, ticket, refusal.line.at)
                await record.lines(tx, ticket, [refusal.line], by)
            raise

    async def fall_due(self, tx: Tx, claims: Sequence[Claim]) -> Fired:
        """Carry out due deadlines whose tickets are locked; see escalation.firing."""
        return await Firing(tx, self.lawbook, self._messenger).run(claims)

    async def recount(self, tx: Tx, ticket_id: str, why: record.Why | None = None) -> list[Line]:
        """Work a ticket's running due times out anew; write down what moved, and why."""
        ticket = await access.locked(tx.session, ticket_id)
        here = await place.find(tx.session, self.lawbook, ticket)
        if here is None:
            return []
        state, lines = here.ladder.advance(here.state, here.state.last_at or tx.now)
        state, moved = here.ladder.recount(state, tx.now)
        if moved and why:
            await record.why(tx, ticket, why)
        await self._written(tx, here, state, [*lines, *moved], SYSTEM)
        return [*lines, *moved]

    async def lines(self, session: AsyncSession, ticket_id: str) -> list[dict[str, Any]]:
        """Return a ticket's history as TIMELINE.md's lines, each with `done` and `actor`."""
        return await record.read(session, ticket_id, acts=False)

    async def history(self, session: AsyncSession, ticket_id: str) -> list[dict[str, Any]]:
        """Return a ticket's whole history: acts, their lines, and what other parts wrote."""
        return await record.read(session, ticket_id, acts=True)

    async def allowed(self, session: AsyncSession, ticket_id: str, by: Viewer) -> list[Event]:
        """Return the acts that this viewer may do now, for the buttons of a page."""
        return list((await self.open_to(session, ticket_id, by)).rules)

    async def open_to(self, session: AsyncSession, ticket_id: str, by: Viewer) -> OpenActs:
        """Return the acts that this viewer may do now, with the rules of the ticket's version."""
        ticket = await access.get(session, by, ticket_id)
        here = await place.find(session, self.lawbook, ticket)
        if here is not None:
            ladder = here.ladder
            return whose.open_acts(ladder.procedure, ladder, here.state, ticket, by)
        procedure = self.lawbook.procedure(ticket.hotline)
        if procedure is None or ticket.state != TicketState.DRAFT:
            return OpenActs(procedure=None, rules={}, fitting={})
        return whose.open_acts(procedure, None, State(track=""), ticket, by)

    async def explain(self, session: AsyncSession, ticket_id: str) -> list[str]:
        """Return how the running due time was reached, in plain Vietnamese."""
        ticket = await session.get(Ticket, ticket_id)
        here = await place.find(session, self.lawbook, ticket) if ticket else None
        return here.ladder.explain(here.state) if here else []

    async def _until(self, tx: Tx, ticket: Ticket, at: datetime) -> list[Line]:
        """Carry out what was due for a locked ticket before a moment."""
        here = await place.find(tx.session, self.lawbook, ticket)
        if here is None:
            return []
        state, lines = here.ladder.advance(here.state, at)
        await self._written(tx, here, state, lines, SYSTEM)
        return lines

    async def _file(
        self, tx: Tx, ticket_id: str, form: TicketForm, by: Viewer
    ) -> tuple[Ticket, list[Line]]:
        draft = await access.locked(tx.session, ticket_id)
        await self._may(tx.session, draft, "received", by)
        rules = self.lawbook.form_rules(draft.hotline)
        ticket = await filing.file(tx, ticket_id, form, by, rules=rules)
        return ticket, await self._begin(tx, ticket, by)

    async def _may(self, session: AsyncSession, draft: Ticket, event: Event, by: Viewer) -> None:
        """Refuse an act on a draft that the procedure in force gives to others."""
        procedure = self.lawbook.procedure(draft.hotline)
        if by.id != SYSTEM.id:
            await access.get(session, by, draft.id)
        if procedure is not None:
            whose.must_be_of(by, draft, event, procedure.rules_for(event))

    async def _begin(self, tx: Tx, ticket: Ticket, by: Viewer) -> list[Line]:
        version = self.lawbook.version(ticket.hotline)
        if version is None:
            return []
        await store.keep_version(tx, ticket.hotline, version)
        procedure = version.procedure
        state = State(track=procedure.track_of(ticket.type or "") or procedure.track[0].id)
        row = LadderState(
            ticket_id=ticket.id, hotline=ticket.hotline, version=version.id, state=state.as_json()
        )
        tx.session.add(row)
        await tx.session.flush()  # the place below is read from the database
        here = await place.find(tx.session, self.lawbook, ticket)
        if here is None:
            return []
        act = Act(event="received", channel=ticket.channel)
        state, lines = here.ladder.perform(here.state, act, tx.now)
        await carry.out(tx, ticket, act, by, self.lawbook.form_rules(ticket.hotline), lines)
        await record.act(tx, ticket, act, by)
        await self._written(tx, here, state, lines, by)
        return lines

    def _ladder_after(self, here: Place, act: Act) -> Ladder:
        """Return the ladder that counts what an act begins: a referral goes by the new unit."""
        calendar = self.lawbook.calendar(here.ticket.hotline, act.unit_id)
        if act.event != "referred" or act.unit_id is None or calendar is None:
            return here.ladder
        return replace(here.ladder, calendar=calendar)

    async def _written(
        self, tx: Tx, here: Place, state: State, lines: list[Line], by: Viewer
    ) -> None:
        """Write a step down; see escalation.place.put."""
        book = Book(tx)
        await place.put(book, self._messenger, here, state, lines, by)
        await book.write()

    async def _without_procedure(self, tx: Tx, ticket: Ticket, act: Act, by: Viewer) -> list[Line]:
        if act.event not in ("answered_directly", "rejected"):
            raise NoProcedure(ticket=ticket.id, hotline=ticket.hotline)
        if ticket.state == TicketState.OPEN:
            await carry.out(tx, ticket, act, by, self.lawbook.form_rules(ticket.hotline), None)
        lines = [Line(at=tx.now, do="close")]
        await record.act(tx, ticket, act, by)
        await record.lines(tx, ticket, lines, by)
        return lines
