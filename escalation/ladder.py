"""What is due now, and what an act brings: pure, from (procedure, calendar, state, act or instant).

No I/O and no clock. A state goes in, a new state and the lines of TIMELINE.md come out; the shell
carries the lines out. Everything that a province rules differently stands in its procedure file.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalation.act import Act
from escalation.choice import Choice, extended_stage
from escalation.procedure import Procedure
from escalation.receipt import receipt
from escalation.rows import ActRule, Expiry, Extension, Notice
from escalation.standing import stands_still, swapped, without_stopped
from escalation.state import Line, Mark, Pause, Running, State
from escalation.timing import due_of, end_of
from tongdai.calendar import Calendar

Step = tuple[State, list[Line]]


@dataclass(frozen=True, slots=True)
class Ladder:
    """One regulation's ladder over one calendar."""

    procedure: Procedure
    calendar: Calendar

    def advance(self, state: State, until: datetime) -> Step:
        """Carry out what was due before `until` (aware), in due order.

        What is due exactly then is left: an act at that instant is still in time (A-G-4).
        """
        lines: list[Line] = []
        while (wait := self._next(state)) and wait[0] < until:
            at, _, kind, stage = wait
            step = self._remind if kind == "reminder" else self._expire
            state, more = step(state, stage, at)
            lines += more
        return replace(state, last_at=max(state.last_at or until, until)), lines

    def perform(self, state: State, act: Act, at: datetime) -> Step:
        """Do an act at `at` (aware), after what was due before it.

        An act that is not allowed gives one `refuse` line and changes nothing else.

        Raises:
            ValueError: `at` lies before what already happened.
        """
        at = at.astimezone(self.calendar.zone)
        if state.last_at is not None and at < state.last_at:
            message = "time does not run backwards"
            raise ValueError(message)
        state, lines = self.advance(state, at)
        outcome = Choice(self.procedure, self.calendar).rule(state, act, at)
        if isinstance(outcome, Line):
            return state, [*lines, outcome]
        state, more = self._carry_out(state, act, outcome, at)
        return state, [*lines, *more]

    def recount(self, state: State, at: datetime) -> Step:
        """Work the running due times out anew: the calendar has changed at `at` (aware).

        What was missed before stays so; a due time that now lies in the past falls at `at`.
        """
        return self._moved(state, at.astimezone(self.calendar.zone), never_before=True)

    def allowed(self, state: State, event: str) -> tuple[ActRule, ...]:
        """Return the rules under which an act can be done in this state, as far as it is known."""
        return Choice(self.procedure, self.calendar).fitting(state, event)

    def explain(self, state: State) -> list[str]:
        """Return how the due time that comes next was reached, in Vietnamese."""
        return receipt(self.calendar, state)

    # -- acts

    def _carry_out(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        lines: list[Line] = []
        flags = (state.flags - set(rule.clear_flags)) | set(rule.set_flags)
        state = replace(state, flags=flags, received_at=state.received_at or at)
        if rule.mark:
            others = tuple(m for m in state.marks if m.event != act.event)
            state = replace(state, marks=(*others, Mark(act.event, at)))
        for step in (self._extend, self._count, self._level, self._pause, self._change):
            state, more = step(state, act, rule, at)
            lines += more
        kept = {s.shown for s in state.running}
        lines = [line for line in lines if line.do != "moved" or line.stage in kept]
        lines += self._notices(state, rule.notify, at)
        if rule.close:
            state = replace(state, running=(), closed_at=at)
            lines.append(Line(at=at, do="close"))
        return state, lines

    def _extend(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        if rule.extend is None or act.until is None:
            return state, []
        until = act.until.astimezone(self.calendar.zone)
        old = extended_stage(state, rule.extend)
        new = replace(old, due=until, until=until, extended_at=at)
        lines = []
        if old.due != until:
            lines.append(Line(at=at, do="moved", stage=old.shown, due=until))
        new, more = self._reminder(state, rule.extend, new, at)
        state = replace(state, running=swapped(state, old, new), extensions=state.extensions + 1)
        return state, lines + more

    def _reminder(
        self, state: State, rule: Extension, stage: Running, at: datetime
    ) -> tuple[Running, list[Line]]:
        if rule.remind is None or stage.due is None:
            return stage, []
        before = end_of(self.calendar, state, at, rule.remind.before, at) - at
        if stage.due - before > at:
            return replace(stage, remind_at=stage.due - before), []
        return stage, self._reminders(stage, rule, at)

    def _count(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        """An acceptance: the limit counts from here, if it did not count already."""
        del act
        stage = next((s for s in state.running if s.stage == rule.count_from_here), None)
        if stage is None or stage.offset is None:
            return state, []
        if at >= end_of(self.calendar, state, stage.counted_from, stage.offset, at):
            return state, []
        earlier = replace(stage, counted_from=at, offset=None)
        return self._moved(replace(state, running=swapped(state, stage, earlier)), at)

    def _level(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        """Another level: the limits anew from the same start; earlier lateness stays (A-HN-17)."""
        if not rule.set_level or act.level is None or act.level == state.level:
            return state, []
        running = tuple(self._limited(s, state, act.level) for s in state.running)
        state, lines = self._moved(
            replace(state, level=act.level, running=running), at, also_missed=True
        )
        late = [s for s in state.running if s.due is not None and s.due < at and not s.missed]
        for stage in late:
            state, more = self._expire(state, stage, at)
            lines += more
        return state, lines

    def _limited(self, stage: Running, state: State, level: object) -> Running:
        rung = self.procedure.stage_of(stage.stage)
        limit = rung.limit_at(state.track, level)  # type: ignore[arg-type]  # read_act checked it
        text = None if limit is None else str(limit)
        if text == stage.limit:
            return stage
        return replace(stage, limit=text, until=None, extended_at=None, remind_at=None)

    def _pause(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        del act
        if rule.pause == "begin":
            return replace(state, pauses=(*state.pauses, Pause(at, None))), []
        if rule.pause == "end":
            ended = Pause(state.pauses[-1].began, at)
            return self._moved(replace(state, pauses=(*state.pauses[:-1], ended)), at)
        return state, []

    def _change(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        """End stages, begin one."""
        del act
        state = without_stopped(state, rule)
        if rule.start is None:
            return state, []
        if rule.resume:
            return self._resume(state, rule.start, at)
        return self._start(state, rule.start, at, offset=rule.start_after)

    # -- time

    def _next(self, state: State) -> tuple[datetime, int, str, Running] | None:
        """Return what falls due first: when, the stage's place, `reminder` or `stage`, whose."""
        order = self.procedure.order_of
        running = [s for s in state.running if not self._stands_still(state, s)]
        found = [(s.due, order(s.stage), "stage", s) for s in running if s.due and not s.missed]
        found += [(s.remind_at, order(s.stage), "reminder", s) for s in running if s.remind_at]
        return min(found, key=lambda wait: wait[:3], default=None)

    def _stands_still(self, state: State, stage: Running) -> bool:
        return stands_still(self.procedure, state, stage)

    def _pausable(self, stage: Running) -> bool:
        return self.procedure.stage_of(stage.stage).pausable

    def _remind(self, state: State, stage: Running, at: datetime) -> Step:
        rules = (r.extend for r in self.procedure.act if r.extend)
        rule = next(r for r in rules if stage.stage in r.stages)
        state = replace(state, running=swapped(state, stage, replace(stage, remind_at=None)))
        return state, self._reminders(stage, rule, at)

    def _reminders(self, stage: Running, rule: Extension, at: datetime) -> list[Line]:
        owner = self.procedure.stage_of(stage.stage).responsible
        roles = (
            [owner if to == "responsible" else to for to in rule.remind.to] if rule.remind else []
        )
        return [Line(at=at, do="remind", to=role, due=stage.due) for role in roles]

    def _expire(self, state: State, late: Running, at: datetime) -> Step:
        expiry = self.procedure.stage_of(late.stage).expiry
        lines = [Line(at=at, do="missed", stage=late.shown)]
        late_now = replace(late, missed=True, remind_at=None)
        state = replace(
            state, running=swapped(state, late, late_now), missed=(*state.missed, late.shown)
        )
        if expiry is None:
            return state, lines
        if _makes_overdue(expiry, late) and not state.overdue:
            state = replace(state, overdue=True)
            lines.append(Line(at=at, do="overdue"))
        lines += [Line(at=at, do="report", to=role) for role in expiry.report]
        if expiry.start:
            others = tuple(s for s in state.running if s is not late_now)
            state, more = self._start(
                replace(state, running=others), expiry.start, at, day_ended=True
            )
            lines += more
        return state, [*lines, *self._notices(state, expiry.notify, at)]

    def _start(
        self,
        state: State,
        stage: str,
        at: datetime,
        *,
        day_ended: bool = False,
        offset: str | None = None,
    ) -> Step:
        rung = self.procedure.stage_of(stage)
        limit = rung.limit_at(state.track, state.level)
        begun = Running(
            stage=stage,
            shown=rung.shown,
            counted_from=at,
            limit=None if limit is None else str(limit),
            offset=offset,
            day_ended=day_ended,
        )
        begun = replace(begun, due=due_of(self.calendar, state, begun, at))
        return replace(state, running=(*state.running, begun)), [self._started(state, begun, at)]

    def _resume(self, state: State, stage: str, at: datetime) -> Step:
        """Begin a stage again with the due time that it had first (A-TN-13)."""
        running = [s for s in state.running if s.stage == stage]
        before = [*running, *(s for s in state.stopped if s.stage == stage)]
        if not before:
            return self._start(state, stage, at)
        again = replace(before[0], due=due_of(self.calendar, state, before[0], at))
        others = tuple(s for s in state.running if s.stage != stage)
        state = replace(state, running=(*others, again))
        started = self._started(state, again, at)
        if again.due is None or again.due >= at or again.missed:
            return state, [started]
        if self._stands_still(state, again):
            return state, [started]
        state, lines = self._expire(state, again, at)
        return state, [*lines, started]

    def _started(self, state: State, stage: Running, at: datetime) -> Line:
        rung = self.procedure.stage_of(stage.stage)
        role = rung.responsible_in.get(state.track, rung.responsible)
        return Line(at=at, do="start", stage=stage.shown, responsible=role, due=stage.due)

    def _moved(
        self,
        state: State,
        at: datetime,
        *,
        never_before: bool = False,
        also_missed: bool = False,
    ) -> Step:
        lines, running = [], []
        for stage in state.running:
            due = due_of(self.calendar, state, stage, at)
            frozen = stage.missed and not also_missed
            if due != stage.due and not frozen and self._pausable(stage):
                due = max(due, at) if due is not None and never_before else due
                lines.append(Line(at=at, do="moved", stage=stage.shown, due=due))
                shift = due - stage.due if due and stage.due else timedelta(0)
                remind = stage.remind_at + shift if stage.remind_at else None
                stage = replace(stage, due=due, remind_at=remind)  # noqa: PLW2901 - its new form
            running.append(stage)
        return replace(state, running=tuple(running)), lines

    def _notices(self, state: State, notices: tuple[Notice, ...], at: datetime) -> list[Line]:
        return [
            Line(at=at, do="notify", by=n.by, to=n.to, purpose=n.purpose)
            for n in notices
            if not n.tracks or state.track in n.tracks
        ]


def _makes_overdue(expiry: Expiry, late: Running) -> bool:
    return expiry.overdue or (expiry.overdue_when_extended and late.until is not None)
