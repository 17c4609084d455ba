"""Values of pause, resume and stop; no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongdai.ids import AccountId, CallId


class Keeping(StrEnum):
    """Whether what is said in a call is being kept."""

    ON = "on"
    PAUSED = "paused"
    STOPPED = "stopped"


class MarkKind(StrEnum):
    """What a mark in a call's timeline says."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    HOLD = "hold"
    UNHOLD = "unhold"
    TRANSFER = "transfer"
    TRANSFER_END = "transfer_end"
    UNHEARD = "unheard"
    """From here on nothing was heard of the PBX: what was held is not known."""
    HEARD = "heard"


class Why(StrEnum):
    """Why a pause or a recording ended."""

    ASKED = "asked"
    """The operator (or a supervisor) pressed it."""
    MOVED = "moved"
    """The caller left the person who had asked for the pause: transfer, queue, menu."""
    LIMIT = "limit"
    """[recordings] pause_limit_seconds ran out: a pause that was forgotten."""
    STATE_SECRET = "state_secret"  # noqa: S105 - no password: the law's word
    """CT-3.7: what comes now may not be in the software."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How the recording of a live call stands.

    Attributes:
        call: Which call.
        keeping: On, paused or stopped.
        since: Since when (aware).
        by: Who asked for it; None when it came by itself.
        by_name: That person's name.
    """

    call: CallId
    keeping: Keeping
    since: datetime
    by: AccountId | None = None
    by_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark in a call's timeline.

    Attributes:
        call: Which call.
        at: When (aware).
        kind: What.
        by: An account; None for the citizen or the service itself.
        by_name: Its name then.
        why: A Why for pause, resume, stop; a transfer's state or reason otherwise.
        label: Whom a transfer called.
    """

    call: CallId
    at: datetime
    kind: MarkKind
    by: AccountId | None = None
    by_name: str = ""
    why: str = ""
    label: str = ""


Span = tuple[datetime, datetime]


def spans(marks: Iterable[Mark], begins: MarkKind, ends: MarkKind, until: datetime) -> list[Span]:
    """Return the stretches between a mark and its counterpart; an open one lasts to `until`.

    Args:
        marks: Of one call, in any order.
        begins: PAUSE, HOLD or UNHEARD.
        ends: RESUME, UNHOLD or HEARD.
        until: The call's end.
    """
    found: list[Span] = []
    open_since: datetime | None = None
    for mark in sorted(marks, key=lambda m: m.at):
        if mark.kind is begins and open_since is None:
            open_since = mark.at
        elif mark.kind is ends and open_since is not None:
            found.append((open_since, mark.at))
            open_since = None
    if open_since is not None and open_since < until:
        found.append((open_since, until))
    return found


def paused(marks: Iterable[Mark], until: datetime) -> list[Span]:
    """Return the stretches in which a call's recording is silent because somebody asked for it."""
    return spans(marks, MarkKind.PAUSE, MarkKind.RESUME, until)


def stopped_at(marks: Iterable[Mark]) -> datetime | None:
    """Return when the recording was ended for good, if it was."""
    return min((m.at for m in marks if m.kind is MarkKind.STOP), default=None)
