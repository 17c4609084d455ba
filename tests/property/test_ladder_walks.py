"""Any walk of acts and time keeps the ladder's promises (issue 3)."""

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from escalation.act import Act
from escalation.choice import situations
from escalation.ladder import Ladder
from escalation.lawbook import default_lawbook
from escalation.standing import next_due, responsible
from escalation.state import Line, State
from tongdai.clock import HCM

BOOK = default_lawbook()
HOTLINES = tuple(BOOK.versions)
STEPS = st.timedeltas(timedelta(0), timedelta(days=12))


def ladder_of(hotline: str) -> Ladder:
    procedure, calendar = BOOK.procedure(hotline), BOOK.calendar(hotline)
    assert procedure is not None
    assert calendar is not None
    return Ladder(procedure, calendar)


def acts(now: datetime) -> st.SearchStrategy[Act]:
    later = st.timedeltas(timedelta(days=-1), timedelta(days=30)).map(lambda d: now + d)
    return st.one_of(
        st.sampled_from(
            ["received", "accepted", "answered_directly", "referred", "returned", "answered"]
        ).map(lambda e: Act(event=e)),
        st.sampled_from(["referred", "answered", "approved", "sent_back", "published"]).map(
            lambda e: Act(event=e, reason="vì")
        ),
        later.map(lambda u: Act(event="extended", until=u, document="7", reason="vì")),
        st.just(Act(event="rejected", ground="out_of_scope")),
        st.just(Act(event="rated", score="unsatisfied", reason="chậm")),
        st.sampled_from(["form", "inadequate", "unsatisfied"]).map(
            lambda g: Act(event="rework", ground=g)
        ),
        st.sampled_from(["clarification_requested", "clarified"]).map(lambda e: Act(event=e)),
        st.sampled_from(["urgent", "normal", "complex"]).map(
            lambda v: Act(event="level_changed", level=v)
        ),
        st.sampled_from(["force_majeure_began", "force_majeure_ended"]).map(lambda e: Act(event=e)),
    )


class Walk(RuleBasedStateMachine):
    """Acts and waits at random; two ladders run, one of them put away as JSON at every step."""

    hotline = "can-tho"

    def __init__(self) -> None:
        super().__init__()
        self.ladder = ladder_of(self.hotline)
        self.now = datetime(2026, 2, 10, 1, 0, tzinfo=UTC)
        self.lines: list[Line] = []
        self.state = State(track=self.ladder.procedure.track[0].id)

    @initialize(track=st.integers(min_value=0, max_value=5))
    def begin(self, track: int) -> None:
        tracks = self.ladder.procedure.track
        self.state = State(track=tracks[track % len(tracks)].id)
        self.do(Act(event="received"))

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        self.do(data.draw(acts(self.now)))

    @rule(step=STEPS, stops=st.lists(STEPS, max_size=3))
    def wait(self, step: timedelta, stops: list[timedelta]) -> None:
        """However often it stops on the way, what happens is the same."""
        end = self.now + step
        straight, lines = self.ladder.advance(self.state, end)
        state, resumed = self.state, list[Line]()
        for stop in sorted(self.now + min(s, step) for s in stops):
            state, more = self.ladder.advance(self.put_away(state), stop)
            resumed += more
        state, more = self.ladder.advance(self.put_away(state), end)
        assert state == straight
        assert [*resumed, *more] == lines
        self.take(state, lines)
        starts = [line.stage for line in lines if line.do == "start"]
        assert len(starts) == len(set(starts))
        self.now = end

    @rule()
    def wait_for_the_deadline(self) -> None:
        due = next_due(self.state)
        if due is None or due < self.now:
            return
        state, lines = self.ladder.advance(self.state, due)
        assert all(line.do == "remind" and line.at < due for line in lines)  # still in time
        self.take(state, lines)
        self.now = due

    @invariant()
    def somebody_is_responsible_until_the_end(self) -> None:
        if self.state.closed_at is None and self.state.received_at is not None:
            assert responsible(self.ladder.procedure, self.state) is not None
            assert situations(self.state)

    @invariant()
    def time_does_not_run_backwards(self) -> None:
        moments = [line.at for line in self.lines]
        assert moments == sorted(moments)

    @invariant()
    def nothing_is_said_twice(self) -> None:
        said = [line for line in self.lines if line.do != "refuse"]
        for do in ("close", "overdue"):
            assert sum(line.do == do for line in said) <= 1
        timed = [(li.at, li.do, li.stage) for li in said if li.do in ("missed", "overdue")]
        assert len(timed) == len(set(timed))

    def do(self, act: Act) -> None:
        before = self.state
        state, lines = self.ladder.perform(self.state, act, self.now)
        again, same = self.ladder.perform(self.put_away(self.state), act, self.now)
        assert (again, same) == (state, lines)
        if lines and lines[-1].do == "refuse":
            advanced, _ = self.ladder.advance(before, self.now)
            assert state == advanced
            assert lines[-1].source
            assert lines[-1].why
        self.take(state, lines)

    def take(self, state: State, lines: list[Line]) -> None:
        self.state = state
        self.lines += lines

    def put_away(self, state: State) -> State:
        return State.from_json(state.as_json(), HCM)


@pytest.mark.parametrize("hotline", HOTLINES)
def test_any_walk_keeps_the_promises(hotline: str) -> None:
    machine = type(f"Walk_{hotline}", (Walk,), {"hotline": hotline})
    case = machine.TestCase  # type: ignore[attr-defined]  # hypothesis adds it
    case.settings = settings(max_examples=40, stateful_step_count=25)
    case().runTest()


@settings(max_examples=50)
@given(st.integers(min_value=0, max_value=60 * 24 * 60))
def test_without_an_act_can_tho_always_ends_with_the_leadership(minutes: int) -> None:
    ladder = ladder_of("can-tho")
    start = datetime(2026, 2, 10, 1, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    state = State(track="general")
    for act in (Act(event="received"), Act(event="referred")):
        state, _ = ladder.perform(state, act, start)
    state, lines = ladder.advance(state, start + timedelta(days=60))
    assert [line.stage for line in lines if line.do == "start"] == ["unit_head", "leadership"]
    assert state.overdue
    assert state.missed == ("focal_point", "unit_head")


def test_every_shipped_procedure_is_walked() -> None:
    folder = resources.files("escalation").joinpath("procedures")
    files = {f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")}
    assert files == set(HOTLINES)
