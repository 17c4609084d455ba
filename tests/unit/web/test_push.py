"""Numbers, gaps, snapshots, and who hears what."""

from tongdai.accounts.model import Viewer
from tongdai.clock import HandClock
from tongdai.ids import AccountId
from web.push import QUEUE, Push

LAN = Viewer(id=AccountId("lan"), name="Lan")
HUY = Viewer(id=AccountId("huy"), name="Huy")


async def test_messages_are_numbered_by_account_and_reach_only_that_account(
    clock: HandClock,
) -> None:
    push = Push(clock)
    lan, huy = push.join(LAN), push.join(HUY)
    push.send(LAN.id, "ring", {"call": "1"})
    push.send(HUY.id, "ring", {"call": "2"})
    push.send(LAN.id, "end", {"call": "1"})
    first, second = await lan.get(), await lan.get()
    assert (first, second) == (
        {"seq": 1, "kind": "ring", "data": {"call": "1"}},
        {"seq": 2, "kind": "end", "data": {"call": "1"}},
    )
    assert await huy.get() == {"seq": 1, "kind": "ring", "data": {"call": "2"}}


async def test_every_browser_of_an_account_hears_the_same_numbers(clock: HandClock) -> None:
    push = Push(clock)
    one, other = push.join(LAN), push.join(LAN)
    push.send(LAN.id, "ring", {})
    assert await one.get() == await other.get()


async def test_the_snapshot_stands_for_the_last_number(clock: HandClock) -> None:
    push = Push(clock)
    push.snapshot_from("calls", lambda viewer: {"of": viewer.name})
    push.send(LAN.id, "ring", {})
    message = push.snapshot(LAN)
    assert (message["seq"], message["data"]) == (1, {"calls": {"of": "Lan"}})
    assert push.beat(LAN)["seq"] == 1


async def test_a_browser_that_fell_behind_gets_a_snapshot_instead_of_old_news(
    clock: HandClock,
) -> None:
    push = Push(clock)
    line = push.join(LAN)
    for _number in range(QUEUE + 1):
        push.send(LAN.id, "ring", {})
    assert await line.get() is None
    push.send(LAN.id, "end", {})
    following = await line.get()
    assert following is not None
    assert following["kind"] == "end"


async def test_only_the_last_browser_that_goes_is_told(clock: HandClock) -> None:
    push = Push(clock)
    told: list[tuple[str, bool]] = []
    push.on_presence(lambda account, there: told.append((account, there)))
    one, other = push.join(LAN), push.join(LAN)
    push.leave(one)
    assert told == [("lan", True)]
    assert push.there() == {"lan"}
    push.leave(other)
    assert told == [("lan", True), ("lan", False)]
    assert push.there() == frozenset()
