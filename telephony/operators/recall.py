"""Who was signed on before everything went down, and comes back when the browser does.

A service that is killed alone finds its operators among the PBX's members. After a power cut the
PBX has forgotten them as well; the state log has not. An operator whose console is still open, and
whose session lives, goes on where he was; whoever has gone home has no browser open.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.operators.model import MISSED, OWN_REASONS, Device, Operator, OperatorState
from telephony.operators.overflow import helps_out
from telephony.operators.roster import Roster
from telephony.operators.tables import OperatorStateChange
from tongdai.accounts.model import Role
from tongdai.accounts.service import viewer_of
from tongdai.accounts.tables import Account
from tongdai.aside import Aside
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway
from tongdai.ids import AccountId, HotlineId
from tongdai.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")

RETRY_SECONDS = 2.0
SHIFT = timedelta(hours=12)
"""What is older than a shift is nobody's any more."""
_SIGNED_OFF = OperatorState.SIGNED_OFF.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How an operator was when the service went down; a pause is kept if somebody chose it."""

    device: Device
    hotlines: tuple[HotlineId, ...]
    pause: str


class Recall:
    """Reads the log once, after the first PBX has told whom it knows; then waits for browsers."""

    def __init__(self, db: Database, clock: Clock, roster: Roster, settings: Settings) -> None:
        """Begin with nobody.

        Args:
            db: Holds the state log and the accounts.
            clock: The service's clock.
            roster: Gets who comes back.
            settings: Who helps out where.
        """
        self._db, self._clock, self._roster = db, clock, roster
        self._settings = settings
        self._left: dict[AccountId, Left] = {}
        self._begun = False
        self._aside = Aside()

    def begin(self) -> None:
        """Read who was signed on; called after each connect, done after the first."""
        if not self._begun:
            self._begun = True
            self._aside.begin(self._read_the_log())

    def browser_seen(self, account: AccountId) -> None:
        """Sign on again whom the log knows, now that his console is open."""
        was = self._left.pop(account, None)
        if was is not None:
            self._aside.begin(self._come_back(account, was))

    async def close(self) -> None:
        """Stop reading."""
        await self._aside.end()

    async def _read_the_log(self) -> None:
        self._left = await self._ask(lambda session: left(session, self._clock.now()))
        for account in self._roster.browsers():
            self.browser_seen(account)

    async def _come_back(self, account: AccountId, was: Left) -> None:
        """Put the operator into the roster, unless the PBX knew him or he signed on himself."""
        now = self._clock.now()
        found = await self._ask(lambda s: come_back(s, account, was, now, self._settings))
        if found is not None and account not in self._roster.operators:
            log.info("operator.came_back", account=account, seat=found.seat)
            self._roster.put(found)

    async def _ask(self, question: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Return the answer as soon as the database gives one."""
        while True:
            try:
                async with self._db.read() as session:
                    return await question(session)
            except DatabaseAway:
                await asyncio.sleep(RETRY_SECONDS)


async def left(session: AsyncSession, now: datetime) -> dict[AccountId, Left]:
    """Return who had not signed off by the end of the log."""
    last = (
        select(
            col(OperatorStateChange.account_id), func.max(col(OperatorStateChange.at)).label("at")
        )
        .where(col(OperatorStateChange.at) >= now - SHIFT)
        .group_by(col(OperatorStateChange.account_id))
        .subquery()
    )
    rows = await session.execute(
        select(OperatorStateChange).join(
            last,
            (col(OperatorStateChange.account_id) == last.c.account_id)
            & (col(OperatorStateChange.at) == last.c.at),
        )
    )
    found = list(rows.scalars())
    gone = {row.account_id for row in found if row.after == _SIGNED_OFF}
    return {AccountId(row.account_id): _left(row) for row in found if row.account_id not in gone}


async def come_back(
    session: AsyncSession, account: AccountId, was: Left, now: datetime, settings: Settings
) -> Operator | None:
    """Return the operator as he was, for the hotlines that are still his; None: he may not."""
    row = await session.get(Account, account)
    if row is None or not row.active or row.extension is None:
        return None
    allowed = (await viewer_of(session, row)).hotlines_for(Role.OPERATOR)
    hotlines = tuple(h for h in was.hotlines if h in allowed)
    if not hotlines:
        return None
    return Operator(
        account=account,
        name=row.full_name,
        extension=row.extension,
        device=was.device,
        hotlines=hotlines,
        since=now,
        state=OperatorState.PAUSED if was.pause else OperatorState.READY,
        reason=was.pause,
        also=helps_out(settings, hotlines, allowed),
    )


def _left(row: OperatorStateChange) -> Left:
    paused = row.after == OperatorState.PAUSED.value
    chosen = paused and (row.reason not in OWN_REASONS or row.reason == MISSED)
    return Left(
        device="desk" if row.seat.startswith("desk-") else "web",
        hotlines=tuple(HotlineId(h) for h in row.hotlines.split(",") if h),
        pause=row.reason if chosen else "",
    )
