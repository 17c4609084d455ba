"""The operators in memory: what changed is told, logged and timed."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from telephony.behind import WriteBehind
from telephony.operators.events import OperatorChanged
from telephony.operators.model import (
    Operator,
    OperatorState,
    Signal,
    advance,
    ended_wrap_up,
    settle,
)
from telephony.operators.store import log_change
from tongdai.clock import Clock
from tongdai.events import Bus
from tongdai.ids import AccountId
from tongdai.settings import Settings

log = structlog.get_logger()


class Roster:
    """Everybody who is signed on; `changed` is called with whoever is not as he was."""

    def __init__(
        self,
        settings: Settings,
        behind: WriteBehind,
        bus: Bus,
        clock: Clock,
        changed: Callable[[AccountId], None],
    ) -> None:
        """Begin with nobody."""
        self._settings, self._behind, self._bus, self._clock = settings, behind, bus, clock
        self._tell = changed
        self._timers: dict[tuple[str, AccountId], asyncio.TimerHandle] = {}
        self._browsers: defaultdict[AccountId, set[str]] = defaultdict(set)
        self.operators: dict[AccountId, Operator] = {}
        self.left: set[AccountId] = set()
        """Who signed off here: a PBX that still has them was not told yet."""

    def at_seat(self, seat: str) -> Operator | None:
        """Return who is signed on at `web-1001` or `desk-1001`."""
        return next((o for o in self.operators.values() if o.seat == seat), None)

    def signal(self, operator: Operator, signal: Signal, reason: str = "") -> None:
        """Let `signal` happen to the operator."""
        self.put(advance(operator, signal, at=self._clock.now(), reason=reason))

    def put(self, operator: Operator) -> None:
        """Keep the operator as he is now, and tell everybody what changed."""
        before = self.operators.get(operator.account)
        if before == operator:
            return
        self.operators[operator.account] = operator
        if before is None or before.state is not operator.state:
            self._cancel("wrap_up", operator.account)
            if operator.state is OperatorState.WRAP_UP:
                operator = self.time_wrap_up(operator)
        self._changed(operator, before.state if before else OperatorState.SIGNED_OFF)
        if operator.state is OperatorState.SIGNED_OFF:
            del self.operators[operator.account]
            self._cancel("browser", operator.account)
            self.left.add(operator.account)
        else:
            self.left.discard(operator.account)
        self._tell(operator.account)

    def time_wrap_up(self, operator: Operator) -> Operator:
        """Let the wrap-up end by itself, after the time that its call's hotline gives."""
        table = self._settings.hotline_by_id(operator.hotline or operator.hotlines[0])
        seconds = table.wrap_up_seconds if table else 0
        until = self._clock.now() + timedelta(seconds=seconds)
        operator = replace(operator, until=until)
        self.operators[operator.account] = operator
        self._later("wrap_up", operator.account, seconds, self._wrap_up_is_over)
        return operator

    def browser_seen(self, account: AccountId, node: str = "") -> None:
        """Note that the console is open, whether its operator is signed on (yet) or not.

        Args:
            account: Whose.
            node: At which node of several; nothing for this one.
        """
        self._browsers[account].add(node)
        self._cancel("browser", account)
        operator = self.operators.get(account)
        if operator is not None and not operator.browser:
            self.put(settle(replace(operator, browser=True), self._clock.now()))

    def browsers(self) -> frozenset[AccountId]:
        """Return whose consoles are open."""
        return frozenset(account for account, nodes in self._browsers.items() if nodes)

    def browser_gone(self, account: AccountId, grace_seconds: float, node: str = "") -> None:
        """Note that it is not, unless it is seen again within the grace."""
        self._browsers[account].discard(node)
        self.browser_awaited(account, grace_seconds)

    def browser_awaited(self, account: AccountId, grace_seconds: float) -> None:
        """Give the console the grace to come, unless it is open already."""
        if account in self.operators and not self._browsers[account]:
            self._later("browser", account, grace_seconds, self._browser_is_gone)

    def phone_is(self, operator: Operator, *, there: bool) -> None:
        """Note whether the phone can ring."""
        if operator.phone is not there:
            log.info("operator.phone", account=operator.account, seat=operator.seat, there=there)
            self.put(settle(replace(operator, phone=there), self._clock.now()))

    def close(self) -> None:
        """Stop every timer."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _changed(self, operator: Operator, before: OperatorState) -> None:
        now = self._clock.now()
        key, write = log_change(operator, before, now)
        self._behind.add(key, write)
        self._bus.publish(OperatorChanged(operator=operator, before=before, at=now))

    def _wrap_up_is_over(self, account: AccountId) -> None:
        operator = self.operators.get(account)
        if operator is not None:
            self.put(ended_wrap_up(operator, at=self._clock.now()))

    def _browser_is_gone(self, account: AccountId) -> None:
        operator = self.operators.get(account)
        if operator is not None and operator.browser:
            log.info("operator.browser_gone", account=account)
            self.put(settle(replace(operator, browser=False), self._clock.now()))

    def _later(
        self, what: str, account: AccountId, seconds: float, then: Callable[[AccountId], None]
    ) -> None:
        self._cancel(what, account)
        loop = asyncio.get_running_loop()
        self._timers[what, account] = loop.call_later(seconds, then, account)

    def _cancel(self, what: str, account: AccountId) -> None:
        timer = self._timers.pop((what, account), None)
        if timer is not None:
            timer.cancel()
