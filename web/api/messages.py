"""/api/v1/messages."""

from typing import Literal

from aiohttp import web
from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms.tables import Message
from tickets.tables import Ticket
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import NotFound
from tongdai.text import mask_number
from web.api import cursor, reach
from web.api.endpoint import Nothing
from web.api.lists import ListAsked, Since, Text, Until, page
from web.api.models import MessageOut, Page
from web.api.table import TABLE
from web.auth import viewer
from web.keys import DB

TO_THE_SENDER = frozenset({"result", "rejection", "extension", "survey", "code"})
"""Purposes whose recipient is the citizen."""


class MessageUnknown(NotFound):
    """There is no such message, or the asker may not know that there is."""

    code = "message_unknown"


class MessagesAsked(ListAsked):
    """What messages are wanted."""

    state: (
        Literal[
            "queued",
            "sending",
            "accepted",
            "delivered",
            "undelivered",
            "rejected",
            "unknown",
            "not_sendable",
            "cancelled",
        ]
        | None
    ) = None
    purpose: Text | None = None
    ticket: Text | None = None
    since: Since | None = None
    until: Until | None = None


@TABLE.add(
    "GET",
    "/messages",
    summary="Messages, newest first",
    asked=MessagesAsked,
    answer=Page[MessageOut],
    roles=reach.MESSAGE_READERS,
)
async def list_messages(request: web.Request, asked: MessagesAsked) -> Page[MessageOut]:
    """Answer the messages that the viewer may read."""
    who = viewer(request)
    query = select(Message).where(*_conditions(asked))
    if asked.cursor:
        query = query.where(col(Message.seq) < cursor.to_number(asked.cursor))
    query = query.order_by(col(Message.seq).desc()).limit(asked.limit + 1)
    async with request.app[DB].read() as session:
        query = query.where(await _mine(session, who))
        found = list((await session.execute(query)).scalars())
        secret = await reach.secret_tickets(session, who, _tickets(found))
    return page(
        found,
        asked.limit,
        lambda message: message_out(message, secret),
        lambda message: cursor.of_number(message.seq or 0),
    )


@TABLE.add(
    "GET",
    "/messages/{id}",
    summary="One message",
    asked=Nothing,
    answer=MessageOut,
    roles=reach.MESSAGE_READERS,
)
async def one_message(request: web.Request, _: Nothing) -> MessageOut:
    """Answer one message that the viewer may read."""
    who, message_id = viewer(request), request.match_info["id"]
    async with request.app[DB].read() as session:
        mine = await _mine(session, who)
        found = await session.execute(select(Message).where(col(Message.id) == message_id, mine))
        message = found.scalar_one_or_none()
        if message is None:
            raise MessageUnknown(message=message_id)
        secret = await reach.secret_tickets(session, who, _tickets([message]))
    return message_out(message, secret)


def message_out(message: Message, secret: frozenset[str]) -> MessageOut:
    """Return a message as the API shows it; a secret sender's number is starred."""
    to = message.recipient
    if message.ticket_id in secret and message.purpose in TO_THE_SENDER:
        to = mask_number(to)
    return MessageOut(
        id=message.id,
        ticket=message.ticket_id,
        to=to,
        purpose=message.purpose,
        state=message.state,
        attempts=message.attempts,
        created_at=message.created_at,
        settled_at=message.settled_at,
    )


async def _mine(session: AsyncSession, who: Viewer) -> ColumnElement[bool]:
    """Whole hotlines; an operator's own tickets; the units' tickets."""
    reached: list[ColumnElement[bool]] = []
    whole = who.hotlines_for(*reach.WHOLE)
    if whole:
        reached.append(col(Message.hotline).in_(whole))
    if who.has(Role.OPERATOR):
        own = or_(col(Ticket.created_by) == who.id, col(Ticket.filed_by) == who.id)
        reached.append(col(Message.ticket_id).in_(select(Ticket.id).where(own)))
    of_units = await reach.tickets_of_units(session, who)
    if of_units is not None:
        reached.append(col(Message.ticket_id).in_(select(Ticket.id).where(of_units)))
    return or_(false(), *reached)


def _conditions(asked: MessagesAsked) -> list[ColumnElement[bool]]:
    equal = (
        (col(Message.hotline), asked.hotline),
        (col(Message.state), asked.state),
        (col(Message.purpose), asked.purpose),
        (col(Message.ticket_id), asked.ticket),
    )
    conditions = [column == value for column, value in equal if value is not None]
    if asked.since is not None:
        conditions.append(col(Message.created_at) >= asked.since)
    if asked.until is not None:
        conditions.append(col(Message.created_at) < asked.until)
    return conditions


def _tickets(messages: list[Message]) -> set[str]:
    return {m.ticket_id for m in messages if m.ticket_id}
