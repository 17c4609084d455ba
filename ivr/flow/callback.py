"""To which number a caller wants to be called back: said, confirmed, or keyed anew; pure."""

from dataclasses import replace

from ivr.flow import acts
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.model import CallBack
from ivr.flow.state import Phase, State, said
from ivr.speech.reading import phone
from tongdai.phone import can_be_rung, dial_digits, parse_caller

TRIES = 3
NUMBER_DIGITS, DIGIT_SECONDS, CONFIRM_SECONDS = 11, 6, 5
Turn = tuple[State, tuple[Effect, ...]]
Given = Turn | str
"""What follows; or why the caller is led on without being called back, in words, perhaps none."""


def number_to_call(typed: str) -> str:
    """Return the digits to dial for a keyed number; empty when it is none of this country."""
    e164 = parse_caller(typed).e164
    return dial_digits(e164) if e164 and can_be_rung(e164) else ""


def begin(state: State, step: CallBack, *before: Effect) -> Turn:
    """Note the wish; where it is to be confirmed, ask first which number is right."""
    if not step.confirm:
        return replace(state, phase=Phase.CALLING_BACK), (*before, acts.NoteCallBack())
    if state.facts.number:
        return _confirm(replace(state, typed=""), *before)
    return _ask(state, *before)


def after(state: State, given: Input) -> Given:
    """Go on from an entry of keys, or from the question whether the number is right."""
    if state.phase is Phase.CALL_NUMBER:
        return _after_number(state, given)
    return _after_confirm(state, given)


def _after_number(state: State, given: Input) -> Given:
    typed = given.typed if isinstance(given, acts.Digits) else ""
    if "*" in typed:
        return ""
    number = number_to_call(typed)
    if number:
        return _confirm(replace(state, typed=number, silent=0))
    why = state.words.number_wrong if typed else state.words.no_key
    state = replace(state, wrong=state.wrong + 1)
    return why if state.wrong >= TRIES else _ask(state, *said(state, why))


def _after_confirm(state: State, given: Input) -> Given:
    match given.press if isinstance(given, acts.Key) else "":
        case "1":
            noting = acts.NoteCallBack(number=state.typed)
            return replace(state, phase=Phase.CALLING_BACK), (noting,)
        case "2":
            return _ask(state)
        case "*":
            return ""
        case pressed:
            why = state.words.wrong_key if pressed else state.words.no_key
            state = replace(state, wrong=state.wrong + 1)
            return why if state.wrong >= TRIES else _confirm(state, *said(state, why))


def _ask(state: State, *before: Effect) -> Turn:
    asked = replace(state, phase=Phase.CALL_NUMBER)
    ask = acts.ReadDigits(most=NUMBER_DIGITS, seconds=DIGIT_SECONDS)
    return asked, (*before, *said(state, state.words.number_ask), ask)


def _confirm(state: State, *before: Effect) -> Turn:
    asked = replace(state, phase=Phase.CALL_CONFIRM)
    words = said(state, state.words.number)
    right = said(state, state.words.number_right)
    number = _number(state, state.typed or state.facts.number)
    return asked, (*before, *words, number, *right, acts.ReadKey(seconds=CONFIRM_SECONDS))


def _number(state: State, digits: str) -> Say:
    """Return a number digit by digit: from small pieces; in English as the voice reads it."""
    if state.language == "vi":
        return Say(text=phone(digits), language="vi", small=True)
    return Say(text=" ".join(digits), language=state.language)
