"""What callers do by keypad, in the register: look-up, message, call-back, a unit's desk."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from ivr.desk import CallerLedOn, CallerLeftMessage, CallerWantsCallBack, Found, Visit
from ivr.flow.acts import Locked, NumberNeeded, TicketFound, TicketUnknown
from ivr.speech.reading import phone
from ivr.ticket_words import Standing, told
from ivr.visits import recorded, spool_file
from telephony.calls import store as calls
from telephony.calls.choice import Choice
from telephony.calls.model import CallView
from tickets import drafts, results, store, units
from tickets.model import TicketState
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway, Tx
from tongdai.events import Bus
from tongdai.phone import dial_digits, parse_caller
from tongdai.settings import Settings
from tongdai.throttle.service import Tries

log = structlog.get_logger()
MOST_WRONG, MOST_HIDDEN = 6, 30
"""Wrong entries of one number; of all that hide theirs at a hotline, who ring again as another."""
WITHIN = timedelta(minutes=15)
PATIENCE_SECONDS, LOOK_UP_SECONDS = 1.0, 3.0


class Register:
    """Carries out what a caller chooses; see ivr.desk.Desk."""

    def __init__(
        self, settings: Settings, db: Database, bus: Bus, clock: Clock, real: Clock
    ) -> None:
        """Take what it works on.

        Args:
            settings: The PBXs' spools.
            db: The register.
            bus: Gets CallerLeftMessage, CallerWantsCallBack, CallerLedOn.
            clock: The service's clock.
            real: Real time: wrong entries are counted by it.
        """
        self._settings, self._db, self._bus, self._clock = settings, db, bus, clock
        self._tries = Tries(db, real, "keypad", most=MOST_WRONG, within=WITHIN)
        self._hidden = Tries(db, real, "keypad-hidden", most=MOST_HIDDEN, within=WITHIN)

    async def find_ticket(self, visit: Visit, typed: str, own: str) -> Found:
        """Look a ticket up; the code alone proves enough, the number only with the sender's own."""
        shown = visit.caller.e164
        tries, caller = (self._tries, shown) if shown else (self._hidden, visit.hotline)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS), self._db.read() as session:
                if await tries.exhausted(session, caller):
                    return Locked()
                found = await self._found(session, visit, typed, own)
                if isinstance(found, Ticket):
                    return TicketFound(said=told(await _standing(session, found)))
        except TimeoutError as error:  # one that hangs must not leave a caller in silence
            raise DatabaseAway from error
        if isinstance(found, TicketUnknown):
            await tries.wrong(caller)
        return found

    def message_file(self, visit: Visit) -> Path:
        """Return the message's place in the spool: the recordings' intake takes it from there."""
        return spool_file(self._settings, visit, f"message-{visit.linkedid}.wav")

    async def keep_message(self, visit: Visit) -> bool:
        """Open a form for the message; the recording is kept also when no form can be opened."""
        path = self.message_file(visit)
        if not await recorded(path):
            path.unlink(missing_ok=True)
            return False
        try:
            async with self._db.write() as tx:
                await self._open_form(tx, visit, "Lời nhắn thoại của người gọi; nghe bản ghi âm.")
                tx.emit(CallerLeftMessage(visit=visit))
        except DatabaseAway:
            log.warning("message.without_form", call=visit.call)
        return True

    async def drop_message(self, visit: Visit) -> None:
        """Remove the message from the spool."""
        self.message_file(visit).unlink(missing_ok=True)

    async def note_call_back(self, visit: Visit, number: str = "") -> str:
        """Open a form that says whom to call (HB-3.1); nobody can be called without a number."""
        caller = parse_caller(number) if number else visit.caller
        if caller.e164 is None:
            return ""
        content = "Người gọi xin được gọi lại."
        if number:
            content = f"Người gọi xin được gọi lại theo số {caller.national}."
        async with self._db.write() as tx:
            await self._open_form(tx, visit, content)
            wanted = replace(visit, caller=caller)
            tx.emit(CallerWantsCallBack(visit=wanted, waiting_since=visit.waiting_since))
        return phone(dial_digits(caller.e164))

    async def desk_number(self, visit: Visit, unit: str) -> str:
        """Return the number of a unit's focal point at the one-stop desk (HB-8.1.b)."""
        now = self._clock.now()
        async with self._db.read() as session:
            known = await units.by_code(session, visit.hotline, unit)
            person = await units.focal_point(session, known.id, now) if known else None
        return dial_digits(person.phone) if person and person.phone else ""

    async def cut_off_before(self, visit: Visit) -> CallView | None:
        """Look for the caller's last call; a slow or absent register gives nobody priority."""
        hotline, number = self._settings.hotline_by_id(visit.hotline), visit.caller.e164
        minutes = hotline.queue.cut_off_minutes if hotline else 0
        if not minutes or number is None:
            return None
        since = self._clock.now() - timedelta(minutes=minutes)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._db.read() as session:
                return await calls.cut_off_before(session, number, visit.hotline, since, visit.call)
        except (DatabaseAway, TimeoutError):
            log.info("call.priority_unknown", call=visit.call)
            return None

    def led_on(self, visit: Visit, choice: Choice) -> None:
        """Tell what was chosen."""
        self._bus.publish(CallerLedOn(visit=visit, choice=choice))

    async def _found(
        self, session: AsyncSession, visit: Visit, typed: str, own: str
    ) -> Ticket | TicketUnknown | NumberNeeded:
        ticket = await store.by_code(session, typed)
        if ticket is not None and ticket.hotline == visit.hotline:
            return ticket
        named = _ticket_number(typed, self._clock.now().year)
        ticket = await store.by_number(session, visit.hotline, named) if named else None
        if ticket is None:
            return TicketUnknown()
        number = parse_caller(own).e164 if own else visit.caller.e164
        if number is not None and number in (
            ticket.caller_e164,
            parse_caller(ticket.sender_phone).e164,
        ):
            return ticket
        return TicketUnknown() if own else NumberNeeded()

    async def _open_form(self, tx: Tx, visit: Visit, content: str) -> None:
        ticket = await drafts.open_for_call(
            tx,
            hotline=visit.hotline,
            call=visit.call,
            caller=visit.caller,
            caller_name="",
            by=SYSTEM,
        )
        form, revision = await drafts.load(tx.session, ticket.id)
        if ticket.state == TicketState.DRAFT and not form.content:
            written = form.with_content(content)
            await drafts.save(tx, ticket.id, written, SYSTEM, revision=revision)


def _ticket_number(typed: str, year: int) -> str:
    """Return the ticket number that was keyed: 2026000123, or 123 for this year's."""
    if not typed.isdecimal():
        return ""
    if len(typed) == 10:
        return f"{typed[:4]}-{typed[4:]}"
    return f"{year}-{int(typed):06d}" if len(typed) <= 6 else ""


async def _standing(session: AsyncSession, ticket: Ticket) -> Standing:
    """Return what may be told of a ticket: never name, number, address or content."""
    found = await results.of_ticket(session, ticket.id)
    done = ticket.state in (TicketState.ANSWERED, TicketState.CLOSED)
    last = found[-1] if found and done else None
    answer = last.text if last else (ticket.direct_answer if done else "")
    return Standing(
        number=ticket.number or "",
        state=TicketState(ticket.state),
        overdue=ticket.overdue,
        due_at=ticket.due_at if ticket.state == TicketState.OPEN else None,
        answer="" if ticket.confidential else answer,
        guidance=ticket.guidance if ticket.state == TicketState.REJECTED else "",
    )
