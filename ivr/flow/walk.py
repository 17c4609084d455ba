"""A caller's way through a flow: (state, input) -> (state, effects); pure.

The shell carries the effects out in order; the last one is a question, whose answer is the next
input, or the end. What is said between is never empty: no caller meets silence.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from ivr.flow import acts, callback
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.model import (
    CallBack,
    Emergency,
    Flow,
    HangUp,
    Inform,
    Language,
    LookUp,
    Menu,
    Message,
    OneStop,
    Queue,
    Repeat,
)
from ivr.flow.state import Facts, Phase, State, menu_text, said

TRIES = 3
MOST_STEPS = 40
"""After so many steps a caller who only goes round is led on as if nothing were pressed."""
CODE_DIGITS, PHONE_DIGITS, DIGIT_SECONDS, CONFIRM_SECONDS = 10, 11, 6, 5
LEAST_MESSAGE_SECONDS = 1.5
"""What is shorter is no message: of a caller who says nothing the PBX keeps one second."""
Turn = tuple[State, tuple[Effect, ...]]


def begin(flow: Flow, facts: Facts) -> Turn:
    """Return the first turn of a call: greeting, notice, then the first step."""
    state = _start(flow, facts)
    greeted: tuple[Effect, ...] = (
        *said(state, flow.greeting),
        Say(text=flow.notice, language=state.language, key=False),
        acts.Told(),
    )
    state, effects = _enter(state, state.step)
    return state, (*greeted, *effects)


def resume(flow: Flow, facts: Facts) -> Turn:
    """Return the first turn of a caller who was greeted and told before."""
    state = _start(flow, facts)
    return _enter(state, state.step)


def advance(state: State, given: Input) -> Turn:
    """Return what follows from an input; what does not fit the question is a wrong entry."""
    if isinstance(given, acts.HungUp):
        return _hung_up(state)
    return _AFTER[state.phase](state, given)


def _start(flow: Flow, facts: Facts) -> State:
    first = flow.start if facts.open or flow.closed is None else flow.closed
    return State(flow=flow, facts=facts, step=first, language=flow.language)


def _enter(  # noqa: C901, PLR0911 - one branch a kind of step
    state: State, step_id: str, *before: Effect
) -> Turn:
    """Go to a step; `before` is said first."""
    step = state.flow.step_of(step_id)
    steps = state.steps + 1
    state = replace(state, step=step_id, wrong=0, silent=0, typed="", steps=steps)
    tired = state.steps > MOST_STEPS
    match step:
        case Menu() | LookUp() | Message() | CallBack() | OneStop() if tired:
            return _enter(state, step.otherwise, *before)
        case Menu():
            return _ask_menu(replace(state, menu=step.id), step, *before)
        case Queue():
            words = said(state, step.say)
            end = acts.ToQueue(
                field=step.field,
                priority=step.priority,
                skill=step.skill,
                language=state.language,
                again=step.again,
            )
            return _gone(state, *before, *words, end)
        case Inform() | Emergency():
            return _enter(state, step.then, *before, acts.Served(), *said(state, step.say))
        case LookUp():
            return _ask_code(state, *before, *said(state, step.say))
        case Message():
            return _record(state, step, *before, *said(state, step.say))
        case CallBack():
            return callback.begin(state, step, *before, *said(state, step.say))
        case Repeat():
            return _enter(state, state.menu or state.flow.start, *before)
        case Language():
            return _enter(replace(state, language=step.language), step.then, *before)
        case OneStop():
            asked = replace(state, phase=Phase.DESK)
            return asked, (*before, *said(state, step.say), acts.ToDesk(unit=step.unit))
        case HangUp():
            farewell = (replace(say, key=False) for say in said(state, step.say))
            return _gone(state, *before, *farewell, acts.Leave())
        case _:
            assert_never(step)


def _ask_menu(state: State, menu: Menu, *before: Effect) -> Turn:
    words = said(state, menu_text(state.flow, menu))
    asked = replace(state, phase=Phase.KEY)
    return asked, (*before, *words, acts.ReadKey(seconds=menu.wait_seconds))


def _after_key(state: State, given: Input) -> Turn:
    menu = state.flow.step_of(state.step)
    if not isinstance(menu, Menu):
        return _led_on(state)
    if isinstance(given, acts.Silence):
        state = replace(state, silent=state.silent + 1)
        if state.silent >= menu.silence:
            return _enter(state, menu.otherwise)
        return _ask_menu(state, menu, *said(state, state.words.no_key))
    pressed = given.press if isinstance(given, acts.Key) else ""
    key = next((k for k in state.flow.keys_of(menu.id) if k.press == pressed), None)
    if key is not None:
        return _enter(state, key.go)
    state = replace(state, wrong=state.wrong + 1)
    sorry = said(state, state.words.wrong_key)
    if state.wrong >= menu.tries:
        return _enter(state, menu.otherwise, *sorry)
    return _ask_menu(state, menu, *sorry)


def _ask_code(state: State, *before: Effect) -> Turn:
    asked = replace(state, phase=Phase.CODE, typed="")
    ask = acts.ReadDigits(most=CODE_DIGITS, seconds=DIGIT_SECONDS)
    return asked, (*before, *said(state, state.words.code), ask)


def _after_code(state: State, given: Input) -> Turn:
    typed = given.typed if isinstance(given, acts.Digits) else ""
    if "*" in typed:
        return _led_on(state)
    if not typed:
        return _code_again(state, state.words.no_key)
    return replace(state, phase=Phase.FINDING, typed=typed), (acts.FindTicket(typed=typed),)


def _after_own_number(state: State, given: Input) -> Turn:
    typed = given.typed if isinstance(given, acts.Digits) else ""
    if "*" in typed:
        return _led_on(state)
    if not typed:
        return _code_again(state, state.words.no_key)
    find = acts.FindTicket(typed=state.typed, phone=typed)
    return replace(state, phase=Phase.FINDING), (find,)


def _after_finding(state: State, given: Input) -> Turn:
    step = state.flow.step_of(state.step)
    if isinstance(given, acts.TicketFound) and isinstance(step, LookUp):
        return _enter(state, step.then, acts.Served(), *given.said)
    if isinstance(given, acts.NumberNeeded):
        asked = replace(state, phase=Phase.OWN_NUMBER)
        ask = acts.ReadDigits(most=PHONE_DIGITS, seconds=DIGIT_SECONDS)
        return asked, (*said(state, state.words.own_number), ask)
    if isinstance(given, acts.TicketUnknown):
        return _code_again(state, state.words.code_wrong)
    locked = isinstance(given, acts.Locked)
    return _led_on(state, state.words.locked if locked else state.words.unavailable)


def _code_again(state: State, why: str) -> Turn:
    state = replace(state, wrong=state.wrong + 1)
    if state.wrong >= TRIES:
        return _led_on(state, why)
    return _ask_code(state, *said(state, why))


def _record(state: State, step: Message, *before: Effect) -> Turn:
    asked = replace(state, phase=Phase.RECORDING)
    ask = acts.Record(most_seconds=step.most_seconds)
    return asked, (*before, *said(state, state.words.record), ask)


def _after_recording(state: State, given: Input) -> Turn:
    if isinstance(given, acts.Recorded) and given.seconds >= LEAST_MESSAGE_SECONDS:
        return _confirm(replace(state, silent=0))
    return _record_again(state, state.words.nothing_heard)


def _record_again(state: State, why: str = "") -> Turn:
    step = state.flow.step_of(state.step)
    state = replace(state, wrong=state.wrong + 1)
    if state.wrong >= TRIES or not isinstance(step, Message):
        return _led_on(state, why)
    return _record(state, step, *said(state, why))


def _confirm(state: State, *before: Effect) -> Turn:
    asked = replace(state, phase=Phase.CONFIRMING)
    ask = acts.ReadKey(seconds=CONFIRM_SECONDS)
    return asked, (*before, *said(state, state.words.confirm), ask)


def _after_confirming(state: State, given: Input) -> Turn:
    pressed = given.press if isinstance(given, acts.Key) else ""
    keep = (replace(state, phase=Phase.KEEPING), (acts.KeepMessage(),))
    match pressed:
        case "1":
            return keep
        case "2":
            step = state.flow.step_of(state.step)
            if state.wrong + 1 >= TRIES or not isinstance(step, Message):
                return keep
            return _record(replace(state, wrong=state.wrong + 1), step)
        case "*":
            return replace(state, phase=Phase.DROPPING), (acts.DropMessage(),)
        case _:
            state = replace(state, silent=state.silent + 1)
            if state.silent >= TRIES:  # what was said is kept: a message is not lost by silence
                return replace(state, phase=Phase.KEEPING), (acts.KeepMessage(),)
            why = state.words.wrong_key if pressed else state.words.no_key
            return _confirm(state, *said(state, why))


def _after_keeping(state: State, given: Input) -> Turn:
    step = state.flow.step_of(state.step)
    if isinstance(given, acts.Done) and isinstance(step, Message):
        return _enter(state, step.then, *said(state, state.words.kept))
    return _led_on(state, state.words.not_kept)


def _after_dropping(state: State, given: Input) -> Turn:
    del given
    return _led_on(state, state.words.dropped)


def _about_number(state: State, given: Input) -> Turn:
    after = callback.after(state, given)
    return _led_on(state, after) if isinstance(after, str) else after


def _after_calling_back(state: State, given: Input) -> Turn:
    step = state.flow.step_of(state.step)
    if isinstance(given, acts.CallBackNoted) and isinstance(step, CallBack):
        if step.confirm:  # the number was said
            return _enter(state, step.then)
        number = Say(text=given.number, language=state.language, small=True)
        return _enter(state, step.then, *said(state, state.words.called_back), number)
    return _led_on(state, state.words.not_kept)


def _after_desk(state: State, given: Input) -> Turn:
    del given
    return _led_on(state)


def _led_on(state: State, why: str = "") -> Turn:
    """Lead the caller on to where the step says; a step that says nothing leads to the start."""
    step = state.flow.step_of(state.step)
    words = said(state, why)
    if isinstance(step, Menu | LookUp | Message | CallBack | OneStop):
        return _enter(state, step.otherwise, *words)
    return _enter(state, state.flow.start, *words)


def _hung_up(state: State) -> Turn:
    """A message that was spoken is kept, whatever the caller does then."""
    keeps = state.phase in (Phase.RECORDING, Phase.CONFIRMING)
    return _gone(state, *((acts.KeepMessage(),) if keeps else ()))


def _gone(state: State, *effects: Effect) -> Turn:
    return replace(state, phase=Phase.GONE), effects


def _after_end(state: State, given: Input) -> Turn:
    del given
    return state, ()


_AFTER: dict[Phase, Callable[[State, Input], Turn]] = {
    Phase.KEY: _after_key,
    Phase.CODE: _after_code,
    Phase.OWN_NUMBER: _after_own_number,
    Phase.FINDING: _after_finding,
    Phase.RECORDING: _after_recording,
    Phase.CONFIRMING: _after_confirming,
    Phase.KEEPING: _after_keeping,
    Phase.DROPPING: _after_dropping,
    Phase.CALL_NUMBER: _about_number,
    Phase.CALL_CONFIRM: _about_number,
    Phase.CALLING_BACK: _after_calling_back,
    Phase.DESK: _after_desk,
    Phase.GONE: _after_end,
}
