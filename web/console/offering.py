"""A wish that keeps its place in the queue is offered to the operator who becomes ready.

Only while no live caller has been waiting longer. The offer is a row that one operator holds for
some seconds, so several nodes offer it to one; whoever lets it pass is not asked again. Every few
seconds it is looked whether the time of one has come for somebody who is ready already: of a retry
after busy or no answer, of an offer that nobody took, of one behind a live caller.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from ivr.followups import store
from ivr.followups.events import CallBackChanged
from ivr.followups.model import State
from ivr.followups.rules import Rulebook
from ivr.followups.tables import CallBackTask
from telephony.calls.model import CallState, CallView
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator, OperatorState
from tongdai.aside import Aside
from tongdai.db import Database, DatabaseAway
from tongdai.events import Bus
from tongdai.ids import AccountId
from tongdai.phone import national
from web.ports import Calls, OperatorDesk, iso
from web.push import Push

log = structlog.get_logger()
LOOK_SECONDS = 3.0
"""Between two looks; a look that finds nothing is one read."""


class Offers:
    """Offers tasks at the consoles that are open at this node."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        push: Push,
        rules: Rulebook,
        *,
        calls: Calls,
        operators: OperatorDesk,
    ) -> None:
        self._db, self._push, self._rules = db, push, rules
        self._calls, self._operators = calls, operators
        self._looking, self._offering = Aside(), Aside()
        bus.on(OperatorChanged, self._operator_changed)
        bus.on(CallBackChanged, self._task_changed)

    def begin(self) -> None:
        """Look for what waits for its time, until closed."""
        self._looking.begin(self._look_on())

    async def settled(self) -> None:
        """Return when what was begun is offered."""
        await self._offering.settled()

    async def close(self) -> None:
        """Offer nothing more."""
        await self._looking.end()
        await self._offering.end()

    async def look(self) -> None:
        """Offer what may be offered now to those who are ready and have their console here.

        Raises:
            DatabaseAway: Nothing is offered.
        """
        mine = self._here(self._ready())
        if not mine:
            return
        hotlines = {hotline for operator in mine for hotline in operator.hotlines}
        async with self._db.read() as session:
            waits = await store.one_in_line(session, hotlines, self._db.clock.now())
        if waits:
            await self._offer_to(mine)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except DatabaseAway:
                log.info("callbacks.not_offered")
            except Exception:
                log.exception("callbacks.offer_failed")

    def _operator_changed(self, event: OperatorChanged) -> None:
        if event.operator.state is OperatorState.READY:
            self._begin((event.operator,))

    def _task_changed(self, event: CallBackChanged) -> None:
        """Offer what was opened, or let pass, to those who are ready already."""
        if event.state == State.OPEN:
            self._begin([o for o in self._ready() if event.hotline in o.hotlines])

    def _ready(self) -> list[Operator]:
        found = [o for o in self._operators.snapshot() if o.state is OperatorState.READY]
        return sorted(found, key=lambda o: o.since)

    def _begin(self, operators: Collection[Operator]) -> None:
        mine = self._here(operators)
        if mine:
            self._offering.begin(self._offer_to(mine))

    def _here(self, operators: Collection[Operator]) -> list[Operator]:
        here = self._push.there()
        return [operator for operator in operators if operator.account in here]

    async def _offer_to(self, operators: Collection[Operator]) -> None:
        try:
            for operator in operators:
                task = await self._offer(operator)
                if task is not None:
                    self._tell(operator.account, task)
        except DatabaseAway:
            log.info("callbacks.not_offered")
        except Exception:
            log.exception("callbacks.offer_failed")

    async def _offer(self, operator: Operator) -> CallBackTask | None:
        async with self._db.write() as tx:
            if await store.is_offered_one(tx.session, operator.account, tx.now):
                return None
            found = await store.first_in_line(
                tx.session, operator.hotlines, operator.account, tx.now
            )
            live = self._calls.calls()
            for task in found:
                if task.waiting_since is None or _waits_longer(live, task, task.waiting_since):
                    continue
                if any(call.id == task.call for call in live):
                    continue  # he has not hung up yet
                seconds = self._rules.of(task.hotline).offer_seconds
                task.offered_to = operator.account
                task.offered_until = tx.now + timedelta(seconds=seconds)
                return task
        return None

    def _tell(self, account: AccountId, task: CallBackTask) -> None:
        self._push.send(
            account,
            "callback_offer",
            {
                "task": task.id,
                "hotline": task.hotline,
                "number": national(task.number) if task.number else "",
                "name": task.name,
                "waiting_since": iso(task.waiting_since),
                "until": iso(task.offered_until),
            },
        )


def _waits_longer(calls: Collection[CallView], task: CallBackTask, since: datetime) -> bool:
    """Say whether a live caller of the hotline has waited longer than the one who rang off."""
    return any(
        call.hotline == task.hotline
        and call.state is CallState.QUEUED
        and (call.queue_joined_at or call.started_at) <= since
        for call in calls
    )
