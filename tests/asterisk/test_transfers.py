"""Live transfer on the real Asterisk: every way that it can go, and the recording through all."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rig.carrier import PlacedCall
from telephony.bridge import Bridge
from telephony.calls.model import CallState, CallView
from telephony.calls.transfer import Kind, Reason, State
from telephony.operators import Operators
from telephony.operators.model import OperatorState
from telephony.transfers import Target, Transfers, TransferView
from telephony.transfers.errors import NotPossibleNow, NotYourCall, TransferRunning
from telephony.transfers.events import TransferEnded
from tests.support.sound import seconds
from tests.support.wait import until
from tests.support.world import World
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId

pytestmark = pytest.mark.asterisk

HOTLINE = HotlineId("can-tho")
ANNA = Viewer(
    id=AccountId("anna"),
    name="Anna",
    extension="1001",
    grants=frozenset({Grant(hotline=HOTLINE, role=Role.OPERATOR)}),
)
BINH = Viewer(
    id=AccountId("binh"),
    name="Bình",
    extension="1002",
    grants=frozenset({Grant(hotline=HOTLINE, role=Role.OPERATOR)}),
)
TAKES, REFUSES, LATER, NO_KEY = "0913000000", "0913000070", "0913000080", "0913000090"
RINGS_OUT, BUSY, UNREACHABLE, HANGS_UP = "0913000006", "0913000007", "0913000008", "0913000009"


@dataclass
class Service:
    """The telephony part of the service, on a world."""

    world: World
    bus: Bus
    db: Database
    operators: Operators
    bridge: Bridge
    transfers: Transfers
    task: asyncio.Task[None]
    ended: list[TransferView] = field(default_factory=list)

    @classmethod
    async def start(cls, world: World) -> "Service":
        clock, bus = SystemClock(), Bus()
        db = Database(world.settings.database.url, clock, bus)
        await db.create_all()
        operators = Operators(world.settings, db, bus, clock)
        bridge = Bridge(world.settings, db, bus, clock, seats=operators)
        transfers = Transfers(world.settings, db, bus, clock, operators)
        operators.connect(bridge)
        transfers.connect(bridge)

        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                for part in (bridge, operators, transfers):
                    group.create_task(part.run())

        service = cls(world, bus, db, operators, bridge, transfers, asyncio.create_task(run()))
        bus.on(TransferEnded, lambda e: service.ended.append(e.transfer))
        await until(lambda: bridge.ami("main").connected, within=15)
        await asyncio.sleep(0.3)
        return service

    async def stop(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(15):
                await self.bridge.settled()
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.db.close()


@dataclass
class Story:
    """A citizen's call that Anna has answered at her desk phone."""

    world: World
    service: Service
    citizen: PlacedCall
    call: CallView

    def now(self) -> CallView:
        found = self.service.bridge.call(self.call.id)
        assert found is not None
        return found

    async def start(self, number: str, kind: Kind = Kind.WARM) -> TransferView:
        return await self.service.transfers.start(
            self.call.id, kind=kind, target=Target(number=number, label="Sở Xây dựng"), by=ANNA
        )

    async def reach(self, transfer: TransferView, *states: State) -> TransferView:
        async def view() -> TransferView | None:
            now = await self.service.transfers.get(transfer.id)
            return now if now.state in states else None

        found = await until(view, within=25)
        assert isinstance(found, TransferView)
        return found

    def operator(self, account: Viewer = ANNA) -> OperatorState | None:
        found = self.service.operators.get(account.id)
        return found.state if found else None

    async def citizen_is_with(self, context: str) -> None:
        """Wait until the citizen's own channel is in that context."""
        await until(lambda: context in self.channels().get("carrier", ""), within=15)

    def channels(self) -> dict[str, str]:
        """Context of the citizen's (first carrier) channel, of seats by name."""
        found: dict[str, str] = {}
        for line in self.world.asterisk.command("core show channels concise").splitlines():
            name, context, *_ = line.split("!") if "!" in line else (line, "")
            if name.startswith("PJSIP/"):
                key = name.removeprefix("PJSIP/").rpartition("-")[0]
                first = key == "carrier" and name.rsplit("-", 1)[1] == self._citizen_number()
                if key != "carrier" or first:
                    found[key] = context
        return found

    def _citizen_number(self) -> str:
        channels = self.service.bridge.channels_of(self.call.id)
        assert channels is not None
        assert channels.caller
        return channels.caller.rsplit("-", 1)[1]

    async def over(self, *, seconds_within: float = 1.5) -> None:
        """The citizen hangs up: nothing is left, Anna is in wrap-up, the recording is whole."""
        await self.world.carrier.hang_up(self.citizen)
        await until(lambda: self.now().state is CallState.ENDED, within=10)
        await self.nothing_left()
        ended, answered = self.now().ended_at, self.call.answered_at
        assert ended is not None
        assert answered is not None
        recorded = self.recorded()
        length = (ended - answered).total_seconds()
        assert abs(recorded - length) < seconds_within, (recorded, length)

    def recorded(self) -> float:
        """Return how many seconds of the call are recorded."""
        return seconds(self.world.spool / f"call-{self.call.linkedid}.raw")

    async def nothing_left(self) -> None:
        def channels() -> str:
            return self.world.asterisk.command("core show channels concise").strip()

        await until(lambda: not channels(), within=10)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    changes: dict[str, dict[str, object]] = {
        "hotline": {"ring_seconds": 6, "accept_seconds": 15, "wrap_up_seconds": 1}
    }
    world = World(
        tmp_path, hotlines=("can-tho",), desks=("1001", "1002"), changes=changes, spoken=False,
        key_after_seconds=1, ring_seconds=1,
    )  # fmt: skip
    async with world:
        await trunk_is_known_to_be_up(world)
        yield world


