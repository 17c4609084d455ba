"""A wish that keeps its place in the queue is offered to the operator who becomes ready.

Only while no live caller has been waiting longer. The offer is a row that one operator holds for
some seconds, so several nodes offer it to one; whoever lets it pass is not asked again.
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
from tongdai.db import Database, DatabaseAway
from tongdai.events import Bus
from tongdai.ids import AccountId
from tongdai.phone import national
from web.ports import Calls, OperatorDesk, iso
from web.push import Push

log = structlog.get_logger()


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
        self._tasks: set[asyncio.Task[None]] = set()
        bus.on(OperatorChanged, self._operator_changed)
        bus.on(CallBackChanged, self._task_changed)

    def close(self) -> None:
        """Offer nothing more."""
        for task in self._tasks:
            task.cancel()

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
        here = self._push.there()
        mine = [operator for operator in operators if operator.account in here]
        if mine:
            task = asyncio.get_running_loop().create_task(self._offer_to(mine))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _offer_to(self, operators: Collection[Operator]) -> None:
        try:
            for operator in operators:
                task = await self._offer(operator)
                if task is not None:
                    self._tell(operator.account, task)
                    self._again_after(task)
        except DatabaseAway:
            log.info("callbacks.not_offered")
        except Exception:
            log.exception("callbacks.offer_failed")

    async def _offer(self, operator: Operator) -> CallBackTask | None:
        async with self._db.write() as tx:
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

    def _again_after(self, task: CallBackTask) -> None:
        """An offer that nobody took is made to others when it has run out."""
        seconds = self._rules.of(task.hotline).offer_seconds + 1
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: self._begin(self._ready()))


def _waits_longer(calls: Collection[CallView], task: CallBackTask, since: datetime) -> bool:
    """Say whether a live caller of the hotline has waited longer than the one who rang off."""
    return any(
        call.hotline == task.hotline
        and call.state is CallState.QUEUED
        and (call.queue_joined_at or call.started_at) <= since
        for call in calls
    )
