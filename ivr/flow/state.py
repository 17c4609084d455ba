"""Where a caller is in a flow, and what a text says there; frozen values, pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from ivr.flow.acts import Say
from ivr.flow.model import Flow, Menu
from ivr.flow.sentences import Sentences, sentences

_PLACEHOLDER = re.compile(r"\{(next_opening)\}")
PLACEHOLDERS = ("next_opening",)


class Phase(StrEnum):
    """What the walk waits for."""

    KEY = "key"
    CODE = "code"
    OWN_NUMBER = "own_number"
    FINDING = "finding"
    RECORDING = "recording"
    CONFIRMING = "confirming"
    KEEPING = "keeping"
    DROPPING = "dropping"
    CALL_NUMBER = "call_number"
    CALL_CONFIRM = "call_confirm"
    CALLING_BACK = "calling_back"
    DESK = "desk"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the flow's texts may say of this call: in words.

    Attributes:
        open: The hotline is in its opening hours.
        next_opening: When it opens next: "bảy giờ, thứ hai, ngày ba mươi tháng mười một".
        number: The digits under which the caller can be called back; empty: there are none.
    """

    open: bool
    next_opening: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a caller is.

    Attributes:
        step: The step that waits.
        phase: For what.
        language: In which language it goes on.
        menu: The menu that was said last.
        wrong: Wrong entries in a row.
        silent: Times without an entry in a row.
        typed: A ticket's number, while the caller's own is asked for; the number to call back.
        steps: How many steps there were.
    """

    flow: Flow
    facts: Facts
    step: str
    phase: Phase = Phase.KEY
    language: str
    menu: str = ""
    wrong: int = 0
    silent: int = 0
    typed: str = ""
    steps: int = 0

    @property
    def words(self) -> Sentences:
        """The sentences between the steps."""
        return sentences(self.flow.sentences, self.language)

    @property
    def gone(self) -> bool:
        """Whether nothing more follows."""
        return self.phase is Phase.GONE


def said(state: State, text: str) -> tuple[Say, ...]:
    """Return a text as what is said: what is variable from small pieces, the rest whole."""
    parts = []
    for number, part in enumerate(_PLACEHOLDER.split(text)):
        words = (state.facts.next_opening if number % 2 else part).strip(" .,;")
        if words:
            parts.append(Say(text=words, language=state.language, small=bool(number % 2)))
    return tuple(parts)


def menu_text(flow: Flow, menu: Menu) -> str:
    """Return a menu as it is said: its own words, then those of its keys."""
    return " ".join(filter(None, (menu.say, *(key.say for key in flow.keys_of(menu.id)))))