async def trunk_is_known_to_be_up(world: World) -> None:
    """The carrier began after Asterisk, whose next look would come in twenty seconds."""
    world.asterisk.command("pjsip qualify carrier")
    contacts = world.asterisk.command
    await until(lambda: "Avail" in contacts("pjsip show aor carrier"), within=10, every=0.2)


@pytest.fixture
async def story(world: World) -> AsyncIterator[Story]:
    service = await Service.start(world)
    await service.operators.sign_on(ANNA, "desk")
    citizen = await world.carrier.place_call("02921022", "0912345678", "Trần Thị B", seconds=600)

    def answered() -> CallView | None:
        calls = service.bridge.calls()
        return calls[0] if calls and calls[0].state is CallState.ANSWERED else None

    call = await until(answered, within=20)
    await until(lambda: service.operators.get(ANNA.id).state is OperatorState.TALKING)
    await asyncio.sleep(1)
    story = Story(world, service, citizen, call)
    yield story
    await story.service.stop()


async def test_warm_consulted_and_completed(story: Story) -> None:
    transfer = await story.start(TAKES)
    await story.citizen_is_with("tongdai-hold")
    with pytest.raises(TransferRunning):
        await story.start(TAKES)
    with pytest.raises(NotPossibleNow):
        await story.service.transfers.complete(transfer.id, ANNA)
    with pytest.raises(NotYourCall):
        await story.service.transfers.cancel(transfer.id, BINH)
    await story.reach(transfer, State.ACCEPTED)
    accepted = time.monotonic()
    consultation = f"consultation-{story.call.linkedid}-*.raw"

    def consulted() -> float:
        return max(map(seconds, story.world.spool.glob(consultation)), default=0)

    await until(lambda: consulted() > 2, within=10)
    done = await story.service.transfers.complete(transfer.id, ANNA)
    lasted = time.monotonic() - accepted
    assert done.state is State.COMPLETED
    await story.citizen_is_with("tongdai-room")
    await until(lambda: story.operator() in (OperatorState.WRAP_UP, OperatorState.READY))
    await until(lambda: story.operator() is OperatorState.READY, within=5)
    before = story.recorded()
    await until(lambda: story.recorded() > before + 2, within=10)  # the two talk on
    assert consulted() < lasted + 1.5
    await story.over()
    await until(lambda: story.service.ended)
    assert [t.state for t in story.service.ended] == [State.COMPLETED]


async def test_blind_taken_by_key(story: Story) -> None:
    transfer = await story.start(TAKES, Kind.BLIND)
    done = await story.reach(transfer, State.COMPLETED)
    assert done.accepted_at is not None
    assert done.answered_at is not None
    assert done.accepted_at > done.answered_at
    await story.citizen_is_with("tongdai-room")
    await until(lambda: "desk-1001" not in story.channels(), within=5)
    await until(lambda: story.operator() is OperatorState.READY, within=5)
    await story.over()


async def test_three_way_and_the_operator_leaves(story: Story) -> None:
    transfer = await story.start(TAKES, Kind.THREE_WAY)
    await story.reach(transfer, State.ACCEPTED)
    await story.citizen_is_with("tongdai-room")
    assert "desk-1001" in story.channels()
    await asyncio.sleep(1)
    done = await story.service.transfers.complete(transfer.id, ANNA)
    assert done.state is State.COMPLETED
    await until(lambda: "desk-1001" not in story.channels(), within=5)
    await story.over()


