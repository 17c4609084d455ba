"""Pages on one node, the bridge on another, one PostgreSQL, a real Asterisk (DESIGN.md rule 6)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from rig.child import Child
from tests.conftest import clone
from tests.support.people import Operator
from tests.support.service import Service
from tests.support.town import HOTLINE, QUICK, Town, state_of
from tests.support.wait import until
from tests.support.world import World
from tongdai.ids import new_id

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]


class Nodes(Town):
    """A town whose service is a node of pages; `bridge` is the other node."""

    bridge: Child


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Nodes]:
    async with _nodes(postgres_server, tmp_path_factory) as made:
        yield made


@asynccontextmanager
async def _nodes(server: str, folders: pytest.TempPathFactory) -> AsyncIterator[Nodes]:
    url = await clone(server, None, f"nodes_{new_id()[:12]}")
    world = World(
        folders.mktemp("nodes"),
        changes=QUICK,
        hotlines=(HOTLINE,),
        database_url=url,
    )
    pages = Service(world, only="web")
    bridge = pages.node("bridge,ivr,worker")
    async with world:
        await pages.command("migrate")
        try:
            bridge.start()
            async with pages:
                made = Nodes(world, pages)
                made.bridge = bridge
                yield made
        finally:
            bridge.stop()


async def test_a_call_pops_where_the_browser_is_while_another_node_bridges(nodes: Nodes) -> None:
    number = nodes.number()
    async with nodes.operator() as operator:
        await nodes.world.carrier.behave("1001", "ring")
        await nodes.call(number, "Nguyễn Thị Hồng")
        await until(lambda: operator.cards() and operator.cards()[-1]["ringing"], within=20)
        assert operator.cards()[-1]["caller"]["name"] == "Nguyễn Thị Hồng"
        await nodes.world.carrier.behave("1001", "answer")
        card = await operator.card("answered", within=40)
        ticket = await operator.order("POST", f"/console/calls/{card['id']}/ticket")
        focal = await nodes.unit(operator, "do hoang phuc")
        body = {"kind": "warm", "person": focal["person"], "ticket": ticket["id"]}
        begun = await operator.order("POST", f"/console/calls/{card['id']}/transfers", body)
        transfer = begun["transfer"]["id"]
        await until(lambda: "ringing" in _transfer_states(operator, transfer), within=20)
        given_up = await operator.order("POST", f"/console/transfers/{transfer}/cancel")
        assert given_up["transfer"]["state"] == "cancelled"
        await operator.card("answered", within=20)
        refused = await operator.order("POST", f"/console/transfers/{transfer}/cancel", status=409)
        assert refused["code"] == "transfer_not_possible_now"
        await operator.order("POST", f"/console/calls/{card['id']}/hang-up", status=204)
        await nodes.silent()
        row = await nodes.ended(number)
        assert (row["outcome"], row["ticket"]) == ("answered", ticket["id"])
        await until(lambda: state_of(operator) == "ready", within=15)
        paused = await operator.order("POST", "/console/me/pause", {"reason": "meal"})
        assert (paused["state"], paused["reason"]) == ("paused", "meal")


async def test_the_bridge_killed_in_a_call_and_started_again_it_is_the_same_call(
    nodes: Nodes,
) -> None:
    number = nodes.number()
    async with nodes.operator() as operator:
        call = await nodes.call(number)
        before = await operator.card("answered", within=20)
        nodes.bridge.kill()
        assert await nodes.unwell("pbx:main") == "no node that runs it is heard"
        await operator.order("POST", "/console/me/pause", {"reason": "meal"}, status=503)
        operator.pushed.clear()
        nodes.bridge.start()
        await nodes.well("pbx:main")
        after = await operator.card("answered", within=20)
        assert (after["id"], after["answered_at"]) == (before["id"], before["answered_at"])
        await nodes.hang_up(call)
        ended = await operator.card("ended", within=20)
        assert ended["id"] == before["id"]
        row = await nodes.ended(number)
        assert (row["outcome"], row["operator"] is not None) == ("answered", True)
        await until(lambda: state_of(operator) == "ready", within=20)


async def test_a_stand_by_takes_the_call_over_when_the_bridge_is_killed(nodes: Nodes) -> None:
    number, standby = nodes.number(), nodes.service.node("bridge")
    standby.start()
    try:
        await until(lambda: "node.stands_by" in standby.tail(40), within=30, every=0.1)
        async with nodes.operator() as operator:
            call = await nodes.call(number)
            before = await operator.card("answered", within=20)
            operator.pushed.clear()
            nodes.bridge.kill()
            after = await operator.card("answered", within=60)
            assert (after["id"], after["answered_at"]) == (before["id"], before["answered_at"])
            await nodes.hang_up(call)
            assert (await operator.card("ended", within=20))["id"] == before["id"]
            await until(lambda: state_of(operator) == "ready", within=20)
    finally:
        standby.stop()


def _transfer_states(operator: Operator, transfer: str) -> list[str]:
    told = (m["data"] for m in operator.pushed if m["kind"] == "transfer")
    return [data["state"] for data in told if data["id"] == transfer]
