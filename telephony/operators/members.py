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
from tongdai.settings_queue import OVERFLOW_PENALTY

log = structlog.get_logger()

Entry = tuple[bool, str, int]
Told = dict[tuple[str, str], Entry]
"""(queue, interface) -> paused, why, penalty."""
_UNSURE = (False, "?", 0)
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
                why = m.reason if m.paused else ""
                told[m.queue, m.interface] = (m.paused, why, m.penalty)

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
                for key, entry in wanted.items():
                    known = told.get(key)
                    if known != entry:
                        told[key] = _UNSURE
                        await self._tell(*key, account, known=known, wanted=entry)
                        told[key] = entry
            except Unavailable as away:
                log.warning("operator.not_followed", account=account, why=str(away))
                if isinstance(away, ActionTimedOut):
                    self._again(account)
                return False
        return True

    async def _tell(
        self, queue: str, interface: str, account: str, *, known: Entry | None, wanted: Entry
    ) -> None:
        """Add a member or change one; what we believed of him may be wrong either way."""
        if known is not None and known != _UNSURE and known[2] != wanted[2]:
            await self._remove(queue, interface)
            known = None
        add = partial(self._add, queue, interface, account, wanted)
        pause = partial(self._pause, queue, interface, wanted)
        first, second = (add, pause) if known is None else (pause, add)
        if not await first():
            await second()

    async def _add(self, queue: str, interface: str, account: str, wanted: Entry) -> bool:
        paused, reason, penalty = wanted
        return await self._action(
            "QueueAdd",
            Queue=queue,
            Interface=interface,
            MemberName=account,
            Penalty=str(penalty) if penalty else None,
            Paused="true" if paused else "false",
            Reason=reason or None,
        )

    async def _remove(self, queue: str, interface: str) -> None:
        await self._action("QueueRemove", Queue=queue, Interface=interface)

    async def _pause(self, queue: str, interface: str, wanted: Entry) -> bool:
        paused, reason, _penalty = wanted
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
    places = [(h, 0) for h in wanted.hotlines] + [(h, OVERFLOW_PENALTY) for h in wanted.also]
    return {
        (f"tongdai-{hotline}", wanted.interface): (wanted.paused, wanted.reason, penalty)
        for hotline, penalty in places
    }