@pytest.mark.parametrize(
    ("number", "reason", "detail"),
    [
        (RINGS_OUT, Reason.NO_ANSWER, ""),
        (BUSY, Reason.BUSY, ""),
        (UNREACHABLE, Reason.UNREACHABLE, ""),
        (HANGS_UP, Reason.NOT_ACCEPTED, "hung_up"),
        (REFUSES, Reason.NOT_ACCEPTED, "refused"),
        (LATER, Reason.NOT_ACCEPTED, "later"),
        (NO_KEY, Reason.NOT_ACCEPTED, "no_key"),
    ],
)
async def test_blind_not_taken_the_caller_is_back(
    story: Story, number: str, reason: Reason, detail: str
) -> None:
    transfer = await story.start(number, Kind.BLIND)
    done = await story.reach(transfer, State.RETURNED, State.COMPLETED)
    assert (done.state, done.reason, done.detail) == (State.RETURNED, reason, detail)
    await story.citizen_is_with("tongdai-room")
    assert "desk-1001" in story.channels()
    await until(lambda: story.now().state is CallState.ANSWERED)
    await asyncio.sleep(1)
    await story.over()
    await until(lambda: story.operator() is OperatorState.READY, within=5)


async def test_the_operator_gives_up_and_tries_another(story: Story) -> None:
    transfer = await story.start(RINGS_OUT)
    await story.reach(transfer, State.RINGING)
    await story.service.transfers.cancel(transfer.id, ANNA)
    await story.citizen_is_with("tongdai-room")
    again = await story.start(TAKES)
    await story.citizen_is_with("tongdai-hold")
    await story.reach(again, State.ACCEPTED)
    await story.service.transfers.join(again.id, ANNA)
    await story.citizen_is_with("tongdai-room")
    await asyncio.sleep(1)
    await story.over()
    await until(lambda: len(story.service.ended) == 2)
    assert [t.state for t in story.service.ended] == [State.CANCELLED, State.COMPLETED]


@pytest.mark.parametrize("stage", [State.RINGING, State.ACCEPTED])
async def test_the_caller_hangs_up_in_mid_transfer(story: Story, stage: State) -> None:
    transfer = await story.start(RINGS_OUT if stage is State.RINGING else TAKES)
    await story.reach(transfer, stage)
    await story.over()
    done = await story.reach(transfer, State.ABANDONED)
    assert done.reason is Reason.CALLER_HUNG_UP
    await until(lambda: story.operator() is OperatorState.READY, within=5)


async def test_the_operator_hangs_up_in_mid_transfer(story: Story) -> None:
    await story.service.operators.sign_on(BINH, "desk")
    transfer = await story.start(RINGS_OUT)
    await story.reach(transfer, State.RINGING)
    await story.world.carrier.desk_hangs_up("1001")
    done = await story.reach(transfer, State.RETURNED)
    assert done.reason is Reason.OPERATOR_HUNG_UP
    await until(lambda: story.operator(BINH) is OperatorState.TALKING, within=15)
    await asyncio.sleep(1)
    await story.over()


async def test_the_operator_hangs_up_while_consulting(story: Story) -> None:
    transfer = await story.start(TAKES)
    await story.reach(transfer, State.ACCEPTED)
    await story.world.carrier.desk_hangs_up("1001")
    await story.reach(transfer, State.COMPLETED)
    await story.citizen_is_with("tongdai-room")
    await asyncio.sleep(1)
    await story.over()


async def test_the_service_is_killed_and_the_caller_comes_back_by_himself(story: Story) -> None:
    transfer = await story.start(RINGS_OUT)
    await story.reach(transfer, State.RINGING)
    await story.service.stop()
    await story.citizen_is_with("tongdai-hold")
    await until(lambda: "tongdai-room" in story.channels().get("carrier", ""), within=35)
    story.service = again = await Service.start(story.world)
    await until(lambda: len(again.ended) == 1, within=10)
    assert again.ended[0].state is State.RETURNED
    await story.over()


async def test_the_service_is_killed_and_goes_on_with_the_consultation(story: Story) -> None:
    transfer = await story.start(TAKES)
    await story.reach(transfer, State.ACCEPTED)
    await story.service.stop()
    story.service = await Service.start(story.world)
    await story.reach(transfer, State.ACCEPTED)
    await until(lambda: story.service.transfers.for_call(story.call.id))
    await story.service.transfers.complete(transfer.id, ANNA)
    await story.citizen_is_with("tongdai-room")
    await until(lambda: "desk-1001" not in story.channels(), within=5)
    await story.over()
