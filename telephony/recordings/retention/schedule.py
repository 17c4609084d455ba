"""Every day the service itself lists what is due; a person takes the list up, a second decides."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.errors import DeletionDecided, DeletionUnknown, ReasonNeeded
from telephony.recordings.manifest import chain
from telephony.recordings.retention import lists
from telephony.recordings.retention.model import KEEPERS, OPEN, ListState
from telephony.recordings.retention.tables import DeletionList
from tongdai.accounts.model import SYSTEM, Viewer
from tongdai.db import Database, Tx
from tongdai.settings import RetentionTable, Settings
from tongdai.text import clean


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rules by which lists are made.

    Attributes:
        rules: How long what is kept.
        rest: How long a hotline gets no list after one was rejected there.
    """

    rules: tuple[RetentionTable, ...]
    rest: timedelta

    async def propose(self, db: Database) -> int:
        """List what is due, one open list a hotline; return how many lists were made.

        Nothing is deleted by it: see `take_up` and `lists.decide`.

        Raises:
            DatabaseAway: The database does not answer.
        """
        by_hotline: dict[str, list[RetentionTable]] = defaultdict(list)
        for rule in self.rules:
            by_hotline[rule.hotline].append(rule)
        made = 0
        for hotline, rules in by_hotline.items():
            async with db.write() as tx:
                await chain.locked_tip(tx.session)  # first the lock: two nodes make one list
                if await self._waits(tx, hotline):
                    continue
                made += await self._first_due(tx, rules)
        return made

    async def _waits(self, tx: Tx, hotline: str) -> bool:
        """Say whether a list of the hotline is open, or was rejected lately."""
        some = select(DeletionList.id).where(col(DeletionList.hotline) == hotline).limit(1)
        lately = tx.now - self.rest
        for condition in (
            col(DeletionList.state).in_(OPEN),
            (col(DeletionList.state) == ListState.REJECTED)
            & (col(DeletionList.decided_at) > lately),
        ):
            if (await tx.session.execute(some.where(condition))).scalar_one_or_none() is not None:
                return True
        return False

    async def _first_due(self, tx: Tx, rules: list[RetentionTable]) -> bool:
        for rule in rules:
            made = await lists.make(tx, rule)
            if made is not None:
                await lists.write_down(tx, SYSTEM, made, "deletion_scheduled", "")
                return True
        return False


def make_schedule(settings: Settings) -> Schedule | None:
    """Return the schedule of the settings; None: they want none."""
    table = settings.recordings
    if not table.lists_due:
        return None
    return Schedule(table.retention, timedelta(days=table.rejected_rest_days))


async def take_up(tx: Tx, viewer: Viewer, deletion: str, reason: str) -> DeletionList:
    """Propose what the service has listed: the first of the two people.

    Raises:
        DeletionUnknown: There is none, or it is none of the viewer's.
        DeletionDecided: Somebody has taken it up or rejected it already.
        ReasonNeeded: No reason is given.
    """
    query = select(DeletionList).where(col(DeletionList.id) == deletion).with_for_update()
    found: DeletionList | None = (await tx.session.execute(query)).scalar_one_or_none()
    if found is None or not viewer.has_any(KEEPERS, found.hotline):
        raise DeletionUnknown(deletion=deletion)
    if found.state != ListState.SCHEDULED:
        raise DeletionDecided(deletion=deletion)
    if not clean(reason):
        raise ReasonNeeded
    role = lists.role_of(viewer, found.hotline)
    found.state, found.reason = ListState.PROPOSED, clean(reason)[:500]
    found.proposed_by, found.proposed_name, found.proposed_role = viewer.id, viewer.name, role
    found.proposed_at = tx.now
    await lists.write_down(tx, viewer, found, "deletion_proposed", found.reason)
    return found


async def waiting(session: AsyncSession, viewer: Viewer) -> int:
    """Return how many lists wait for the viewer: to be taken up, or to be decided."""
    found = await session.execute(
        select(DeletionList)
        .where(
            col(DeletionList.hotline).in_(viewer.hotlines_for(*KEEPERS)),
            col(DeletionList.state).in_([ListState.SCHEDULED, ListState.PROPOSED]),
        )
        .limit(100)
    )
    return sum(waits_for(viewer, one) for one in found.scalars())


def waits_for(viewer: Viewer, found: DeletionList) -> bool:
    """Say whether a list waits for a keeper of its hotline: to be taken up, or to be decided."""
    return found.state == ListState.SCHEDULED or lists.may_decide(viewer, found)
