"""The place in the queue, the expected wait, and when it is said."""

from datetime import UTC, datetime, timedelta

import pytest

from telephony.announcer import FIRST_SECONDS, Announcer, moment, next_count, reminder_sounds
from telephony.calls.events import CallAnswered, CallQueued, CallRinging
from telephony.calls.model import CallChannels, CallState, CallView, Direction
from telephony.operators.events import OperatorChanged
from telephony.operators.model import Operator, OperatorState
from telephony.queues import Queues
from telephony.waits import LEAST_ANSWERS, Answer, Waits, expected, in_minutes
from tests.support.fake_switch import FakeSwitch
from tests.support.small_settings import small_settings
from tongdai.clock import HandClock
from tongdai.events import Bus
from tongdai.ids import AccountId, HotlineId, Linkedid, call_id_of
from tongdai.settings_queue import QueueTable

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
HOTLINE = HotlineId("can-tho")


def answers(*per_place: float, ago: float = 60) -> list[Answer]:
    return [Answer(NOW - timedelta(seconds=ago), seconds) for seconds in per_place]


@pytest.mark.parametrize(
    ("place", "known", "seconds"),
    [
        (1, answers(30, 40, 50, 60, 70), 50),
        (4, answers(30, 40, 50, 60, 70), 200),
        (1, answers(1, 1, 1, 1, 900), 1),  # one who waited for ever moves the median little
        (1, answers(50, 50, 50, 50), None),  # too few
        (1, answers(*[50] * 9, ago=11 * 60), None),  # nobody was answered for a while
        (1, answers(*[50] * 9, ago=31 * 60), None),  # long ago
        (40, answers(*[50] * 9), None),  # more than anybody can vouch for
        (1, answers(*[900] * 5, *[10] * 20), 10),  # only the latest count
        (1, [], None),
    ],
)
def test_a_wait_is_expected_from_recent_answers_or_not_at_all(
    place: int, known: list[Answer], seconds: float | None
) -> None:
    wait = expected(place, known, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (1, 1), (60, 1), (61, 2), (299.5, 5)])
def test_minutes_are_rounded_up(seconds: float, minutes: int) -> None:
    assert in_minutes(timedelta(seconds=seconds)) == minutes


@pytest.mark.parametrize("period", [20.0, 45.0, 60.0])
def test_what_is_said_falls_between_two_reminders(period: float) -> None:
    assert moment(0, period) == FIRST_SECONDS
    for count in range(1, 30):
        assert moment(count, period) % period == period / 2
    for waited in range(2_000):
        count = next_count(waited, period)
        assert moment(count, period) > waited
        assert count == 0 or moment(count - 1, period) <= waited
    assert not reminder_sounds(FIRST_SECONDS, period)
    assert reminder_sounds(2 * period + 1, period)


class Floor:
    """Queues, waits and announcer over a bridge on paper."""

    def __init__(self, clock: HandClock, queue: QueueTable | None = None) -> None:
        self.clock, self.bus, self.switch = clock, Bus(), FakeSwitch()
        settings = small_settings(queue=queue or QueueTable())
        self.waits = Waits(self.bus)
        self.queues = Queues(settings, self.bus, clock)
        self.announcer = Announcer(settings, self.waits, self.bus, clock)
        self.queues.connect(self.switch)
        self.announcer.connect(self.switch)

    def join(self, linkedid: str, position: int, menu: str | None = None) -> CallView:
        call = call_id_of("main", linkedid)
        known = self.switch.calls.get(call)
        view = known or CallView(
            id=call,
            pbx="main",
            linkedid=Linkedid(linkedid),
            hotline=HOTLINE,
            direction=Direction.INBOUND,
            caller_number="+84912345678",
            caller_raw="0912345678",
            caller_name="",
            caller_kind="mobile",
            called_number="02921022",
            started_at=self.clock.now(),
            queue_joined_at=self.clock.now(),
            state=CallState.QUEUED,
            menu=menu,
        )
        self.switch.calls[call] = view
        self.switch.channels[call] = CallChannels(
            caller=f"PJSIP/carrier-{linkedid}", operator=None, others=()
        )
        self.bus.publish(CallQueued(call=view, at=self.clock.now()))
        self.switch.tell(
            "QueueCallerJoin",
            Queue="tongdai-can-tho",
            Uniqueid=linkedid,
            Linkedid=linkedid,
            Position=str(position),
        )
        return view

    def leave(self, linkedid: str) -> None:
        self.switch.tell("QueueCallerLeave", Queue="tongdai-can-tho", Uniqueid=linkedid)

    def answer(self, view: CallView) -> None:
        self.leave(view.linkedid)
        self.bus.publish(CallAnswered(call=view, at=self.clock.now(), operator=None, seat=None))

    def place(self, view: CallView) -> tuple[int, int | None] | None:
        found = self.waits.place(view.id, self.clock.now())
        return (found.number, found.minutes) if found else None

    async def look(self) -> list[object]:
        """Let a second pass in the announcer; return to whom it spoke."""
        before = len(self.switch.actions)
        self.announcer.look()
        await self.announcer.settled()
        told = self.switch.actions[before:]
        return [headers["Data"] for name, headers in told if name == "Originate"]

    def ready(self, hotline: str = "can-tho") -> None:
        operator = Operator(
            account=AccountId("anna"),
            name="Anna",
            extension="1001",
            device="web",
            hotlines=(HotlineId(hotline),),
            since=self.clock.now(),
            state=OperatorState.READY,
        )
        at = self.clock.now()
        self.bus.publish(OperatorChanged(operator=operator, before=OperatorState.TALKING, at=at))


