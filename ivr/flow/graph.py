"""Where a flow leads: its ways, what contradicts itself, and how each way ends; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

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
    Step,
)
from ivr.flow.state import PLACEHOLDERS
from ivr.speech.numbers import digits

Where = tuple[str, int, str]
"""A place in the file: table, which one of them, key."""


class End(StrEnum):
    """How a call through the flow may end."""

    PERSON = "person"
    MESSAGE = "message"
    FAREWELL = "farewell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way from one step to another.

    Attributes:
        tail: Where from.
        head: Where to.
        words: The key, or what brings it about.
        alone: It is gone without the caller doing anything (right).
    """

    tail: str
    head: str
    words: str
    alone: bool = False


def ways(flow: Flow) -> list[Way]:
    """Return every way, in the file's order."""
    return [way for step in flow.step for way in _ways_of(flow, step)]


def endings(flow: Flow, root: str) -> frozenset[End]:
    """Return how a call that begins at `root` may end."""
    found = set()
    for name in reachable(flow, root):
        match flow.step_of(name):
            case Queue() | OneStop():
                found.add(End.PERSON)
            case Message() | CallBack():
                found.add(End.MESSAGE)
            case HangUp():
                found.add(End.FAREWELL)
            case _:
                pass
    return frozenset(found)


def reachable(flow: Flow, root: str) -> set[str]:
    """Return every step that a call beginning at `root` may come to."""
    heads: dict[str, list[str]] = {}
    for way in ways(flow):
        heads.setdefault(way.tail, []).append(way.head)
    found, ahead = set[str](), [root]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += heads.get(name, [])
    return found


def languages_of(flow: Flow) -> dict[str, set[str]]:
    """Return the languages in which each step may be spoken."""
    found: dict[str, set[str]] = {step.id: set() for step in flow.step}
    ahead = [(root, flow.language) for root in _roots(flow)]
    heads: dict[str, list[str]] = {}
    for way in ways(flow):
        heads.setdefault(way.tail, []).append(way.head)
    while ahead:
        name, language = ahead.pop()
        if language in found[name]:
            continue
        found[name].add(language)
        step = flow.step_of(name)
        further = step.language if isinstance(step, Language) else language
        ahead += [(head, further) for head in heads.get(name, [])]
    return found


def contradictions(flow: Flow) -> Iterator[tuple[Where, str]]:
    """Give what is wrong with a flow, as places in its file with the reason."""
    yield from _names(flow)
    broken = list(_targets(flow))
    yield from broken
    if broken:
        return
    yield from _menus(flow)
    yield from _texts(flow)
    yield from _ends(flow)


def _roots(flow: Flow) -> tuple[str, ...]:
    return (flow.start, *((flow.closed,) if flow.closed else ()))


def _ways_of(  # noqa: C901 - one branch a kind of step
    flow: Flow, step: Step
) -> Iterator[Way]:
    match step:
        case Menu():
            for key in flow.keys_of(step.id):
                yield Way(tail=step.id, head=key.go, words=key.press)
            yield Way(tail=step.id, head=step.otherwise, words="không bấm phím", alone=True)
        case Queue() | HangUp():
            return
        case Inform() | Emergency() | Language():
            yield Way(tail=step.id, head=step.then, words="", alone=True)
        case LookUp():
            yield Way(tail=step.id, head=step.then, words="đọc xong kết quả")
            yield Way(tail=step.id, head=step.otherwise, words="không tra được", alone=True)
        case Message():
            yield Way(tail=step.id, head=step.then, words="đã nhận lời nhắn")
            yield Way(tail=step.id, head=step.otherwise, words="không có lời nhắn", alone=True)
        case CallBack():
            yield Way(tail=step.id, head=step.then, words="đã ghi nhận")
            yield Way(tail=step.id, head=step.otherwise, words="không ghi nhận được", alone=True)
        case OneStop():
            yield Way(tail=step.id, head=step.otherwise, words="chưa có số", alone=True)
        case Repeat():
            for menu in flow.menus():
                if any(key.go == step.id for key in flow.keys_of(menu.id)):
                    yield Way(tail=step.id, head=menu.id, words="nghe lại")
        case _:
            assert_never(step)


