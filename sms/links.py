"""One-time links to a ticket: they expire on real time and still ask for sign-in."""

import hashlib
import secrets
import string
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from sms.tables import TicketLink
from tongdai.clock import Clock
from tongdai.db import Tx
from tongdai.errors import NotFound, Refusal
from tongdai.ids import AccountId, HotlineId, MessageId, TicketId

LIFE = timedelta(days=14)
_LETTERS = string.ascii_letters + string.digits
_LENGTH = 22  # 131 bits; no sign that some gateway would spoil


class LinkSpent(Refusal):
    """The link was used before, or its time is over."""

    code = "link_spent"


def create(
    tx: Tx, *, ticket_id: TicketId, hotline: HotlineId, message_id: MessageId, real: Clock
) -> str:
    """Write a link; return its token, which is kept nowhere but in the message's text.

    Args:
        tx: The transaction that writes the message's text.
        ticket_id: Where it leads.
        hotline: The ticket's hotline.
        message_id: The message that carries it.
        real: The machine's clock: moving the service's clock ends no link.
    """
    token = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    now = real.now()
    tx.session.add(
        TicketLink(
            token_hash=_digest(token),
            ticket_id=ticket_id,
            hotline=hotline,
            message_id=message_id,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    return token


async def look(session: AsyncSession, token: str) -> TicketLink:
    """Return the link of a token without using it.

    Raises:
        NotFound: No such link.
    """
    link = await session.get(TicketLink, _digest(token))
    if link is None:
        raise NotFound("link_unknown")
    return link


async def use(tx: Tx, token: str, *, by: AccountId, real: Clock) -> TicketLink:
    """Use a link up; who may see the ticket is asked by the page it leads to.

    Raises:
        NotFound: No such link.
        LinkSpent: Used before, or expired.
    """
    link = await look(tx.session, token)
    now = real.now()
    used = await tx.session.execute(
        update(TicketLink)
        .where(
            col(TicketLink.token_hash) == link.token_hash,
            col(TicketLink.used_at).is_(None),
            col(TicketLink.expires_at) > now,
        )
        .values(used_at=now, used_by=by)
        .returning(col(TicketLink.token_hash))
    )
    if used.first() is None:
        raise LinkSpent(None, ticket=link.ticket_id)
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
