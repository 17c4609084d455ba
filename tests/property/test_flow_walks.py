"""Whatever is pressed, however often: a walk ends, and before each question something is said."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow import acts
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.graph import languages_of
from ivr.flow.parse import find_flow, shipped
from ivr.flow.state import Facts, State
from ivr.flow.walk import MOST_STEPS, TRIES, advance, begin

FLOWS = tuple(find_flow(name) for name in shipped())
KEYS = st.sampled_from("0123456789*#").map(lambda k: acts.Key(press=k))
LAST = (
    acts.ReadKey,
    acts.ReadDigits,
    acts.FindTicket,
    acts.Record,
    acts.KeepMessage,
    acts.DropMessage,
    acts.NoteCallBack,
    acts.ToDesk,
    acts.ToQueue,
    acts.Leave,
)
INPUTS: st.SearchStrategy[Input] = st.one_of(
    KEYS,
    KEYS,
    st.just(acts.Silence()),
    st.text(alphabet="0123456789*", max_size=11).map(lambda t: acts.Digits(typed=t)),
    st.just(acts.TicketFound(said=(Say(text="Phiếu đang được xử lý"),))),
    st.just(acts.TicketUnknown()),
    st.just(acts.NumberNeeded()),
    st.just(acts.Locked()),
    st.floats(min_value=0, max_value=600).map(lambda s: acts.Recorded(seconds=s)),
    st.just(acts.CallBackNoted(number="không chín")),
    st.just(acts.Done()),
    st.just(acts.NotDone()),
)
PLACES = st.tuples(st.sampled_from(FLOWS), st.booleans())


def start(place: tuple[object, bool]) -> tuple[State, tuple[Effect, ...]]:
    flow, is_open = place
    return begin(flow, Facts(open=is_open, next_opening="bảy giờ, thứ hai"))  # type: ignore[arg-type]


def check(state: State, effects: tuple[Effect, ...]) -> None:
    assert effects, "silence"
    assert isinstance(effects[-1], LAST)
    assert not any(isinstance(e, LAST) for e in effects[:-1]), "two questions at once"
    assert state.gone is isinstance(effects[-1], acts.ENDS)
    if isinstance(effects[-1], acts.ReadKey | acts.ReadDigits | acts.Record | acts.Leave):
        assert any(isinstance(e, Say) for e in effects), "asked without a word"
    for effect in effects:
        if isinstance(effect, Say):
            assert effect.text.strip(" .,")


@settings(max_examples=80)
@given(place=PLACES, inputs=st.lists(INPUTS, max_size=60))
def test_any_input_in_any_order_ends_in_a_person_a_message_or_a_farewell(
    place: tuple[object, bool], inputs: list[Input]
) -> None:
    state, effects = start(place)
    check(state, effects)
    for given_input in inputs:
        if state.gone:
            break
        state, effects = advance(state, given_input)
        check(state, effects)
    for _ in range(MOST_STEPS + 100):  # and from wherever it is, silence alone ends it
        if state.gone:
            break
        state, effects = advance(state, acts.Silence())
        check(state, effects)
    assert state.gone


@settings(max_examples=60)
@given(place=PLACES, seed=st.integers(min_value=0))
def test_who_presses_for_ever_is_led_on(place: tuple[object, bool], seed: int) -> None:
    state, _effects = start(place)
    keys = random.Random(seed)  # noqa: S311 - a test's choice
    for _ in range(400):
        if state.gone:
            break
        state, _effects = advance(state, acts.Key(press=keys.choice("0123456789*#")))
    assert state.gone, "still inside after 400 keys"
    assert state.steps <= MOST_STEPS + 20


@settings(max_examples=40)
@given(place=PLACES, inputs=st.lists(INPUTS, max_size=30))
def test_who_hangs_up_ends_it_at_once_and_a_message_that_was_spoken_is_kept(
    place: tuple[object, bool], inputs: list[Input]
) -> None:
    state, effects = start(place)
    for given_input in inputs:
        if state.gone:
            return
        state, effects = advance(state, given_input)
    if state.gone:
        return
    speaking = isinstance(effects[-1], acts.Record)
    gone, last = advance(state, acts.HungUp())
    assert gone.gone
    assert last in ((), (acts.KeepMessage(),))
    assert not speaking or last
    assert advance(gone, acts.Key(press="1"))[1] == ()


def test_three_wrong_keys_lead_on() -> None:
    for flow in FLOWS:
        state, effects = begin(flow, Facts(open=True))
        for _ in range(TRIES):
            assert isinstance(effects[-1], acts.ReadKey)
            state, effects = advance(state, acts.Key(press="*"))
        assert isinstance(effects[-1], acts.ToQueue)


def test_a_message_is_recorded_anew_twice_at_most_and_silence_keeps_it() -> None:
    flow = next(f for f in FLOWS if f.id == "tay-ninh")
    state, effects = begin(flow, Facts(open=False, next_opening="bảy giờ"))
    state, effects = advance(state, acts.Key(press="1"))
    for _ in range(2):
        assert effects[-1] == acts.Record(most_seconds=120)
        state, effects = advance(state, acts.Recorded(seconds=4))
        state, effects = advance(state, acts.Key(press="2"))
    state, effects = advance(state, acts.Recorded(seconds=4))
    for _ in range(TRIES):
        assert isinstance(effects[-1], acts.ReadKey)
        state, effects = advance(state, acts.Silence())
    assert effects == (acts.KeepMessage(),)
    state, effects = advance(state, acts.Done())
    assert isinstance(effects[-1], acts.Leave)


def test_what_is_said_in_english_is_reached_in_english_alone() -> None:
    flow = next(f for f in FLOWS if f.id == "ha-noi")
    spoken = languages_of(flow)
    assert {s for s, languages in spoken.items() if "en" in languages} == {
        "english-menu",
        "english-operator",
        "english-emergency",
        "english-menu-again",
    }
    state, _ = begin(flow, Facts(open=True))
    state, effects = advance(state, acts.Key(press="8"))
    assert {e.language for e in effects if isinstance(e, Say)} == {"en"}
    state, effects = advance(replace(state, silent=0), acts.Key(press="1"))
    assert effects[-1] == acts.ToQueue(skill="en", language="en")