def _names(flow: Flow) -> Iterator[tuple[Where, str]]:
    seen = set()
    for number, step in enumerate(flow.step):
        if step.id in seen:
            yield ("step", number, "id"), f"{step.id!r} is there twice"
        seen.add(step.id)
    pressed = set()
    for number, key in enumerate(flow.key):
        if (key.menu, key.press) in pressed:
            yield ("key", number, "press"), f"menu {key.menu!r} has the key {key.press!r} twice"
        pressed.add((key.menu, key.press))


def _targets(flow: Flow) -> Iterator[tuple[Where, str]]:
    known = {step.id for step in flow.step}
    named = ", ".join(sorted(known))
    for place in ("start", "closed"):
        target = getattr(flow, place)
        if target is not None and target not in known:
            yield ("", 0, place), f"no step {target!r} (known: {named})"
    for number, step in enumerate(flow.step):
        for place in ("then", "otherwise"):
            target = getattr(step, place, None)
            if target is not None and target not in known:
                yield ("step", number, place), f"no step {target!r} (known: {named})"
    menus = {menu.id for menu in flow.menus()}
    for number, key in enumerate(flow.key):
        if key.menu not in menus:
            yield ("key", number, "menu"), f"no menu {key.menu!r}"
        if key.go not in known:
            yield ("key", number, "go"), f"no step {key.go!r} (known: {named})"
    if flow.hours.open == "working" and flow.closed is None:
        yield ("hours", 0, "open"), "what happens outside the hours? Write closed = a step"


def _menus(flow: Flow) -> Iterator[tuple[Where, str]]:
    for number, step in enumerate(flow.step):
        if isinstance(step, Menu) and not flow.keys_of(step.id):
            yield ("step", number, "id"), f"menu {step.id!r} has no key"
        if isinstance(step, Menu) and not (
            step.say or any(key.say for key in flow.keys_of(step.id))
        ):
            yield ("step", number, "id"), f"menu {step.id!r} says nothing: silence"
        if isinstance(step, Repeat) and not any(w.tail == step.id for w in ways(flow)):
            yield ("step", number, "id"), "no menu's key leads to this repetition"
    spoken = languages_of(flow)
    for number, step in enumerate(flow.step):
        told = isinstance(step, LookUp) or (isinstance(step, CallBack) and not step.confirm)
        if told and "en" in spoken[step.id]:
            why = "is read out in Vietnamese only and is reached in English"
            yield ("step", number, "id"), f"{step.id!r} {why}"


def _texts(flow: Flow) -> Iterator[tuple[Where, str]]:
    for number, step in enumerate(flow.step):
        text = getattr(step, "say", "")
        rest = text
        for name in PLACEHOLDERS:
            rest = rest.replace(f"{{{name}}}", "")
        if "{" in rest or "}" in rest:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            yield ("step", number, "say"), f"an unknown place-holder (known: {known})"
        if isinstance(step, Emergency):
            for emergency in step.numbers:
                if emergency not in text and digits(emergency) not in text:
                    why = f"the number {emergency} is not in what is said"
                    yield ("step", number, "say"), why


def _ends(flow: Flow) -> Iterator[tuple[Where, str]]:
    alone = {w.tail: w.head for w in ways(flow) if w.alone}
    for number, step in enumerate(flow.step):
        seen, name = set[str](), step.id
        while name in alone and name not in seen:
            seen.add(name)
            name = alone[name]
        if name in seen:
            why = f"who presses nothing after {step.id!r} goes round for ever"
            yield ("step", number, "id"), why
    found = set[str]().union(*(reachable(flow, root) for root in _roots(flow)))
    for number, step in enumerate(flow.step):
        if step.id not in found:
            yield ("step", number, "id"), f"nothing leads to {step.id!r}"
    if flow.closed is not None:
        outside = reachable(flow, flow.closed)
        for number, step in enumerate(flow.step):
            if isinstance(step, Queue | OneStop) and step.id in outside:
                why = f"outside the hours nobody serves {step.id!r} (TN-5.2, HB-3.2)"
                yield ("step", number, "id"), why