def test_answers_teach_what_those_behind_may_expect(clock: HandClock) -> None:
    floor = Floor(clock)
    for number in range(LEAST_ANSWERS):
        view = floor.join(f"{number}.0", 1)
        clock.advance(timedelta(seconds=90))
        assert floor.place(view) == (1, None)
        floor.answer(view)
    first, second = floor.join("8.0", 1), floor.join("9.0", 2)
    assert floor.place(first) == (1, 2)
    assert floor.place(second) == (2, 3)
    clock.advance(timedelta(minutes=11))
    assert floor.place(second) == (2, None)


def test_who_comes_back_keeps_his_place_and_teaches_nothing_wrong(clock: HandClock) -> None:
    floor = Floor(clock)
    floor.join("1.0", 1)
    mine = floor.join("2.0", 2)
    since = clock.now()
    clock.advance(timedelta(seconds=60))
    floor.leave("2.0")
    assert floor.place(mine) is None
    clock.advance(timedelta(seconds=30))
    floor.join("2.0", 2)
    waiting = floor.queues.snapshot()[0].waiting[1]
    assert (waiting.since, waiting.joined, waiting.first) == (since, clock.now(), None)
    assert floor.place(mine) == (2, None)
    assert floor.waits.since(mine.id) == since


def test_nothing_is_said_while_a_telephone_rings(clock: HandClock) -> None:
    floor = Floor(clock)
    view = floor.join("1.0", 1, menu="language=en")
    found = floor.waits.place(view.id, clock.now())
    assert found is not None
    assert found.language == "en"
    ringing = CallView(**{**view.__dict__, "ringing": (AccountId("anna"),)})
    at = clock.now()
    floor.bus.publish(CallRinging(call=ringing, at=at, operator=AccountId("anna"), seat="web-1001"))
    assert floor.place(view) is None


async def test_each_is_spoken_to_in_his_own_ear_at_his_time(clock: HandClock) -> None:
    floor = Floor(clock)
    floor.join("1.0", 1)
    clock.advance(timedelta(seconds=5))
    floor.join("2.0", 2)
    assert await floor.look() == []
    clock.advance(timedelta(seconds=4))
    assert await floor.look() == ["PJSIP/carrier-1.0,quW"]
    assert floor.switch.last("Originate")["__TONGDAI_WAITS"] == "1.0"
    assert floor.switch.last("Originate")["Channel"] == "Local/can-tho@tongdai-said"
    assert await floor.look() == []
    clock.advance(timedelta(seconds=82))
    assert await floor.look() == ["PJSIP/carrier-1.0,quW", "PJSIP/carrier-2.0,quW"]
    clock.advance(timedelta(seconds=200))  # the service was busy: what was missed is left out
    assert len(await floor.look()) == 2
    assert await floor.look() == []


async def test_a_hotline_that_announces_nothing_is_silent(clock: HandClock) -> None:
    floor = Floor(clock, QueueTable(announce_seconds=0))
    floor.join("1.0", 1)
    clock.advance(timedelta(seconds=300))
    assert await floor.look() == []


async def test_a_pbx_that_is_away_stops_no_announcer(clock: HandClock) -> None:
    floor = Floor(clock)
    floor.join("1.0", 1)
    clock.advance(timedelta(seconds=9))
    floor.switch.away = True
    assert await floor.look() == []
    floor.switch.away = False
    clock.advance(timedelta(seconds=82))
    assert len(await floor.look()) == 1


@pytest.mark.parametrize(
    ("waited", "hotline", "hushed"),
    [
        (30, "can-tho", False),
        (63, "can-tho", True),
        (90, "can-tho", False),
        (123, "can-tho", True),
        (63, "tay-ninh", False),
    ],
)
async def test_a_free_operator_ends_the_reminder_of_who_is_next(
    clock: HandClock, waited: int, hotline: str, *, hushed: bool
) -> None:
    floor = Floor(clock)
    floor.join("1.0", 1)
    floor.join("2.0", 2)
    clock.advance(timedelta(seconds=waited))
    floor.ready(hotline)
    await floor.announcer.settled()
    keys = [h["Channel"] for name, h in floor.switch.actions if name == "PlayDTMF"]
    assert keys == (["PJSIP/carrier-1.0"] if hushed else [])
