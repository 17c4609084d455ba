"""Operators in memory, told by the PBX's events and by the console; app_queue follows them.

What app_queue must know is compared with what it was told, and the difference is sent: after every
change, and after every connect with what the PBX really has. An operator is paused in the queue as
soon as he talks, so that no call rings between its end and the wrap-up.
"""

import asyncio
from dataclasses import replace

import structlog

from telephony.behind import WriteBehind
from telephony.calls.errors import PbxAway
from telephony.operators import restore
from telephony.operators.ear import PACKETS, Ear
from telephony.operators.errors import InCall, NoSeat, NotAnOperatorHere, NotSignedOn, UnknownPause
from telephony.operators.members import AllMembers
from telephony.operators.model import (
    Device,
    Operator,
    OperatorState,
    Signal,
    advance,
)
from telephony.operators.overflow import helps_out
from telephony.operators.phones import Phones
from telephony.operators.recall import Recall
from telephony.operators.roster import Roster
from telephony.switch import Switch
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway
from tongdai.events import Bus
from tongdai.health import Condition, Part, State
from tongdai.ids import AccountId, HotlineId
from tongdai.settings import Settings

log = structlog.get_logger()

BROWSER_GRACE_SECONDS = 10.0
MISSED_LIMIT = 2
RETRY_SECONDS = 2.0


