"""What a caller chose in the menus, as it travels with the call: one line of ASCII; pure.

The menus say it to the PBX (`UserEvent(TongdaiMenu)`), so it comes to whichever node runs the
bridge in the PBX's own order, before the queue; it is kept in the journal and in the call's row.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

MOST_LETTERS = 60
"""Of a field or a skill: what is longer is cut, so that the line stays short."""
MOST_BYTES = 1200
_SECONDS = re.compile(r"[1-9][0-9]{0,10}")
_PRIORITIES = frozenset("123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a caller chose.

    Attributes:
        field: What it is about, as the flow names it; empty: nothing was chosen.
        skill: What the operator should be able to do: `en`.
        priority: 0 is ordinary, up to 9.
        language: In which language the caller goes on, when it is not Vietnamese.
        after: The id of the call that was cut off a moment ago: why he comes first; else empty.
        cut_off_at: When that was, in seconds since 1970.
    """

    field: str = ""
    skill: str = ""
    priority: int = 0
    language: str = ""
    after: str = ""
    cut_off_at: int = 0

    def __bool__(self) -> bool:
        """Whether anything was chosen."""
        return self != Choice()


def line_of(choice: Choice) -> str:
    """Return the line that `choice_of` reads back; empty when nothing was chosen."""
    said = {
        "field": choice.field[:MOST_LETTERS],
        "skill": choice.skill[:MOST_LETTERS],
        "priority": str(choice.priority) if choice.priority else "",
        "language": choice.language,
        "after": choice.after,
        "cut": str(choice.cut_off_at) if choice.cut_off_at else "",
    }
    return urlencode({name: value for name, value in said.items() if value})


def choice_of(line: str | None) -> Choice:
    """Return what a call's `menu` says; a line that is none of ours says nothing."""
    said = {name: values[0] for name, values in parse_qs(line or "").items()}
    priority, cut = said.get("priority", ""), said.get("cut", "")
    return Choice(
        field=said.get("field", "")[:MOST_LETTERS],
        skill=said.get("skill", "")[:MOST_LETTERS],
        priority=int(priority) if priority in _PRIORITIES else 0,
        language=said.get("language", "")[:8],
        after=said.get("after", "")[:32],
        cut_off_at=int(cut) if _SECONDS.fullmatch(cut) else 0,
    )
