"""The numbers beside the desk's sections: what waits for the viewer, and what is wrong."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from telephony.recordings import access
from telephony.recordings.hearing import wishes
from telephony.recordings.proof import figures
from telephony.recordings.retention import schedule
from telephony.recordings.retention.model import KEEPERS
from tongdai.accounts.model import Viewer


async def badges(session: AsyncSession, who: Viewer, now: datetime) -> dict[str, int]:
    """Return requests to hear (and how many are late) and lists that wait, and what is wrong.

    Whoever does not keep the archive learns nothing of lists and findings.
    """
    keeps, hears = who.has_any(KEEPERS), who.has_any(access.HEARERS)
    mine = who.hotlines_for(*access.HEARERS) if hears else ()
    asked = (await wishes.waiting(session, mine, now)).values()
    return {
        "waiting": sum(one.open for one in asked),
        "late": sum(one.late for one in asked),
        "lists_waiting": await schedule.waiting(session, who) if keeps else 0,
        "found_wrong": await figures.found_lately(session) if keeps else 0,
    }
