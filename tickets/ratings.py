"""What senders thought of the answer (CT-10.2, GL-14, TN-11.3, HN-13-2)."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.model import clean_lines
from tickets.tables import Rating
from tongdai.accounts.model import Viewer
from tongdai.db import Tx


def record(tx: Tx, ticket_id: str, *, score: str, reason: str, by: Viewer) -> Rating:
    """Keep a rating; the law has allowed it already."""
    rating = Rating(
        ticket_id=ticket_id, score=score, reason=clean_lines(reason), at=tx.now, by=by.id
    )
    tx.session.add(rating)
    return rating


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Rating]:
    """Return the ratings of a ticket, oldest first."""
    query = (
        select(Rating)
        .where(col(Rating.ticket_id) == ticket_id)
        .order_by(col(Rating.at), col(Rating.id))
    )
    return list((await session.execute(query)).scalars())
