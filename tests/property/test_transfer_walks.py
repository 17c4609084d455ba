"""Whatever happens in whatever order: the caller is never with nobody, and nothing stays open."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telephony.calls.transfer import Course, Effect, Kind, Signal, Stage, advance, follow_up

HOLD, ROOM, QUEUE, GONE = "hold", "room", "queue", "gone"


class World(RuleBasedStateMachine):
    """A PBX of three legs, moved by what the table says."""

    @initialize(kind=st.sampled_from(list(Kind)))
    def start(self, kind: Kind) -> None:
        self.course = Course(kind=kind)
        self.caller, self.operator, self.person = HOLD, True, "dialled"
        self.was_taken = False

    def tell(self, signal: Signal) -> bool:
        step = advance(self.course, signal)
        if step is None:
            return False
        self.course, effects = step
        for effect in effects:
            self.do(effect)
        following = follow_up(self.course)
        if following:
            assert self.tell(following)
        return True

    def do(self, effect: Effect) -> None:
        match effect:
            case Effect.DROP_PERSON:
                self.person = GONE
            case Effect.RELEASE_OPERATOR:
                self.operator = False
            case Effect.BRING_CALLER if self.caller != GONE:
                self.caller = ROOM if self.operator or self.person == ROOM else QUEUE
            case _:
                pass

    @precondition(lambda self: self.person == "dialled")
    @rule()
    def rings(self) -> None:
        self.tell(Signal.RANG)

    @precondition(lambda self: self.person == "dialled")
    @rule()
    def answers(self) -> None:
        self.person = "asked"
        self.tell(Signal.ANSWERED)

    @precondition(lambda self: self.person == "asked")
    @rule()
    def takes(self) -> None:
        self.person, self.was_taken = ROOM, True
        self.tell(Signal.TAKEN)

    @precondition(lambda self: self.person == "asked")
    @rule()
    def refuses(self) -> None:
        self.tell(Signal.REFUSED)
        self.person = GONE

    @precondition(lambda self: self.person in ("dialled", "asked"))
    @rule()
    def times_out(self) -> None:
        self.tell(Signal.TIMED_OUT)

    @precondition(lambda self: self.person != GONE)
    @rule()
    def person_hangs_up(self) -> None:
        self.person = GONE
        self.tell(Signal.PERSON_LEFT)
        self.last_marked_left()

    @precondition(lambda self: self.operator)
    @rule()
    def operator_hangs_up(self) -> None:
        self.operator = False
        self.tell(Signal.OPERATOR_LEFT)
        self.last_marked_left()

    @precondition(lambda self: self.caller != GONE)
    @rule()
    def caller_hangs_up(self) -> None:
        self.caller = GONE
        self.tell(Signal.CALLER_LEFT)

    @precondition(lambda self: self.caller == HOLD)
    @rule()
    def lease_runs_out(self) -> None:
        self.caller = ROOM if self.operator or self.person == ROOM else QUEUE
        self.tell(Signal.CALLER_BACK)

    @rule(order=st.sampled_from([Signal.COMPLETE, Signal.JOIN, Signal.CANCEL]))
    def operator_orders(self, order: Signal) -> None:
        self.tell(order)

    def last_marked_left(self) -> None:
        """ConfBridge ends the caller's stay when the last marked one leaves: the call is over."""
        if self.caller == ROOM and not self.operator and self.person != ROOM:
            self.caller = GONE

    @invariant()
    def caller_is_never_with_nobody(self) -> None:
        if self.caller == ROOM:
            assert self.operator or self.person == ROOM
        if self.caller == HOLD:
            assert self.course.caller_waits

    @invariant()
    def nothing_stays_open(self) -> None:
        if self.course.state.is_final:
            assert self.caller != HOLD
            assert self.person not in ("dialled", "asked")
        if self.caller == GONE:
            assert self.course.state.is_final
        if self.person == GONE:
            assert self.course.state.is_final

    @invariant()
    def nobody_meets_the_caller_without_taking_the_call(self) -> None:
        if self.course.stage in (Stage.JOINED, Stage.COMPLETED):
            assert self.was_taken

    @invariant()
    def the_table_knows_who_is_there(self) -> None:
        if not self.course.state.is_final:
            assert self.course.operator_there == self.operator


TestWalks = World.TestCase
TestWalks.settings = settings(max_examples=200, stateful_step_count=12)
