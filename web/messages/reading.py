"""Which messages a viewer may read, and how they are found."""

import re
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms.model import State
from sms.tables import Message
from tickets.tables import Ticket
from tongdai.accounts.model import Role
from tongdai.errors import NotFound
from tongdai.phone import normalise
from tongdai.settings import HotlineTable
from web.auth import viewer
from web.keys import DB, SETTINGS

READERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
PAGE = 40
_NUMBER = re.compile(r"\d{4}-\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list shall show.

    Attributes:
        hotline: Whose.
        state: One state, or "" for all.
        q: A telephone number, or a ticket's number; "" for all.
        before: Messages older than this place in the order; None: the newest.
    """

    hotline: HotlineTable
    state: str = ""
    q: str = ""
    before: int | None = None


def my_hotlines(request: web.Request) -> list[HotlineTable]:
    """Return the viewer's hotlines, in the settings' order."""
    mine = viewer(request).hotlines_for(*READERS)
    return [h for h in request.app[SETTINGS].hotlines if h.id in mine]


def asked(request: web.Request) -> Asked:
    """Read the address.

    Raises:
        NotFound: The hotline is not the viewer's.
    """
    named = request.query.get("hotline", "")
    mine = [h for h in my_hotlines(request) if not named or h.id == named]
    if not mine:
        raise NotFound("message_unknown")
    state, before = request.query.get("state", ""), request.query.get("before", "")
    return Asked(
        hotline=mine[0],
        state=state if state in set(State) else "",
        q=request.query.get("q", "").strip()[:80],
        before=int(before) if before.isdecimal() and len(before) < 16 else None,
    )


async def find(session: AsyncSession, wanted: Asked) -> list[Message]:
    """Return one message more than a page has, newest first."""
    query = select(Message).where(col(Message.hotline) == wanted.hotline.id)
    if wanted.state:
        query = query.where(col(Message.state) == wanted.state)
    if wanted.q:
        query = query.where(_matches(wanted))
    if wanted.before is not None:
        query = query.where(col(Message.seq) < wanted.before)
    found = await session.execute(query.order_by(col(Message.seq).desc()).limit(PAGE + 1))
    return list(found.scalars())


async def one(request: web.Request) -> Message:
    """Return the message that the address names.

    Raises:
        NotFound: There is none, or it is of a hotline that is not the viewer's.
    """
    wanted = request.match_info["message"]
    async with request.app[DB].read() as session:
        found: Message | None = (
            await session.execute(select(Message).where(col(Message.id) == wanted))
        ).scalar_one_or_none()
    if found is None or found.hotline not in {h.id for h in my_hotlines(request)}:
        raise NotFound("message_unknown", message=wanted[:64])
    return found


def _matches(wanted: Asked) -> ColumnElement[bool]:
    """Match a number in any form, an address, or the ticket's public number."""
    number = normalise(wanted.q)
    tickets = select(Ticket.id).where(
        col(Ticket.hotline) == wanted.hotline.id, col(Ticket.number) == wanted.q
    )
    if _NUMBER.fullmatch(wanted.q):
        return col(Message.ticket_id).in_(tickets)
    return or_(col(Message.recipient) == (number or wanted.q), col(Message.recipient) == wanted.q)
