"""A hotline's own words for its messages, kept in the register; else those of the program."""

from sqlalchemy.ext.asyncio import AsyncSession

from sms.tables import MessageTemplate


async def own(session: AsyncSession, hotline: str, template: str, language: str) -> str | None:
    """Return the hotline's own words, or None where it has none."""
    row = await session.get(MessageTemplate, (hotline, template, language))
    return row.text if row else None
