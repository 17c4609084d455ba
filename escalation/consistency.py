"""What makes a procedure contradict itself."""

from collections.abc import Iterable, Iterator

from escalation.names import CLOSED, INTAKE, NEW
from escalation.procedure import Procedure

Where = tuple[str | int, ...]


def contradictions(procedure: Procedure) -> Iterator[tuple[Where, str]]:
    """Yield each contradiction with its place in the file."""
    yield from _doubles(procedure)
    yield from _unknown_names(procedure)
    yield from _ladder(procedure)
    yield from _ways_in_and_out(procedure)


def _doubles(procedure: Procedure) -> Iterator[tuple[Where, str]]:
    tables: dict[str, Iterable[str]] = {
        "track": [t.id for t in procedure.track],
        "type": [t.id for t in procedure.type],
        "channel": [c.id for c in procedure.channel],
        "ground": [g.id for g in procedure.ground],
        "rating": [r.id for r in procedure.rating],
        "stage": [s.id for s in procedure.stage],
    }
    for table, ids in tables.items():
        seen: set[str] = set()
        for index, name in enumerate(ids):
            if name in seen:
                yield (table, index, "id"), f"{name!r} stands there twice"
            seen.add(name)


def _unknown_names(procedure: Procedure) -> Iterator[tuple[Where, str]]:
    for index, kind in enumerate(procedure.type):
        if kind.track not in procedure.has_track:
            yield ("type", index, "track"), f"no such track: {kind.track!r}"
    for index in range(len(procedure.stage)):
        yield from _stage(procedure, index)
    for index in range(len(procedure.act)):
        yield from _act(procedure, index)


def _stage(procedure: Procedure, index: int) -> Iterator[tuple[Where, str]]:
    stage, expiry = procedure.stage[index], procedure.stage[index].expiry
    if expiry and expiry.start not in {None, *(s.id for s in procedure.stage)}:
        yield ("stage", index, "expiry", "start"), f"no such stage: {expiry.start!r}"
    if expiry and stage.limit is None and not stage.limits:
        yield ("stage", index, "expiry"), "a stage without a limit never expires"
    if (stage.limit or stage.limits) and expiry is None:
        yield ("stage", index, "limit"), "a limit without [stage.expiry] has no consequence"
    tracks = (*(t for li in stage.limits for t in li.tracks), *stage.responsible_in)
    for track in tracks:
        if track not in procedure.has_track:
            yield ("stage", index, "limits"), f"no such track: {track!r}"


def _act(procedure: Procedure, index: int) -> Iterator[tuple[Where, str]]:
    rule = procedure.act[index]
    stages = {stage.id for stage in procedure.stage}
    if rule.start and rule.start not in stages:
        yield ("act", index, "start"), f"no such stage: {rule.start!r}"
    named = (*(rule.extend.stages if rule.extend else ()), *(rule.stops or ()))
    for name in (*named, *((rule.count_from_here,) if rule.count_from_here else ())):
        if name not in stages:
            yield ("act", index, "event"), f"no such stage: {name!r}"
    for name in (*rule.when, *rule.unless, *(n for r in rule.refusal for n in r.when)):
        if name not in stages | {NEW, INTAKE, CLOSED}:
            yield ("act", index, "when"), f"no such stage or situation: {name!r}"
    for track in (*rule.tracks, *(t for notice in rule.notify for t in notice.tracks)):
        if track not in procedure.has_track:
            yield ("act", index, "notify", "tracks"), f"no such track: {track!r}"
    if rule.extend and not set(rule.extend.stages) & set(rule.when):
        yield ("act", index, "when"), "an extension of stages in which it may not be asked"
    yield from _flags(procedure, index)


def _flags(procedure: Procedure, index: int) -> Iterator[tuple[Where, str]]:
    known = {flag for rule in procedure.act for flag in rule.set_flags}
    for condition in procedure.act[index].condition:
        if condition.flag not in known:
            yield ("act", index, "condition", "flag"), f"nothing sets {condition.flag!r}"
    window = procedure.act[index].within
    if window and not any(r.event == window.after and r.mark for r in procedure.act):
        yield ("act", index, "within", "after"), f"no {window.after!r} is marked"


def _ladder(procedure: Procedure) -> Iterator[tuple[Where, str]]:
    """No stage may begin twice by the passing of time alone, and each must begin somehow."""
    follows = {s.id: s.expiry.start for s in procedure.stage if s.expiry and s.expiry.start}
    for index, stage in enumerate(procedure.stage):
        at: str | None = stage.id
        seen = set()
        while at is not None and at not in seen:
            seen.add(at)
            at = follows.get(at)
        if at is not None:
            yield ("stage", index, "expiry", "start"), f"time alone leads back to {at!r}"
    begun = set(follows.values()) | {rule.start for rule in procedure.act}
    for index, stage in enumerate(procedure.stage):
        if stage.id not in begun:
            yield ("stage", index, "id"), f"nothing ever begins {stage.id!r}"


def _ways_in_and_out(procedure: Procedure) -> Iterator[tuple[Where, str]]:
    if not any(rule.event == "received" for rule in procedure.act):
        yield ("act",), "no act `received`: no ticket could begin"
    for index, stage in enumerate(procedure.stage):
        out = any(
            stage.id in rule.when and (rule.close or rule.start or rule.extend is None)
            for rule in procedure.act
        )
        if not out:
            yield ("stage", index, "id"), f"no act leads out of {stage.id!r}"
