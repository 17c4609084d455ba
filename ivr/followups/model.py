"""What a task of calling back is, and what follows from a try; values and pure rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.calendar import Calendar
from tongdai.settings_callback import CallBackTable


class Kind(StrEnum):
    """Why somebody is to be called back; a later one says more than one before it."""

    ABANDONED = "abandoned"
    CALLBACK = "callback"
    MESSAGE = "message"

    @property
    def rank(self) -> int:
        """How much it says: a message is more than a wish, a wish more than a lost call."""
        return tuple(Kind).index(self)


class State(StrEnum):
    """Where a task is."""

    OPEN = "open"
    CLAIMED = "claimed"
    UNREACHABLE = "unreachable"
    DONE = "done"
    RANG_AGAIN = "rang_again"
    ANSWERED = "answered"
    NO_NUMBER = "no_number"
    GIVEN_UP = "given_up"

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is owed."""
        return self not in OPEN


OPEN = (State.OPEN, State.CLAIMED, State.UNREACHABLE)
"""Something is owed to the caller. `unreachable` waits for a supervisor's decision."""
WORKED = (State.OPEN, State.CLAIMED)


class Result(StrEnum):
    """How a try ended."""

    REACHED = "reached"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from a try.

    Attributes:
        state: Of the task.
        next_try_at: Not to be dialled before; None: at any time.
    """

    state: State
    next_try_at: datetime | None = None


def due_at(calendar: Calendar | None, at: datetime, rules: CallBackTable) -> datetime:
    """Return until when a caller is to be called back.

    In office hours `within_minutes` of working time from the call; outside them, from the next
    opening: what comes outside office hours is answered at the nearest of them (HB-3.2, A-HB-9).
    Without a calendar time simply runs.

    Args:
        calendar: The hotline's working calendar.
        at: When the call ended (aware).
        rules: The hotline's.
    """
    within = timedelta(minutes=rules.within_minutes)
    opening = calendar.next_opening(at) if calendar is not None else None
    if calendar is None or opening is None:
        return at + within
    return calendar.after(opening, within) if within else opening


def after_try(
    result: Result, tries: int, now: datetime, rules: CallBackTable, calendar: Calendar | None
) -> Verdict:
    """Return what follows from a try.

    Busy and no answer are tried again, in working time, until there were enough tries; then, and
    after a wrong number, a supervisor decides: no task is dropped by itself.

    Args:
        result: Of this try.
        tries: How many there were, this one among them.
        now: The moment (aware).
        rules: The hotline's.
        calendar: The hotline's working calendar.
    """
    if result in (Result.REACHED, Result.REFUSED):
        return Verdict(state=State.DONE)
    if result is Result.WRONG_NUMBER or tries >= rules.most_tries:
        return Verdict(state=State.UNREACHABLE)
    minutes = rules.busy_minutes if result is Result.BUSY else rules.no_answer_minutes
    again = now + timedelta(minutes=minutes)
    opening = calendar.next_opening(again) if calendar is not None else None
    return Verdict(state=State.OPEN, next_try_at=opening or again)


def result_of(how: str) -> Result:
    """Return a try's result by the DIALSTATUS with which the citizen's phone stopped ringing."""
    return Result.BUSY if how == "BUSY" else Result.NO_ANSWER
