"""Every path through a flow, as what a caller does on it; pure.

A path begins at a root, follows ways (ivr.flow.graph) and ends where nothing follows. No step comes
twice on it, but that a way back ("nghe lại", "trở về") may be taken once, and then the shortest way
leads on to an end. What brings a way about differently (no key or wrong keys, a code or a number)
has a path of its own. So each way of each flow, and each manner of taking it, is on some path; a
new flow, and a new step in one, needs nothing here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from ivr.flow.graph import Way, ways
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
from ivr.flow.walk import TRIES


class Deed(StrEnum):
    """What a caller does where something is asked; a key is written as itself."""

    NOTHING = "nothing"
    CODE = "code"
    NUMBER = "number"
    OWN_NUMBER = "own number"
    WRONG_CODE = "wrong code"
    SPEAK = "speak"
    SAY_NOTHING = "say nothing"


class Needs(StrEnum):
    """What must be so for a path to be taken."""

    NO_CALLER_NUMBER = "the caller's number is not shown"
    DESK_NUMBER = "the unit has a number"
    NO_DESK_NUMBER = "the unit has no number"


Deeds = tuple[str, ...]
"""Keys and `Deed`s, in the order in which they are asked for."""
_KEYS = "*0123456789#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way through a flow from its root to an end.

    Attributes:
        root: Where it begins.
        steps: The steps' ids, the root first.
        deeds: What the caller does.
        needs: What must be so for it.
    """

    root: str
    steps: tuple[str, ...]
    deeds: Deeds
    needs: frozenset[Needs] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A way in one manner: `manner` 0 is the usual one."""

    way: Way
    deeds: Deeds
    needs: frozenset[Needs] = frozenset()
    manner: int = 0
    again: bool = False
    """It goes back to the menu from which it was chosen."""


def paths(flow: Flow, root: str) -> list[Path]:
    """Return every path that begins at a step, in the file's order; see the module's docstring."""
    legs = _legs(flow)
    found = {tuple(walk): None for walk in _walks(flow, legs, root)}
    return [_path(flow, root, walk) for walk in found]


def _walks(flow: Flow, legs: dict[str, list[_Leg]], root: str) -> Iterator[list[_Leg]]:
    ahead: list[list[_Leg]] = [[]]
    others: dict[_Leg, list[_Leg]] = {}
    while ahead:
        walk = ahead.pop(0)
        here = walk[-1].way.head if walk else root
        if _ends(flow.step_of(here)):
            yield walk
        been = {root, *(leg.way.head for leg in walk)}
        for leg in _open(legs, walk, here):
            if leg.manner:  # once: by the shortest way there, and the shortest on
                others.setdefault(leg, [*walk, leg])
            elif leg.way.head in been:
                yield _finished(flow, legs, [*walk, leg])
            else:
                ahead.append([*walk, leg])
    for walk in others.values():
        yield _finished(flow, legs, walk)


def _finished(flow: Flow, legs: dict[str, list[_Leg]], walk: list[_Leg]) -> list[_Leg]:
    """Go on by the shortest way to an end."""
    ahead, been = [walk], {walk[-1].way.head}
    while ahead:
        first = ahead.pop(0)
        here = first[-1].way.head
        if _ends(flow.step_of(here)):
            return first
        for leg in _open(legs, first, here):
            if not leg.manner and leg.way.head not in been:
                been.add(leg.way.head)
                ahead.append([*first, leg])
    return walk


def _open(legs: dict[str, list[_Leg]], walk: list[_Leg], here: str) -> list[_Leg]:
    """Return where it goes on; a repetition goes back to the menu from which it was chosen."""
    found = legs[here]
    if walk and found and found[0].again:
        return [leg for leg in found if leg.way.head == walk[-1].way.tail]
    return found


def _path(flow: Flow, root: str, walk: tuple[_Leg, ...]) -> Path:
    deeds = tuple(deed for leg in walk for deed in leg.deeds)
    steps = (root, *(leg.way.head for leg in walk))
    needs = frozenset[Needs]().union(*(leg.needs for leg in walk))
    if isinstance(flow.step_of(steps[-1]), OneStop):
        needs |= {Needs.DESK_NUMBER}
    return Path(root=root, steps=steps, deeds=deeds, needs=needs)


def _ends(step: Step) -> bool:
    return isinstance(step, Queue | OneStop | HangUp)


def _legs(flow: Flow) -> dict[str, list[_Leg]]:
    found: dict[str, list[_Leg]] = {step.id: [] for step in flow.step}
    for way in ways(flow):
        step = flow.step_of(way.tail)
        for manner, (deeds, needs) in enumerate(_manners(flow, step, way)):
            again = isinstance(step, Repeat)
            found[way.tail].append(
                _Leg(way=way, deeds=deeds, needs=frozenset(needs), manner=manner, again=again)
            )
    return found


def _manners(  # noqa: C901, PLR0911 - one branch a kind of step
    flow: Flow, step: Step, way: Way
) -> list[tuple[Deeds, set[Needs]]]:
    """Return what the caller may do to take a way; the usual manner first."""
    match step:
        case Menu() if way.alone:
            wrong = _wrong_key(flow, step)
            manners = [(Deed.NOTHING,) * step.silence, (wrong,) * step.tries if wrong else ()]
            return [(deeds, set()) for deeds in manners if deeds]
        case Menu():
            return [((way.words,), set())]
        case LookUp() if way.alone:
            return [((deed,) * TRIES, set()) for deed in (Deed.WRONG_CODE, Deed.NOTHING)]
        case LookUp():
            return [((Deed.CODE,), set()), ((Deed.NUMBER, Deed.OWN_NUMBER), set())]
        case Message() if way.alone:
            return [((Deed.SPEAK, "*"), set()), ((Deed.SAY_NOTHING,) * TRIES, set())]
        case Message():
            silent = (Deed.SPEAK, *(Deed.NOTHING,) * TRIES)
            again = (Deed.SPEAK, "2", Deed.SPEAK, "1")
            return [(deeds, set()) for deeds in ((Deed.SPEAK, "1"), again, silent)]
        case CallBack() if step.confirm:
            return [(("*",) if way.alone else ("1",), set())]
        case CallBack() if way.alone:
            return [((), {Needs.NO_CALLER_NUMBER})]
        case OneStop():
            return [((), {Needs.NO_DESK_NUMBER})]
        case CallBack() | Inform() | Emergency() | Language() | Repeat():
            return [((), set())]
        case Queue() | HangUp():
            return []
        case _:
            assert_never(step)


def _wrong_key(flow: Flow, menu: Menu) -> str:
    pressed = {key.press for key in flow.keys_of(menu.id)}
    return next((key for key in _KEYS if key not in pressed), "")
