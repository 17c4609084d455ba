"""Who may see a ticket, who may do what to it, and who may know the sender."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import units
from tickets.errors import NoSuchTicket, TicketChangedMeanwhile, TicketForbidden
from tickets.tables import Referral, Ticket
from tongdai.accounts.model import EVERY_UNIT, OF_UNIT, SYSTEM, Grant, Role, Viewer
from tongdai.ids import HotlineId, TicketId, UnitId

WHOLE = (
    Role.OPERATOR,
    Role.SUPERVISOR,
    Role.COORDINATOR,
    Role.ONE_STOP,
    Role.CITY_OFFICE,
    Role.LEADERSHIP,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)
"""See every ticket of their hotline (CT-8.1, CT-11.2, CT-15B.1); units see theirs (CT-14.3)."""

_DESK = (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR)
_TOLD_THE_SENDER = (Role.OPERATOR, Role.COORDINATOR, Role.ONE_STOP, *OF_UNIT)

DEEDS: Mapping[str, tuple[Role, ...]] = {
    "file": (*_DESK, Role.ONE_STOP),
    "save": (*_DESK, Role.ONE_STOP),
    "discard": _DESK,
    "link": _DESK,
    "merge": _DESK,
    "attach": (*_DESK, Role.ONE_STOP, *OF_UNIT),
    "note": (*_DESK, Role.ONE_STOP, Role.CITY_OFFICE, *OF_UNIT),
    "received": (*_DESK, Role.ONE_STOP),
    "accepted": (*_DESK, *OF_UNIT),
    "rejected": _DESK,
    "answered_directly": (*_DESK, Role.ONE_STOP),
    "referred": (*_DESK, Role.ONE_STOP, Role.CITY_OFFICE),
    "returned": (*_DESK, *OF_UNIT),
    "extended": (Role.OPERATOR, Role.SUPERVISOR),
    "answered": (*_DESK, Role.ONE_STOP, *OF_UNIT),
    "approved": (Role.UNIT_HEAD,),
    "sent_back": (Role.UNIT_HEAD,),
    "published": (*_DESK, Role.UNIT_HEAD),
    "rated": (*_DESK,),
    "rework": (Role.COORDINATOR,),
    "clarification_requested": _DESK,
    "clarified": (*_DESK, *OF_UNIT),
    "level_changed": (*_DESK, Role.UNIT_HEAD),
    "force_majeure_began": (Role.SUPERVISOR, Role.COORDINATOR),
    "force_majeure_ended": (Role.SUPERVISOR, Role.COORDINATOR),
}
"""Deed -> roles, as Cần Thơ has it (CT-9.1.2d: only an operator enters the extension).

