"""What a ladder's state means for those outside: whose turn it is, and what it waits for; pure."""

from dataclasses import replace
from datetime import datetime

from escalation.procedure import Procedure
from escalation.rows import ActRule
from escalation.state import Running, State


def responsible(procedure: Procedure, state: State) -> str | None:
    """Return the role that must act now; None before the beginning and after the end."""
    if state.received_at is None:
        return None
    if state.running:
        rung = procedure.stage_of(state.running[-1].stage)
        return rung.responsible_in.get(state.track, rung.responsible)
    return procedure.responsible_before_referral if state.closed_at is None else None


def waits(procedure: Procedure, state: State) -> list[tuple[str, str, datetime]]:
    """Return what falls due by itself: (stage, `stage` or `reminder`, when)."""
    running = [s for s in state.running if not stands_still(procedure, state, s)]
    found = [(s.shown, "stage", s.due) for s in running if s.due and not s.missed]
    return found + [(s.shown, "reminder", s.remind_at) for s in running if s.remind_at]


def stands_still(procedure: Procedure, state: State, stage: Running) -> bool:
    """Say whether force majeure holds a stage up; one that ends as it begins had all its time."""
    if not state.paused or not procedure.stage_of(stage.stage).pausable:
        return False
    return stage.due is None or stage.due > state.pauses[-1].began


def next_due(state: State) -> datetime | None:
    """Return when the limit of a running stage ends next."""
    return min((s.due for s in state.running if s.due and not s.missed), default=None)


def swapped(state: State, old: Running, new: Running) -> tuple[Running, ...]:
    """Return the running stages with one of them in its new form."""
    return tuple(new if s is old else s for s in state.running)


def without_stopped(state: State, rule: ActRule) -> State:
    """End the stages that a rule stops; how they stood is kept."""
    if rule.stops is None:
        ended = list(state.running) if rule.start else []
    else:
        firsts = (next((s for s in state.running if s.stage == name), None) for name in rule.stops)
        ended = [s for s in firsts if s is not None]
    if not ended:
        return state
    names = {s.stage for s in ended}
    return replace(
        state,
        running=tuple(s for s in state.running if not any(s is e for e in ended)),
        stopped=(*(s for s in state.stopped if s.stage not in names), *ended),
    )
