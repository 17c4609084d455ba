"""What the API answers about calling back."""

from typing import Literal

from pydantic import Field

from ivr.followups.model import Result, State
from web.api.models import Answer, Moment


class CallBackOut(Answer):
    """Somebody who is, or was, to be called back: one for each call that nobody answered."""

    id: str
    call: str
    hotline: str
    kind: Literal["abandoned", "callback", "message"]
    caller_number: str | None = Field(description="E.164; null: nobody can be called")
    caller_raw: str
    caller_name: str
    ticket: str | None
    called_at: Moment
    created_at: Moment
    due_at: Moment
    overdue: bool
    waiting_since: Moment | None = Field(description="the place kept in the queue")
    state: State
    owner: str | None
    owner_name: str
    claimed_until: Moment | None
    tries: int
    next_try_at: Moment | None
    closed_at: Moment | None
    closed_by: str | None
    closed_call: str | None
    reason: str


class CallBackTryOut(Answer):
    """One attempt."""

    n: int
    call: str | None
    at: Moment
    by: str
    result: Result | None
    settled_at: Moment | None
    note: str


class CallBackDetail(CallBackOut):
    """One task with its tries."""

    tried: list[CallBackTryOut]
    message: str | None = Field(description="the recording of the caller's message")


class CallBackDialled(Answer):
    """What a task led to."""

    id: str
    call: str | None
    ticket: str


class CallBackCounts(Answer):
    """How many callers of a hotline are to be called back."""

    hotline: str
    open: int
    overdue: int
    unreachable: int
