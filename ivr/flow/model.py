"""A hotline's flow: its steps are a closed set of frozen dataclasses, read from TOML; pure.

A new kind of step is a class here, a branch in walk.py (what it says and asks) and one in graph.py
(where it leads); mypy names every place that is left (assert_never).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ivr.flow.sentences import Sentences
from ivr.flow.spoken import Text, Words

_strict = ConfigDict(extra="forbid")
Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,48}$")]
Press = Annotated[str, Field(pattern=r"^[0-9*#]$")]
LanguageCode = Literal["vi", "en"]


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Menu:
    """Says what its keys do and waits for one.

    Attributes:
        id: Its name in the flow.
        name: What people call it, in the diagram.
        say: Said before the keys' own sentences; may be empty.
        wait_seconds: How long a key is waited for after the last word.
        tries: After so many wrong keys the caller is led on to `otherwise`.
        silence: After so many times without a key likewise; 1 where the menu says "hold the line".
        otherwise: Where to.
        source: The requirement that it carries out, if there is one.
    """

    do: Literal["menu"]
    id: Id
    name: str = ""
    say: Words = ""
    wait_seconds: Annotated[int, Field(strict=True, ge=1, le=15)] = 4
    tries: Annotated[int, Field(strict=True, ge=1, le=5)] = 3
    silence: Annotated[int, Field(strict=True, ge=1, le=5)] = 3
    otherwise: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Queue:
    """Leads to an operator.

    Attributes:
        field: What it is about, as the operator reads it.
        priority: 0 is ordinary; higher is served first.
        skill: What the operator should be able to do: `en`.
        again: Back to the place that the caller has in the queue (ivr/queue_flows/).
    """

    do: Literal["queue"]
    id: Id
    say: Words = ""
    again: bool = False
    field: str = ""
    priority: Annotated[int, Field(strict=True, ge=0, le=9)] = 0
    skill: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Inform:
    """Says something: procedures, addresses, opening hours; then goes on."""

    do: Literal["say"]
    id: Id
    name: str = ""
    say: Text
    then: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Emergency:
    """Says which emergency number to call (TN-6.5.e); then goes on."""

    do: Literal["emergency"]
    id: Id
    say: Text
    numbers: tuple[Annotated[str, Field(pattern=r"^1\d\d$")], ...] = ("113", "114", "115")
    then: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class LookUp:
    """Asks for a ticket's code and says how it stands.

    Attributes:
        then: After the answer.
        otherwise: After three wrong codes.
    """

    do: Literal["lookup"]
    id: Id
    say: Words = ""
    then: Id
    otherwise: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Message:
    """Records a message, to be confirmed, recorded anew, or given up.

    Attributes:
        most_seconds: The longest message.
        then: When it is kept.
        otherwise: When the caller gives it up, or it could not be kept.
    """

    do: Literal["message"]
    id: Id
    say: Words = ""
    most_seconds: Annotated[int, Field(strict=True, ge=10, le=600)] = 120
    then: Id
    otherwise: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class CallBack:
    """Notes that the caller wants to be called back.

    Attributes:
        confirm: The number is said first; the caller confirms it, keys another, or gives it up.
        then: When it is noted.
        otherwise: When it could not be: no number, or the register is away.
    """

    do: Literal["callback"]
    id: Id
    say: Words = ""
    confirm: bool = False
    then: Id
    otherwise: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Repeat:
    """Says the menu again from which it was chosen."""

    do: Literal["repeat"]
    id: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Language:
    """Goes on in another language; the steps from there on are written in it."""

    do: Literal["language"]
    id: Id
    language: LanguageCode
    then: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class OneStop:
    """Connects with a unit's one-stop desk (HB-8.1.b); who answers nowhere comes to the queue.

    Attributes:
        name: As the drawing calls the unit; without it, its code.
        unit: The unit's code in the register.
        otherwise: When the register has no number for it.
    """

    do: Literal["one-stop"]
    id: Id
    name: str = ""
    say: Words = ""
    unit: str
    otherwise: Id
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class HangUp:
    """Says farewell and ends the call."""

    do: Literal["hang-up"]
    id: Id
    say: Text
    source: str = ""


Step = Annotated[
    Menu
    | Queue
    | Inform
    | Emergency
    | LookUp
    | Message
    | CallBack
    | Repeat
    | Language
    | OneStop
    | HangUp,
    Field(discriminator="do"),
]


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Key:
    """What a key of a menu does.

    Attributes:
        menu: Whose key.
        press: 0 to 9, star or hash.
        say: The sentence in the menu; empty: it is not said (a quiet key).
        go: The step that it leads to.
    """

    menu: Id
    press: Press
    say: Words = ""
    go: Id


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Hours:
    """When the hotline answers.

    Attributes:
        open: `always`, or `working`: in the hours of the hotline's working calendar.
        source: Where the text says so, or that it is a choice.
    """

    open: Literal["always", "working"]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Flow:
    """A whole hotline.

    Attributes:
        id: The hotline's id.
        name: For people.
        language: Of the greeting.
        start: The step after the notice, in the opening hours.
        closed: The one outside them; None: it is always open.
        hours: When it is open.
        greeting: Said first; a key stops it.
        notice: That the call is recorded; said to its end, on every path.
        sentences: What is said between the steps, where it differs from what is usual.
    """

    id: Id
    name: str
    language: LanguageCode = "vi"
    start: Id
    closed: Id | None = None
    hours: Hours
    greeting: Text
    notice: Text
    step: Annotated[tuple[Step, ...], Field(min_length=1)]
    key: tuple[Key, ...] = ()
    sentences: Sentences = Sentences()

    def step_of(self, step: str) -> Step:
        """Return the step of that name.

        Raises:
            KeyError: There is none.
        """
        found = next((s for s in self.step if s.id == step), None)
        if found is None:
            raise KeyError(step)
        return found

    def keys_of(self, menu: str) -> tuple[Key, ...]:
        """Return a menu's keys, in the order in which they are said."""
        return tuple(key for key in self.key if key.menu == menu)

    def menus(self) -> Iterator[Menu]:
        """Give every menu."""
        return (step for step in self.step if isinstance(step, Menu))
