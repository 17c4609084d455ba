"""Who is told what when the ladder says `notify` or `report`; only the ladder's lines owe these.

Nothing of a report's content goes into a message (VIETNAM.md 1.2), and a recipient who is missing
or has no mobile number loses nothing: the message is kept as not sendable, and the supervisor gets
an alert in the ticket's history.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from escalation.book import Book
from escalation.procedure import Procedure
from escalation.state import Line
from escalation.tables import LadderState
from sms import letters, texts
from sms.model import Purpose
from sms.outbox import Owing
from sms.texts import Param
from tickets import units
from tickets.tables import Person, Ticket
from tongdai import audit
from tongdai.accounts.model import SYSTEM
from tongdai.phone import is_mobile

_STAGE = {"referral": Purpose.REFERRAL, "forwarding": Purpose.FORWARDING}
_ADDRESSEES = frozenset({"leadership", "city_office"})
_OFFICIALS = frozenset({units.FOCAL_POINT, units.UNIT_HEAD})
_LONGEST_PORTAL = 60
_UNCLEAR = "chưa rõ đơn vị"


@dataclass(frozen=True, slots=True)
class Messenger:
    """Owes the messages of one ticket's lines, in the transaction of its act or deadline.

    Attributes:
        portals: Hotline -> the public address named in a result's message.
    """

    portals: Mapping[str, str]

    async def tell(
        self, book: Book, ticket: Ticket, row: LadderState, procedure: Procedure, lines: list[Line]
    ) -> None:
        """Owe what the lines say.

        Args:
            book: What the transaction will write.
            ticket: As it is after the act.
            row: Its ladder row; counts the messages, so that each has its own key.
            procedure: For the words of grounds.
            lines: What the ladder returned.
        """
        due = next((line.due for line in reversed(lines) if line.do == "start"), None)
        for line in lines:
            if line.do == "notify" and line.to in _OFFICIALS and line.purpose in _STAGE:
                who = await self._official(book, ticket, str(line.to))
                params = await _about(book, ticket) | {"due": due}
                purpose = _STAGE[line.purpose]
                self._owe(book, ticket, row, purpose, who.mobile if who else None, params)
                _alert_unless_reachable(book, ticket, str(line.to), who)
            elif line.do == "notify" and line.to == "sender" and line.purpose == "referral":
                await self._forwarded(book, ticket, row, due)
            elif line.do == "notify" and line.by == "ticket_channel":
                await self._sender(book, ticket, row, procedure, line)
            elif line.do == "report":
                await self._report(book, ticket, row, line)
            elif line.do == "remind" and line.to in _OFFICIALS:
                who = await self._official(book, ticket, line.to)
                params = await _about(book, ticket) | {"due": line.due}
                mobile = who.mobile if who else None
                self._owe(book, ticket, row, Purpose.REMINDER, mobile, params)

    async def _official(self, book: Book, ticket: Ticket, role: str) -> Person | None:
        if role == units.FOCAL_POINT and ticket.person_id:
            return await book.directory.person(ticket.person_id)
        if ticket.unit_id is None:
            return None
        return await book.directory.in_role(ticket.unit_id, role)

    async def _sender(
        self, book: Book, ticket: Ticket, row: LadderState, procedure: Procedure, line: Line
    ) -> None:
        """Tell the sender, CT-8.2 and CT-10.1; by SMS, the ticket channel of a call."""
        number = _mobile_of(ticket)
        if number is None and ticket.channel != "phone":
            return
        if line.purpose == "rejection":
            ground = procedure.ground_of(ticket.ground or "")
            params: dict[str, Param] = {
                "ground": ground.name if ground else ticket.reason,
                "guidance": ticket.guidance,
            }
            self._owe(book, ticket, row, Purpose.REJECTION, number, params)
        elif line.purpose == "extension":
            dates = {"ticket": ticket.number, "due": ticket.due_at}
            self._owe(book, ticket, row, Purpose.EXTENSION, number, dates)
        elif line.purpose == "result":
            portal = self.portals.get(ticket.hotline, "")
            params = {
                "ticket": ticket.number,
                "code": ticket.code,
                "portal": portal if len(portal) <= _LONGEST_PORTAL else "",
            }
            self._owe(book, ticket, row, Purpose.RESULT, number, params)

    async def _forwarded(
        self, book: Book, ticket: Ticket, row: LadderState, due: datetime | None
    ) -> None:
        """Tell the sender which unit has it now, by SMS (GL-10.1.2.b2.1, A-GL-6)."""
        unit = await book.directory.unit(ticket.unit_id)
        params: dict[str, Param] = {
            "ticket": ticket.number,
            "unit": unit.name if unit else _UNCLEAR,
            "due": due,
        }
        number = _mobile_of(ticket)
        if number is None and ticket.channel != "phone":
            return
        template = texts.REFERRAL_TO_SENDER
        self._owe(book, ticket, row, Purpose.REFERRAL, number, params, template=template)

    async def _report(self, book: Book, ticket: Ticket, row: LadderState, line: Line) -> None:
        """Report to the leaders, the Office among them by letter (CT-9.1.4, A-CT-5)."""
        unit = await book.directory.unit(ticket.unit_id)
        params = await _about(book, ticket) | {
            "unit": unit.name if unit else _UNCLEAR,
            "since": line.at,
        }
        leaders = await book.directory.people(ticket.hotline, str(line.to))
        for leader in leaders:
            self._owe(book, ticket, row, Purpose.OVERDUE_REPORT, leader.mobile, params)
        if not leaders:
            _alert(book, ticket, f"no_{line.to}")
        for role in sorted(_ADDRESSEES | {str(line.to)}):
            for person in await book.directory.people(ticket.hotline, role):
                if person.email:
                    self._letter(book, ticket, row, person.email, params)

    def _owe(
        self,
        book: Book,
        ticket: Ticket,
        row: LadderState,
        purpose: Purpose,
        to: str | None,
        params: Mapping[str, Param],
        *,
        template: str | None = None,
    ) -> None:
        row.owed += 1
        book.owe(
            Owing(
                key=f"{purpose}:{ticket.id}:{row.owed}",
                hotline=ticket.hotline,
                to=to,
                purpose=purpose,
                params=params,
                template=template,
                ticket_id=ticket.id,
            )
        )

    def _letter(
        self, book: Book, ticket: Ticket, row: LadderState, to: str, params: Mapping[str, Param]
    ) -> None:
        row.owed += 1
        book.owe(
            letters.letter(
                key=f"letter:{ticket.id}:{row.owed}",
                hotline=ticket.hotline,
                to=to,
                params=params,
                ticket_id=ticket.id,
            )
        )


async def _about(book: Book, ticket: Ticket) -> dict[str, Param]:
    field = await book.directory.field(ticket.field_id)
    return {"ticket": ticket.number, "field": field.name if field else "khác"}


def _alert_unless_reachable(book: Book, ticket: Ticket, role: str, who: Person | None) -> None:
    if who is None:
        _alert(book, ticket, f"no_{role}")
    elif not is_mobile(who.mobile or ""):
        _alert(book, ticket, f"{role}_without_mobile")


def _alert(book: Book, ticket: Ticket, what: str) -> None:
    book.line(
        audit.Line(
            chain=audit.ticket_chain(ticket.hotline),
            subject=ticket.id,
            kind="alert",
            actor=SYSTEM.id,
            data={"what": what, "to": "supervisor", "unit": ticket.unit_id},
        )
    )


def _mobile_of(ticket: Ticket) -> str | None:
    numbers = (ticket.sender_e164, ticket.caller_e164)
    return next((n for n in numbers if n and is_mobile(n)), None)
