"""Several nodes on one PostgreSQL: events, state, orders, browsers and who runs the bridge."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, update

from telephony.calls.events import CallEnded, CallEvent, CallRinging
from telephony.calls.model import CallState, CallView
from telephony.operators.errors import NotSignedOn
from telephony.operators.model import Operator
from telephony.queues import QueueChanged, QueueView, Waiting
from tests.conftest import clone
from tests.support.wait import until as until_within
from tests.unit.test_nodes_wire import ANNA, AT, CALL, OPERATOR, QUEUE
from tickets.events import TicketLinked
from tongdai.accounts.service import Accounts
from tongdai.accounts.tables import Account
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errors import Conflict
from tongdai.events import Bus
from tongdai.health import Part
from tongdai.health import State as Condition
from tongdai.ids import AccountId, CallId, TicketId, new_id
from tongdai.nodes.codec import State
from tongdai.nodes.doors import FarCalls, FarHealth, FarOperators
from tongdai.nodes.line import Line
from tongdai.nodes.orders import BridgeAway
from tongdai.nodes.relay import BridgeTaken, Local, Relay
from tongdai.settings import WebTable

until = partial(until_within, within=20)
LIVE = replace(CALL, state=CallState.QUEUED, ended_at=None)
WELL = Part(state=Condition.OK, detail="", since=AT)
SILENT = Part(state=Condition.DOWN, detail="nobody", since=AT)


@dataclass
class Node:
    """One node: what it holds, and what it was told."""

    relay: Relay
    bus: Bus
    calls: list[CallView] = field(default_factory=list)
    browsers: set[AccountId] = field(default_factory=set)
    heard: list[CallEvent] = field(default_factory=list)
    seen: list[tuple[str, bool, str]] = field(default_factory=list)
    refreshed: int = 0
    task: "asyncio.Task[None] | None" = None

    def refresh(self) -> None:
        self.refreshed += 1

    def state(self) -> State:
        return State(calls=tuple(self.calls), operators=(OPERATOR,), transfers=(), queues=(QUEUE,))


@pytest.fixture
async def url(postgres_server: str) -> str:
    return await clone(postgres_server, None, f"nodes_{new_id()[:12]}")


@asynccontextmanager
async def node(url: str, parts: set[str], **times: float) -> AsyncIterator[Node]:
    bus = Bus()
    times = {"beat_seconds": 0.2, "silent_seconds": 5.0, "standby_seconds": 0.1} | times
    one = Node(Relay(make_url(url), bus, **times), bus)

    async def health() -> dict[str, Part]:
        return {"pbx:main": WELL} if "bridge" in parts else {}

    async def pause(account: AccountId, reason: str) -> Operator:
        if account != ANNA:
            raise NotSignedOn(None, account=account)
        return replace(OPERATOR, reason=reason)

    orders: dict[str, Any] = {"pause": pause}
    bus.on(CallEvent, one.heard.append)
    one.relay.join(
        Local(
            parts=frozenset(parts),
            health=health,
            browsers=lambda: one.browsers,
            refresh=one.refresh,
            state=one.state,
            orders=orders,
            presence=lambda account, there, where: one.seen.append((account, there, where)),
        )
    )
    one.task = asyncio.create_task(one.relay.run())
    try:
        if "bridge" in parts:
            await one.relay.may_bridge()
        yield one
    finally:
        one.task.cancel()
        with suppress(asyncio.CancelledError, BridgeTaken):
            await one.task


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Node, Node]]:
    """Give a node of pages and the node of the bridge, which have heard of each other."""
    async with node(url, {"web"}) as web, node(url, {"bridge"}) as bridge:
        await until(lambda: web.relay.bridge_there and web.refreshed and bridge.relay.others())
        yield web, bridge


async def test_a_ring_is_told_where_the_browser_is_and_nowhere_twice(url: str) -> None:
    async with two(url) as (web, bridge):
        ring = CallRinging(call=LIVE, at=AT, operator=ANNA, seat="web-1001")
        bridge.bus.publish(ring)
        await until(lambda: web.heard)
        assert FarCalls(web.relay).calls() == (LIVE,)
        bridge.bus.publish(CallEnded(call=CALL, at=AT))
        await until(lambda: len(web.heard) == 2)
        assert (web.heard[0], FarCalls(web.relay).calls()) == (ring, ())
        assert FarCalls(web.relay).call(CALL.id) == CALL
        assert len(bridge.heard) == 2


async def test_what_does_not_fit_one_notification_arrives_whole(url: str) -> None:
    waiting = tuple(Waiting(call=CallId(new_id()), pbx="main", since=AT) for _ in range(300))
    many = QueueView(hotline=QUEUE.hotline, waiting=waiting)
    async with two(url) as (web, bridge):
        bridge.bus.publish(QueueChanged(queue=many))
        await until(lambda: web.relay.mirror.queues[QUEUE.hotline] == many)


async def test_a_ticket_that_is_linked_at_one_node_is_the_call_s_at_the_other(url: str) -> None:
    async with two(url) as (web, bridge):
        bridge.bus.publish(CallRinging(call=LIVE, at=AT, operator=ANNA, seat="web-1001"))
        linked = TicketLinked(ticket=TicketId("t"), hotline=LIVE.hotline, by=ANNA, call=LIVE.id)
        bridge.bus.publish(linked)

        def known() -> bool:
            call = FarCalls(web.relay).call(LIVE.id)
            return call is not None and call.ticket == "t"

        await until(known)
        heard: list[TicketLinked] = []
        bridge.bus.on(TicketLinked, heard.append)
        web.bus.publish(linked)
        await until(lambda: heard == [linked])


async def test_an_account_that_is_barred_at_one_node_is_forgotten_at_the_others(
    postgres_server: str, postgres_template: str, clock: HandClock
) -> None:
    """Sessions are cached; the other node would let it in for another minute."""
    url = await clone(postgres_server, postgres_template, f"nodes_{new_id()[:12]}")
    async with two(url) as (web, other):
        near, far = (Database(url, clock, one.bus) for one in (web, other))
        here, there = (Accounts(db, clock, WebTable(), ("can-tho",)) for db in (near, far))
        async with near.write() as tx:
            account = Account(id="lan", username="lan", full_name="Lan", created_at=tx.now)
            account.password_hash = here.hash_password("mật khẩu của Lan")
            tx.session.add(account)
        cookie, _session = await here.sign_in("lan", "mật khẩu của Lan", "127.0.0.1")
        assert await there.by_cookie(cookie) is not None
        async with near.write() as tx:
            await tx.session.execute(update(Account).values(active=False))
        here.forget("lan")

        async def refused() -> bool:
            return await there.by_cookie(cookie) is None

        await until(refused)
        await near.close()
        await far.close()


async def test_an_order_is_carried_out_at_the_bridge_or_refused_as_there(url: str) -> None:
    async with two(url) as (web, _):
        desk = FarOperators(web.relay)
        assert (await desk.pause(ANNA, "tea")).reason == "tea"
        with pytest.raises(Conflict) as refused:
            await desk.pause(AccountId("berta"), "tea")
        assert (refused.value.reason, refused.value.ids) == (
            "operator_not_signed_on",
            {"account": "berta"},
        )


async def test_without_a_bridge_an_order_is_refused_at_once(url: str) -> None:
    async with node(url, {"web"}) as web:
        with pytest.raises(BridgeAway):
            await FarOperators(web.relay).pause(ANNA, "tea")
        assert await FarHealth(web.relay, ("pbx:main",), SILENT).health() == {"pbx:main": SILENT}


async def test_the_bridge_knows_who_has_a_browser_open_elsewhere(url: str) -> None:
    async with node(url, {"bridge"}) as bridge:
        async with node(url, {"web"}) as web:
            web.browsers.add(ANNA)
            web.relay.tell_presence()
            where = web.relay.node
            await until(lambda: bridge.seen == [(ANNA, True, where)])
            await until(lambda: web.relay.bridge_there)
        await until(lambda: bridge.seen[1:] == [(ANNA, False, where)])


async def test_a_node_that_falls_silent_has_no_browsers_any_more(url: str) -> None:
    async with (
        node(url, {"bridge"}, silent_seconds=1.0) as bridge,
        node(url, {"web"}, beat_seconds=60) as web,
    ):
        web.browsers.add(ANNA)
        web.relay.tell_presence()
        await until(lambda: (ANNA, True, web.relay.node) in bridge.seen)
        await until(lambda: bridge.seen[-1] == (ANNA, False, web.relay.node))


async def test_how_the_bridge_is_can_be_asked_at_every_node(url: str) -> None:
    async with two(url) as (web, _):
        far = FarHealth(web.relay, ("pbx:main", "spool"), SILENT)
        assert await far.health() == {"pbx:main": WELL, "spool": SILENT}


async def test_after_a_lost_line_the_state_is_fetched_anew(url: str) -> None:
    async with two(url) as (web, bridge):
        before = web.refreshed
        bridge.calls.append(LIVE)
        await _cut_lines(url)
        await until(lambda: web.refreshed > before and FarCalls(web.relay).calls() == (LIVE,))
        bridge.calls.clear()  # one of the lines may be down yet: then the state says so
        bridge.bus.publish(CallEnded(call=CALL, at=AT))
        await until(lambda: FarCalls(web.relay).calls() == ())


@pytest.mark.parametrize(
    "why", [asyncpg.InternalClientError("another operation (2) is in progress"), RuntimeError()]
)
async def test_a_line_that_breaks_in_whatever_way_is_opened_again(
    url: str, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    notify, broken = Line._notify, list[Line]()

    async def breaks(line: Line, connection: asyncpg.Connection) -> None:
        if line not in broken:
            broken.append(line)
            raise why
        await notify(line, connection)

    async with two(url) as (web, bridge):
        bridge.calls.append(LIVE)  # of which only the state tells, once a line is open again
        monkeypatch.setattr(Line, "_notify", breaks)
        await until(lambda: len(broken) == 2)
        await until(lambda: FarCalls(web.relay).calls() == (LIVE,))
        bridge.calls.clear()
        bridge.bus.publish(CallEnded(call=CALL, at=AT))
        await until(lambda: FarCalls(web.relay).calls() == ())


async def test_one_node_bridges_and_the_next_takes_over_when_it_is_gone(url: str) -> None:
    async with node(url, {"bridge"}) as first:
        second = asyncio.create_task(_bridges(url))
        await until(first.relay.others)
        assert not second.done()
        assert all("bridge" not in heard.parts for heard in first.relay.others().values())
    assert await asyncio.wait_for(second, 20)


async def test_who_bridged_without_a_database_stops_when_another_does_by_then(url: str) -> None:
    plain = url.replace("+asyncpg", "")
    name = plain.rsplit("/", 1)[1]
    server = await asyncpg.connect(plain.rsplit("/", 1)[0] + "/postgres")
    try:
        async with node(url, {"bridge"}):
            await server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            async with node(url, {"bridge"}) as late:
                assert late.task is not None
                assert late.relay.bridge_there
                await server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
                await until(late.task.done)
                assert isinstance(late.task.exception(), BridgeTaken)
    finally:
        await server.close()


async def _bridges(url: str) -> bool:
    async with node(url, {"bridge"}) as one:
        return one.relay.bridge_there


async def _cut_lines(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tongdai-node' AND datname = current_database()"
        )
    finally:
        await connection.close()
