"""The gateways' own ids of messages: how differently they are spelt, and whose they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from sms.model import State, number_for_sms, our_reference
from sms.tables import Message, MessagePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a report says about whose it is.

    Attributes:
        gateway: Which it came from.
        references: The gateway's own id, in its spellings.
        ours: The reference of ours that it gives back (sms.model.our_reference), or None.
        to: The recipient's number, or "" where it names none.
        in_parts: Long texts go in parts there, each with an id of its own.
        last: It will not be asked for again.
    """

    gateway: str
    references: Sequence[str]
    ours: int | None = None
    to: str = ""
    in_parts: bool = False
    last: bool = False


async def find(session: AsyncSession, named: Named) -> Message | None:
    """Return the message that a report is about, or None.

    A message that was cut off before its answer was written down has no id of the gateway's. It is
    known by our own reference, or, where the gateway gives none back, by being the one message to
    that number that never got an answer: every other one has its id.
    """
    wanted = [r for r in named.references if r.isprintable() and r]
    return (
        await _by_id(session, named.gateway, wanted)
        or await _by_part(session, named.gateway, wanted)
        or await _cut_off(session, named)
    )


async def _by_id(session: AsyncSession, gateway: str, wanted: Sequence[str]) -> Message | None:
    query = select(Message).where(
        col(Message.gateway) == gateway, col(Message.reference).in_(wanted)
    )
    found = await session.execute(query.order_by(col(Message.seq).desc()).limit(1))
    return found.scalar_one_or_none()


async def _by_part(session: AsyncSession, gateway: str, wanted: Sequence[str]) -> Message | None:
    query = (
        select(Message)
        .join(MessagePart, col(MessagePart.message_id) == col(Message.id))
        .where(col(MessagePart.gateway) == gateway, col(MessagePart.reference).in_(wanted))
    )
    found = await session.execute(query.order_by(col(Message.seq).desc()).limit(1))
    return found.scalar_one_or_none()


async def _cut_off(session: AsyncSession, named: Named) -> Message | None:
    number, _ = number_for_sms(named.to)
    query = (
        select(Message)
        .where(
            col(Message.recipient) == number,
            col(Message.gateway) == named.gateway,
            col(Message.reference) == "",
            col(Message.state).in_([State.SENDING, State.UNKNOWN]),
        )
        .order_by(col(Message.seq).desc())
        .limit(50)
    )
    open_ones = list((await session.execute(query)).scalars())
    if named.ours is not None:
        found = [m for m in open_ones if our_reference(m.id) == named.ours]
    else:
        found = [m for m in open_ones if m.state == State.UNKNOWN] if named.last else []
    return found[0] if len(found) == 1 else None


def spellings(reference: str) -> tuple[str, ...]:
    """Return an SMSC's id as it may stand in the answer: receipts turn hex into decimal or back."""
    plain = reference.strip()[:65]
    found = [plain, plain.lower(), plain.upper()]
    if plain.isascii() and plain.isdecimal():
        found += [f"{int(plain):x}", f"{int(plain):X}", f"{int(plain):08x}", f"{int(plain):08X}"]
    if re.fullmatch(r"[0-9a-fA-F]{1,32}", plain):
        found.append(str(int(plain, 16)))
    return tuple(dict.fromkeys(found))
