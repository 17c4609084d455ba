"""Joins this node to the others: events, the live state, browsers, orders, health.

One node at a time runs the bridge (a lock of PostgreSQL's says which); the others mirror its live
state. A node that cannot reach PostgreSQL goes on by itself: its own events need no line.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import URL

from telephony.calls.events import PbxConnected
from tongdai.aside import Aside
from tongdai.errors import Conflict
from tongdai.events import Bus, Event
from tongdai.health import Part
from tongdai.ids import AccountId, new_id
from tongdai.nodes.codec import OF_ALL, OF_THE_BRIDGE, State, dump, dump_event, load, load_event
from tongdai.nodes.line import Line, Message
from tongdai.nodes.mirror import Mirror
from tongdai.nodes.orders import BridgeAway, Do, Orders, carry_out

log = structlog.get_logger()

BEAT_SECONDS = 3.0
SILENT_SECONDS = 11.0
"""A node that is not heard for so long is gone: /healthz says so within 15 s."""
STANDBY_SECONDS = 10.0
"""How long the line must stand before a waiting node may take the bridge over."""
_LOCK = 0x1022_1022
Presence = Callable[[AccountId, bool, str], None]


class BridgeTaken(Conflict):
    """Another node runs the bridge now: this one must stop doing so."""

    code = "bridge_taken"


@dataclass(slots=True)
class Heard:
    """What was heard of another node last; `at` is on the loop's clock."""

    at: float
    parts: frozenset[str]
    accounts: frozenset[AccountId]
    health: dict[str, Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What this node tells the others, and does for them.

    Attributes:
        parts: What it runs of web, bridge, ivr, worker.
        health: How its own parts are.
        browsers: Accounts that have a browser open here.
        refresh: Show every browser here the state anew.
        state: The live state, at the node of the bridge.
        orders: What it carries out, at the node of the bridge.
        presence: Told of the others' browsers, at the node of the bridge.
    """

    parts: frozenset[str]
    health: Callable[[], Awaitable[dict[str, Part]]]
    browsers: Callable[[], Collection[AccountId]]
    refresh: Callable[[], None]
    state: Callable[[], State]
    orders: Mapping[str, Do]
    presence: Presence


class Relay:
    """This node among the others."""

    def __init__(
        self,
        url: URL,
        bus: Bus,
        *,
        beat_seconds: float = BEAT_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
        standby_seconds: float = STANDBY_SECONDS,
    ) -> None:
        """Prepare the line; `join` says what this node runs.

        Args:
            url: The database's.
            bus: Events go out from it and come in to it.
            beat_seconds: How often this node tells how it is.
            silent_seconds: See SILENT_SECONDS.
            standby_seconds: See STANDBY_SECONDS.
        """
        self.node = new_id()[:12]
        self._beat_seconds, self._silent_seconds = beat_seconds, silent_seconds
        self._standby_seconds = standby_seconds
        self._nudged = asyncio.Event()
        self.mirror = Mirror()
        self._bus = bus
        self._line = Line(url, self.node, self._heard, self._opened)
        self.orders = Orders(self._line.send)
        self._local: Local | None = None
        self._bridging = False
        self._telling = False
        self._known: dict[str, Heard] = {}
        self._aside = Aside()

    def join(self, local: Local) -> None:
        """Say what this node runs; called once, before it runs."""
        self._local = local
        for kind in OF_ALL:
            self._bus.on(kind, self._tell)
        if "bridge" in local.parts:
            for kind in OF_THE_BRIDGE:
                self._bus.on(kind, self._tell)
            self._bus.on(PbxConnected, lambda _: self._send_state())

    async def run(self) -> None:
        """Keep the line and tell how this node is, until cancelled.

        Raises:
            BridgeTaken: Another node has taken the bridge over while this one's line was down.
        """
        line = asyncio.create_task(self._line.run())
        try:
            while True:
                self._nudged.clear()
                await self._keep_the_bridge()
                await self._beat()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._beat_seconds):
                        await self._nudged.wait()
        finally:
            self._line.send({"kind": "bye"})
            await self._line.flush()
            line.cancel()
            await asyncio.wait([line])
            await self._aside.end()

    async def _keep_the_bridge(self) -> None:
        """Hold the lock, again after a lost line.

        Our own lost session may hold it for a while: that it is taken is said by who has it.
        """
        taken = self._bridging and await self._line.lock(_LOCK) is False
        if taken and any("bridge" in heard.parts for heard in self.others().values()):
            raise BridgeTaken(None, node=self.node)

    async def may_bridge(self) -> None:
        """Return when this node may run the bridge: nobody else does, or nobody can say.

        A database that is away keeps no lone node from its calls.
        """
        waits = False
        while True:
            line = self._line
            now = asyncio.get_running_loop().time()
            if line.opened_at is None and line.failed and not waits:
                break
            settled = line.opened_at is not None and now - line.opened_at > self._standby_seconds
            if settled or not waits:
                taken = await line.lock(_LOCK)
                if taken:
                    break
                if taken is False and not waits:
                    waits = True
                    log.warning("node.stands_by", why="another node runs the bridge")
            await asyncio.sleep(0.2)
        self._bridging = True
        self._send_state()
        self.tell_presence()

    @property
    def bridge_there(self) -> bool:
        """Whether a node that runs the bridge was heard lately, or is this one."""
        return self._bridging or any("bridge" in n.parts for n in self.others().values())

    async def ask(self, name: str, *arguments: object) -> Any:
        """Have an order carried out at the node of the bridge.

        Raises:
            Refusal: As it was refused there; BridgeAway: nobody answers.
        """
        if not self.bridge_there:
            raise BridgeAway
        return await self.orders.ask(name, *arguments)

    def others(self) -> dict[str, Heard]:
        """Return the other nodes that were heard lately."""
        now = asyncio.get_running_loop().time()
        return {n: h for n, h in self._known.items() if now - h.at < self._silent_seconds}

    def tell_presence(self) -> None:
        """Tell now who has a browser open here."""
        self._nudged.set()

    # --- out ---

    def _tell(self, event: Event) -> None:
        if not self._telling:
            self._line.send({"kind": "event", "event": dump_event(event)})

    def _send_state(self) -> None:
        if self._bridging and self._local is not None:
            self._line.send({"kind": "state", "state": dump(self._local.state(), State)})

    async def _beat(self) -> None:
        self._forget()
        local = self._local
        if local is None:
            return
        parts = set(local.parts) - (set() if self._bridging else {"bridge"})
        health = await local.health()
        self._line.send(
            {
                "kind": "here",
                "parts": sorted(parts),
                "accounts": sorted(local.browsers()),
                "health": dump(health, dict[str, Part]),
            }
        )

    # --- in ---

    def _opened(self) -> None:
        self._line.send({"kind": "hello"})
        self._send_state()
        self.tell_presence()

    def _heard(self, message: Message) -> None:
        match message["kind"]:
            case "event":
                self._take_event(message)
            case "hello":
                self._send_state()
                self.tell_presence()
            case "state" if not self._bridging:
                self.mirror.replace(load(message["state"], State))
                if self._local is not None:
                    self._local.refresh()
            case "here":
                self._note(message["node"], message)
            case "bye":
                self._gone(message["node"])
            case "order" if self._bridging:
                self._aside.begin(self._carry_out(message))
            case "answer" if message["to"] == self.node:
                self.orders.answered(message)
            case _:
                pass

    def _take_event(self, message: Message) -> None:
        event = load_event(message["event"])
        if event is None or (self._bridging and isinstance(event, OF_THE_BRIDGE)):
            return
        self.mirror.apply(event)
        self._telling = True
        try:
            self._bus.publish(event)
        finally:
            self._telling = False

    async def _carry_out(self, message: Message) -> None:
        orders = self._local.orders if self._local else {}
        self._line.send(await carry_out(message, orders))

    # --- the other nodes ---

    def _note(self, node: str, message: Message) -> None:
        before = self._known.get(node)
        now = Heard(
            at=asyncio.get_running_loop().time(),
            parts=frozenset(message["parts"]),
            accounts=frozenset(AccountId(a) for a in message["accounts"]),
            health=load(message["health"], dict[str, Part]),
        )
        self._known[node] = now
        self._browsers(node, before.accounts if before else frozenset(), now.accounts)

    def _forget(self) -> None:
        for node in set(self._known) - set(self.others()):
            log.warning("node.silent", node=node)
            self._gone(node)

    def _gone(self, node: str) -> None:
        known = self._known.pop(node, None)
        if known is not None:
            self._browsers(node, known.accounts, frozenset())

    def _browsers(self, node: str, before: frozenset[AccountId], now: frozenset[AccountId]) -> None:
        if self._local is None or "bridge" not in self._local.parts:
            return
        for account in now - before:
            self._local.presence(account, True, node)
        for account in before - now:
            self._local.presence(account, False, node)
