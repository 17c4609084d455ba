"""A hotline whose law is in force, for the tests of acts and deadlines."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from escalation.act import Act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from escalation.sweep import Sweep
from escalation.tables import Deadline
from sms.tables import Message
from tests.contract.register import HOTLINE, OPERATOR, Register, build, typed, viewer
from tickets import drafts, units
from tickets.model import Channel
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.clock import HCM
from tongdai.db import Database
from tongdai.ids import PersonId


@dataclass(frozen=True, kw_only=True)
class World:
    """What stands ready."""

    db: Database
    acts: Acts
    sweep: Sweep
    register: Register
    focal: Viewer
    head: Viewer

    async def filed(self, ticket_type: str = "socio_economic", **changed: str) -> Ticket:
        """File a ticket of a call."""
        async with self.db.write() as tx:
            draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
            form = typed(type=ticket_type, sender_phone="0892100001", **changed)
            return await self.acts.file(tx, draft.id, form, OPERATOR)

    async def do(self, ticket: Ticket, act: Act, by: Viewer = OPERATOR) -> list[str]:
        """Do an act; return what its lines do."""
        return [line.do for line in await self.acts.do(self.db, ticket.id, act, by)]

    async def refer(self, ticket: Ticket, unit: str | None = None) -> list[str]:
        """Refer a ticket to the roads' unit."""
        return await self.do(ticket, Act(event="referred", unit_id=unit or self.register.roads.id))

    async def referred(self, ticket_type: str = "socio_economic") -> Ticket:
        """File a ticket and refer it."""
        ticket = await self.filed(ticket_type)
        await self.refer(ticket)
        return ticket

    async def ticket(self, ticket: Ticket) -> Ticket:
        """Return the ticket as it is now."""
        async with self.db.read() as session:
            found = await session.get(Ticket, ticket.id)
        assert found is not None
        return found

    async def lines(self, ticket: Ticket) -> list[dict[str, object]]:
        """Return the ticket's history on paper."""
        async with self.db.read() as session:
            return await self.acts.lines(session, ticket.id)

    async def messages(self, ticket: Ticket) -> list[tuple[str, str, str]]:
        """Return (purpose, to, state) of what is owed for a ticket, in order."""
        query = select(Message).where(col(Message.ticket_id) == ticket.id)
        async with self.db.read() as session:
            rows = (await session.execute(query.order_by(col(Message.seq)))).scalars()
            return [(m.purpose, m.recipient, m.state) for m in rows]

    async def deadlines(self, ticket: Ticket) -> list[tuple[str, str, str]]:
        """Return (stage, state, due) of a ticket's deadlines, by due time."""
        query = select(Deadline).where(col(Deadline.ticket_id) == ticket.id)
        async with self.db.read() as session:
            rows = (await session.execute(query.order_by(col(Deadline.due_at)))).scalars()
            return [(d.stage, d.state, local(d.due_at)) for d in rows]


async def world(db: Database) -> World:
    """Lay down Cần Thơ with its units, its people and its law."""
    register = await build(db)
    async with db.write() as tx:
        await units.appoint(
            tx,
            units.new_person(
                register.roads,
                name="Phạm Minh Châu",
                role="leadership",
                active_from=tx.now,
                phone="0892100030",
                mobile="0892100030",
                title="Phó Chủ tịch",
            ),
            SYSTEM,
        )
    acts = Acts(default_lawbook(), {"can-tho": "1022.cantho.gov.vn"})
    unit = register.roads.id
    return World(
        db=db,
        acts=acts,
        sweep=Sweep(db, acts),
        register=register,
        focal=_person(viewer("focal", Role.FOCAL_POINT, unit), register.focal.id),
        head=_person(viewer("head", Role.UNIT_HEAD, unit), register.head.id),
    )


def _person(who: Viewer, person: str) -> Viewer:
    return Viewer(id=who.id, name=who.name, grants=who.grants, person=PersonId(person))


def local(moment: datetime) -> str:
    """Return a moment as the hotline's wall clock shows it."""
    return moment.astimezone(HCM).strftime("%Y-%m-%d %H:%M")


def at(text: str) -> datetime:
    """Return a moment of the hotline's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=HCM)
