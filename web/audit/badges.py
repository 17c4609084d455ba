"""The numbers beside the desk's sections: what waits for the viewer, and what is wrong."""

from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import access
from telephony.recordings.hearing import wishes
from telephony.recordings.proof import figures
from telephony.recordings.retention import schedule
from telephony.recordings.retention.model import KEEPERS
from tongdai.accounts.model import Viewer


async def badges(session: AsyncSession, who: Viewer) -> dict[str, int]:
    """Return requests to hear and lists that wait for the viewer, and findings of the last check.

    Whoever does not keep the archive learns nothing of lists and findings.
    """
    keeps, hears = who.has_any(KEEPERS), who.has_any(access.HEARERS)
    return {
        "waiting": await wishes.waiting(session, who) if hears else 0,
        "lists_waiting": await schedule.waiting(session, who) if keeps else 0,
        "found_wrong": await figures.found_lately(session) if keeps else 0,
    }