Where a ticket has a procedure, escalation asks that, with `roles_on`, and says so (`by_law`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a viewer reaches.

    Attributes:
        viewer: Who asks.
        whole: Hotlines of which every ticket is seen.
        units: By hotline, the viewer's units and everything below them.
    """

    viewer: Viewer
    whole: frozenset[HotlineId]
    units: Mapping[HotlineId, frozenset[UnitId]]

    def whole_of(self, hotline: str) -> bool:
        """Say whether every ticket of the hotline is seen."""
        return self.viewer.id == SYSTEM.id or hotline in self.whole

    def sees(self, ticket: Ticket) -> bool:
        """Say whether the ticket is seen where it is now; who had it before is not asked."""
        return self.whole_of(ticket.hotline) or ticket.unit_id in self.units.get(
            HotlineId(ticket.hotline), ()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderView:
    """The sender, as far as a viewer may know; all empty when masked."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    masked: bool = False


async def scope_of(session: AsyncSession, viewer: Viewer) -> Scope:
    """Return what a viewer reaches."""
    below = {
        hotline: await units.under(session, viewer.units_at(hotline))
        for hotline in viewer.hotlines_for(*OF_UNIT)
    }
    for hotline in viewer.hotlines_of_every_unit():
        below[hotline] = await units.of_hotline(session, hotline)
    return Scope(viewer=viewer, whole=frozenset(viewer.hotlines_for(*WHOLE)), units=below)


async def may_see(session: AsyncSession, viewer: Viewer, ticket: Ticket) -> bool:
    """Say whether a viewer sees a ticket: now, or because the unit once had it (CT-9.1.3a)."""
    scope = await scope_of(session, viewer)
    if scope.sees(ticket):
        return True
    mine = scope.units.get(HotlineId(ticket.hotline), frozenset())
    if not mine:
        return False
    query = (
        select(col(Referral.id))
        .where(col(Referral.ticket_id) == ticket.id, col(Referral.unit_id).in_(sorted(mine)))
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def get(session: AsyncSession, viewer: Viewer, ticket_id: str) -> Ticket:
    """Return a ticket to somebody who may see it.

    Raises:
        NoSuchTicket: There is none, or the viewer may not know that there is.
    """
    ticket = await session.get(Ticket, ticket_id)
    if ticket is None or not await may_see(session, viewer, ticket):
        raise NoSuchTicket(ticket=ticket_id)
    return ticket


def roles_on(viewer: Viewer, ticket: Ticket) -> frozenset[Role]:
    """Return the roles in which a viewer stands to a ticket.

    A unit's roles count only at the ticket's own unit: a parent sees, it does not answer.
    """
    return frozenset(
        g.role
        for g in viewer.grants
        if g.hotline == ticket.hotline and (g.role not in OF_UNIT or _holds(g, ticket))
    )


def _holds(grant: Grant, ticket: Ticket) -> bool:
    return ticket.unit_id is not None and grant.unit in (ticket.unit_id, EVERY_UNIT)


def may_act(viewer: Viewer, ticket: Ticket, deed: str) -> bool:
    """Say whether a viewer's role allows a deed (a key of DEEDS); the law may still refuse it."""
    return viewer.id == SYSTEM.id or not roles_on(viewer, ticket).isdisjoint(DEEDS.get(deed, ()))


async def must_act(session: AsyncSession, viewer: Viewer, ticket: Ticket, deed: str) -> None:
    """Refuse a deed that the viewer's role does not reach.

    Raises:
        NoSuchTicket: The viewer may not even see the ticket.
        TicketForbidden: The viewer sees it and may not do that.
    """
    if may_act(viewer, ticket, deed):
        return
    if not await may_see(session, viewer, ticket):
        raise NoSuchTicket(ticket=ticket.id)
    raise TicketForbidden(ticket=ticket.id, deed=deed)


async def to_change(
    session: AsyncSession,
    viewer: Viewer,
    ticket_id: str,
    deed: str,
    *,
    version: int | None = None,
    by_law: bool = False,
) -> Ticket:
    """Return a ticket, its row locked, to somebody who may do the deed to it.

    Args:
        session: Of the open transaction.
        viewer: Who.
        ticket_id: Which.
        deed: A key of DEEDS.
        version: What the viewer saw, to find out whether it changed meanwhile.
        by_law: The ticket's procedure has already named the viewer's role for this act.

    Raises:
        NoSuchTicket: There is none, or the viewer may not know that there is.
        TicketForbidden: The viewer sees it and may not do that.
        TicketChangedMeanwhile: `version` is given and no longer the ticket's.
    """
    ticket = await locked(session, ticket_id)
    if not by_law:
        await must_act(session, viewer, ticket, deed)
    if version is not None and ticket.version != version:
        raise TicketChangedMeanwhile(ticket=ticket_id, version=ticket.version)
    return ticket


async def locked(session: AsyncSession, ticket_id: str) -> Ticket:
    """Return a ticket with its row locked until the transaction ends.

    Raises:
        NoSuchTicket: There is none of that id.
    """
    query = (
        select(Ticket)
        .where(col(Ticket.id) == ticket_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    ticket: Ticket | None = (await session.execute(query)).scalar_one_or_none()
    if ticket is None:
        raise NoSuchTicket(ticket=TicketId(ticket_id))
    return ticket


def sender(viewer: Viewer, ticket: Ticket) -> SenderView:
    """Return the sender as far as the viewer may know.

    Who asked to be kept secret is shown to those who must act, and to nobody else.
    """
    known = viewer.id == SYSTEM.id or not roles_on(viewer, ticket).isdisjoint(_TOLD_THE_SENDER)
    if ticket.confidential and not known:
        return SenderView(masked=True)
    return SenderView(
        name=ticket.sender_name,
        address=ticket.sender_address,
        phone=ticket.sender_phone,
        email=ticket.sender_email,
    )