class Operators:
    """All operators who are signed on."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        bus: Bus,
        clock: Clock,
        *,
        browser_grace_seconds: float = BROWSER_GRACE_SECONDS,
        missed_limit: int = MISSED_LIMIT,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Take what is needed; `connect` gives the bridge, which needs this object itself.

        Args:
            settings: Hotlines, their wrap-up times and reasons for a pause.
            db: For the state log.
            bus: Gets OperatorChanged.
            clock: The service's clock.
            browser_grace_seconds: How long a console may be away (a page that loads again).
            missed_limit: After how many unanswered calls in a row an operator is paused.
            retry_seconds: When a PBX is told again what it did not confirm.
        """
        self._retry_seconds = retry_seconds
        self._settings, self._db, self._clock = settings, db, clock
        self._grace = browser_grace_seconds
        self._pbxs = tuple(pbx.name for pbx in settings.pbx) or ("main",)
        self._phones = Phones()
        self._members = AllMembers(self._pbxs, self._mark_later)
        self._behind = WriteBehind(db, "operators")
        self._condition = Condition(clock, State.OK)
        self._dirty: set[AccountId] = set()
        self._nameless: set[AccountId] = set()
        self._wake = asyncio.Event()
        self._roster = Roster(settings, self._behind, bus, clock, self._mark)
        self._recall = Recall(db, clock, self._roster, settings)
        self._ear = Ear(
            self._roster,
            self._members,
            self._phones,
            clock,
            missed_limit=missed_limit,
            grace_seconds=browser_grace_seconds,
            found=self._nameless.add,
            mark=self._mark,
        )

    def connect(self, switch: Switch) -> None:
        """Listen to the bridge and act through it."""
        self._members.connect(switch)
        switch.on_packet(PACKETS, self._ear.on_packet)
        switch.on_state(self._ear.on_state)
        switch.on_state(lambda _pbx, _state: self._recall.begin())

    async def run(self) -> None:
        """Keep app_queue and the state log up to date until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._behind.run())
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    while self._dirty:
                        group.create_task(self._follow(self._dirty.pop()))
                    while self._nameless:
                        group.create_task(self._find_name(self._nameless.pop()))
        finally:
            self._roster.close()
            await self._recall.close()

    async def health(self) -> dict[str, Part]:
        """Say whether app_queue follows; see tongdai.health.HasHealth."""
        return {"operators": self._condition.part}

    def operator_of(self, seat: str) -> AccountId | None:
        """Return who is signed on at the phone `web-1001` or `desk-1001`."""
        operator = self._roster.at_seat(seat)
        return operator.account if operator else None

    def get(self, account: AccountId) -> Operator | None:
        """Return the operator, if signed on."""
        return self._roster.operators.get(account)

    def snapshot(self) -> tuple[Operator, ...]:
        """Return everybody who is signed on, by extension."""
        return tuple(sorted(self._roster.operators.values(), key=lambda o: o.extension))

    def seat_for(self, extension: str) -> str:
        """Return the phone that rings for an extension: where somebody is, else the desk's."""
        here = (o.seat for o in self._roster.operators.values() if o.extension == extension)
        return next(here, f"desk-{extension}")

    async def sign_on(
        self, viewer: Viewer, device: Device, hotlines: tuple[HotlineId, ...] | None = None
    ) -> Operator:
        """Sign an operator on, at the phone he chose, for some or all of his hotlines.

        Signing on again moves him (another phone, other hotlines); the same again changes nothing.

        Raises:
            NoSeat: The account has no extension.
            NotAnOperatorHere: One of the hotlines is not his.
            InCall: He is in a call.
            Unavailable: The PBX does not answer.
        """
        allowed = viewer.hotlines_for(Role.OPERATOR)
        chosen = allowed if hotlines is None else tuple(sorted(set(hotlines)))
        if viewer.extension is None:
            raise NoSeat(None, account=viewer.id)
        if not chosen or not set(chosen) <= set(allowed):
            raise NotAnOperatorHere(None, account=viewer.id)
        before = self.get(viewer.id)
        if before is not None:
            same = (before.seat, before.hotlines) == (f"{device}-{viewer.extension}", chosen)
            if same:
                return before
            self._refuse_in_call(before)
        operator = Operator(
            account=viewer.id,
            name=viewer.name,
            extension=viewer.extension,
            device=device,
            hotlines=chosen,
            since=self._clock.now(),
            also=helps_out(self._settings, chosen, allowed),
        )
        self._roster.put(advance(operator, Signal.SIGNED_ON, at=self._clock.now()))
        if not await self._follow(viewer.id):
            await self.sign_off(viewer.id)
            raise PbxAway(pbx=self._pbxs[0])
        log.info("operator.signed_on", account=viewer.id, seat=operator.seat, hotlines=chosen)
        return self._known(viewer.id)

    async def sign_off(self, account: AccountId) -> None:
        """Sign an operator off.

        Raises:
            NotSignedOn: He is not there.
            InCall: He is in a call.
        """
        operator = self._known(account)
        self._refuse_in_call(operator)
        self._roster.put(advance(operator, Signal.SIGNED_OFF, at=self._clock.now()))
        await self._follow(account)

    async def ready(self, account: AccountId) -> Operator:
        """End a pause or the wrap-up; during a call, forget the pause that was to follow.

        Raises:
            NotSignedOn: He is not there.
        """
        self._roster.signal(self._known(account), Signal.WANTS_READY)
        await self._follow(account)
        return self._known(account)

    async def pause(self, account: AccountId, reason: str) -> Operator:
        """Pause now, or after the call that is going on.

        Raises:
            NotSignedOn: He is not there.
            UnknownPause: The settings have no such reason.
        """
        operator = self._known(account)
        tables = (self._settings.hotline_by_id(h) for h in operator.hotlines)
        if reason not in {p.code for table in tables if table for p in table.pause}:
            raise UnknownPause(None, fields={"reason": "unknown"}, account=account)
        self._roster.signal(operator, Signal.WANTS_PAUSE, reason)
        await self._follow(account)
        return self._known(account)

    def browser_seen(self, account: AccountId) -> None:
        """Note that the operator's console is open (its push socket is there)."""
        self.browser_is(account, there=True, node="")

    def browser_gone(self, account: AccountId) -> None:
        """Note that it is not; he is offered no more calls should it stay so for the grace."""
        self._roster.browser_gone(account, self._grace)

    def browser_is(self, account: AccountId, there: bool, node: str) -> None:  # noqa: FBT001 - a listener's own form
        """Note whether the console is open, at a node of several."""
        if there:
            self._roster.browser_seen(account, node)
            self._recall.browser_seen(account)
        else:
            self._roster.browser_gone(account, self._grace, node)

    def home(self, operator: Operator) -> str:
        """Return the PBX at which an operator's phone is."""
        return self._phones.home(operator.seat, self._pbxs)

    def _known(self, account: AccountId) -> Operator:
        operator = self.get(account)
        if operator is None:
            raise NotSignedOn(None, account=account)
        return operator

    def _refuse_in_call(self, operator: Operator) -> None:
        if operator.state in (OperatorState.RINGING, OperatorState.TALKING):
            raise InCall(None, account=operator.account)

    def _mark(self, account: AccountId) -> None:
        self._dirty.add(account)
        self._wake.set()

    def _mark_later(self, account: AccountId) -> None:
        asyncio.get_running_loop().call_later(self._retry_seconds, self._mark, account)

    async def _follow(self, account: AccountId) -> bool:
        """Tell every app_queue what it must know; False: none of them answers.

        One that does not is told at its next connect.
        """
        away = await self._members.follow(account, lambda: self.get(account))
        if away:
            names = ", ".join(sorted(away))
            detail = f"the queue does not take the operators' states: {names}"
            self._condition.set(State.DEGRADED, detail)
        else:
            self._condition.set(State.OK)
        return len(away) < len(self._pbxs)

    async def _find_name(self, account: AccountId) -> None:
        """Find out how somebody is called whom only the PBX knew (after our restart)."""
        try:
            name = await restore.name_of(self._db, account)
        except DatabaseAway:
            self._nameless.add(account)  # asked again with whoever wakes us next
            asyncio.get_running_loop().call_later(self._retry_seconds, self._wake.set)
            return
        operator = self.get(account)
        if name and operator is not None:
            self._roster.put(replace(operator, name=name))
