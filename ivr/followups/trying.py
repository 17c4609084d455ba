"""What a try does to its task."""

from ivr.followups.changes import close, emit
from ivr.followups.model import Result, State
from ivr.followups.rules import Rulebook
from ivr.followups.tables import CallBackTask
from tongdai.accounts.model import Viewer
from tongdai.db import Tx


def settle(
    tx: Tx,
    task: CallBackTask,
    result: Result,
    by: Viewer,
    rules: Rulebook,
    *,
    call: str | None = None,
) -> None:
    """Carry out what follows from a try's result; the task is open."""
    verdict = rules.after_try(task.hotline, result, task.tries, tx.now)
    if verdict.state is State.DONE:
        close(tx, task, State.DONE, by, call=call, reason=result.value)
        return
    task.state, task.next_try_at = verdict.state, verdict.next_try_at
    task.owner = task.claimed_until = None
    emit(tx, task, by)
