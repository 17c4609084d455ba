"""app_queue's members: what it was told, and the difference to what it must know."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from telephony.ami.client import ACTION_SECONDS
from telephony.calls.errors import ActionTimedOut
from telephony.calls.reconcile import Member
from telephony.operators.model import Membership, Operator, membership
from telephony.switch import Switch
from tongdai.errors import Unavailable
from tongdai.ids import AccountId

log = structlog.get_logger()

Told = dict[tuple[str, str], tuple[bool, str]]
"""(queue, interface) -> paused, why."""
_UNSURE = (False, "?")
"""An action is under way, or was not answered: it may have been carried out all the same."""


class AllMembers:
    """The operators' memberships at every PBX."""

    def __init__(self, pbxs: Iterable[str], again: Callable[[AccountId], None]) -> None:
        """Begin with none.

        Args:
            pbxs: Their names.
            again: Told whose memberships are unsure, for an action was not answered in time.
        """
        self._at = {pbx: Members(pbx, again) for pbx in pbxs}

    def connect(self, switch: Switch) -> None:
        """Act through this bridge."""
        for members in self._at.values():
            members.connect(switch)

    def learn(self, pbx: str, members: Iterable[Member]) -> None:
        """Take what a PBX really has in our queues."""
        self._at[pbx].learn(members)

    async def follow(
        self, account: AccountId, now: Callable[[], Operator | None]
    ) -> frozenset[str]:
        """Send what is different from `now()` everywhere; return the PBXs that do not answer."""
        followed = await asyncio.gather(*(m.follow(account, now) for m in self._at.values()))
        return frozenset(pbx for pbx, done in zip(self._at, followed, strict=True) if not done)


class Members:
    """The operators' memberships at one PBX."""

    def __init__(self, pbx: str, again: Callable[[AccountId], None]) -> None:
        self._pbx, self._again = pbx, again
        self._switch: Switch | None = None
        self._told: dict[AccountId, Told] = defaultdict(dict)
        self._locks: dict[AccountId, asyncio.Lock] = defaultdict(asyncio.Lock)

    def connect(self, switch: Switch) -> None:
        """Act through this bridge."""
        self._switch = switch

    def learn(self, members: Iterable[Member]) -> None:
        """Take what the PBX really has in our queues."""
        self._told.clear()
        for m in members:
            if m.queue.startswith("tongdai-"):
                told = self._told[AccountId(m.name)]
                told[m.queue, m.interface] = (m.paused, m.reason if m.paused else "")

    async def follow(self, account: AccountId, now: Callable[[], Operator | None]) -> bool:
        """Send what is different from `now()`; False when the PBX does not answer."""
        async with self._locks[account]:
            operator = now()
            wanted = _told(membership(operator, self._pbx) if operator else None)
            told = self._told[account]
            try:
                for key in [k for k in told if k not in wanted]:
                    told[key] = _UNSURE
                    await self._remove(*key)
                    del told[key]
                for key, (paused, reason) in wanted.items():
                    known = told.get(key)
                    if known != (paused, reason):
                        told[key] = _UNSURE
                        new = known is None
                        await self._tell(*key, account, new=new, paused=paused, reason=reason)
                        told[key] = (paused, reason)
            except Unavailable as away:
                log.warning("operator.not_followed", account=account, why=str(away))
                if isinstance(away, ActionTimedOut):
                    self._again(account)
                return False
        return True

    async def _tell(
        self, queue: str, interface: str, account: str, *, new: bool, paused: bool, reason: str
    ) -> None:
        """Add a member or change one; what we believed of him may be wrong either way."""
        add = partial(self._add, queue, interface, account, paused=paused, reason=reason)
        pause = partial(self._pause, queue, interface, paused=paused, reason=reason)
        first, second = (add, pause) if new else (pause, add)
        if not await first():
            await second()

    async def _add(
        self, queue: str, interface: str, account: str, *, paused: bool, reason: str
    ) -> bool:
        return await self._action(
            "QueueAdd",
            Queue=queue,
            Interface=interface,
            MemberName=account,
            Paused="true" if paused else "false",
            Reason=reason or None,
        )

    async def _remove(self, queue: str, interface: str) -> None:
        await self._action("QueueRemove", Queue=queue, Interface=interface)

    async def _pause(self, queue: str, interface: str, *, paused: bool, reason: str) -> bool:
        return await self._action(
            "QueuePause",
            Queue=queue,
            Interface=interface,
            Paused="true" if paused else "false",
            Reason=reason or None,
        )

    async def _action(self, name: str, **headers: str | None) -> bool:
        """Do it; a refusal (already a member, not a member) is logged and is no failure here."""
        if self._switch is None:
            raise Unavailable
        reply = await self._switch.ami(self._pbx).action(name, timeout=ACTION_SECONDS, **headers)
        if not reply.ok:
            log.info("queue.refused", action=name, said=reply.message, queue=headers.get("Queue"))
        return reply.ok


def _told(wanted: Membership | None) -> Told:
    if wanted is None:
        return {}
    return {
        (f"tongdai-{hotline}", wanted.interface): (wanted.paused, wanted.reason)
        for hotline in wanted.hotlines
    }
