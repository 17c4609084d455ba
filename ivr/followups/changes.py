"""What every change of a task does: its row, its event, its line in the chained history."""

from typing import Any

from ivr.followups.events import CallBackChanged
from ivr.followups.model import State
from ivr.followups.tables import CallBackTask
from tongdai.accounts.model import Viewer
from tongdai.audit import Line
from tongdai.db import Tx


def chain_of(hotline: str) -> str:
    """Return the chain that holds the histories of a hotline's tasks."""
    return f"callbacks:{hotline}"


def line_of(task: CallBackTask, kind: str, by: Viewer, **data: Any) -> Line:
    """Return a line of a task's history."""
    return Line(
        chain=chain_of(task.hotline),
        subject=task.id,
        kind=f"callback_{kind}",
        actor=by.id,
        data={**data, "by_name": by.name},
    )


def emit(tx: Tx, task: CallBackTask, by: Viewer) -> None:
    """Tell that a task is another now."""
    tx.emit(CallBackChanged(task=task.id, hotline=task.hotline, state=task.state, by=by.id))


def close(
    tx: Tx,
    task: CallBackTask,
    state: State,
    by: Viewer,
    *,
    call: str | None = None,
    reason: str = "",
) -> None:
    """Close a task; nothing is owed from here on."""
    task.state, task.closed_at, task.closed_by = state, tx.now, by.id
    task.closed_call, task.reason = call, reason
    task.claimed_until = task.next_try_at = task.offered_to = task.offered_until = None
    emit(tx, task, by)
