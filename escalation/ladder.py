"""What is due now, and what an act brings: pure, from (procedure, calendar, state, act or instant).

No I/O and no clock. A state goes in, a new state and the lines of TIMELINE.md come out; the shell
carries the lines out. Everything that a province rules differently stands in its procedure file.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from escalation.act import Act
from escalation.names import CLOSED, INTAKE, NEW
from escalation.procedure import ActRule, Extension, Notice, Procedure
from escalation.state import Line, Running, State
from tongdai.calendar import Calendar, due_text, parse_limit

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
        while (late := self._next(state)) and late.due is not None and late.due < until:
            state, more = self._expire(state, late, late.due)
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
        outcome = self._rule(state, act, at)
        if isinstance(outcome, Line):
            return state, [*lines, outcome]
        state, more = self._carry_out(state, act, outcome, at)
        return state, [*lines, *more]

    def recount(self, state: State, at: datetime) -> Step:
        """Work the running due times out anew: the calendar has changed at `at` (aware).

        What was missed before stays so; a due time that now lies in the past falls at `at`.
        """
        at = at.astimezone(self.calendar.zone)
        lines, running = [], []
        for stage in state.running:
            due = self._due(stage)
            if due is not None and not stage.missed and due != stage.due:
                due = max(due, at)
                stage = replace(stage, due=due)  # noqa: PLW2901 - its new form
                lines.append(Line(at=at, do="moved", stage=stage.stage, due=due))
            running.append(stage)
        return replace(state, running=tuple(running)), lines

    def allowed(self, state: State, event: str) -> tuple[ActRule, ...]:
        """Return the rules under which an act can be done in this state, as far as it is known."""
        rules = self.procedure.rules_for(event)
        return tuple(r for r in rules if not situations(state).isdisjoint(r.when))

    def explain(self, state: State) -> list[str]:
        """Return how the due time of the stage that began last was reached, in Vietnamese."""
        if not state.running or state.running[-1].due is None:
            return []
        stage = state.running[-1]
        if stage.until is not None or stage.limit is None:
            return [f"Gia hạn: {due_text(stage.due)}."] if stage.due else []
        limit = parse_limit(stage.limit)
        return self.calendar.explain(stage.counted_from, limit, day_ended=stage.day_ended)

    # -- acts

    def _rule(self, state: State, act: Act, at: datetime) -> ActRule | Line:
        rules = self.procedure.rules_for(act.event)
        fitting = self.allowed(state, act.event)
        if not rules:
            unknown = self.procedure.refusal_of_unknown_acts
            return _refuse(at, act, unknown.why, unknown.source)
        if not fitting:
            return self._out_of_turn(state, act, at, rules)
        rule = fitting[0]
        if act.event == "rejected" and not self.procedure.ground_of(act.ground or ""):
            return _refuse(at, act, "Quy chế không có căn cứ từ chối này.", rule.source)
        if rule.extend:
            why = self._extension_refused(state, act, rule.extend, at)
            if why:
                return _refuse(at, act, why, rule.extend.source)
        return rule

    def _out_of_turn(
        self, state: State, act: Act, at: datetime, rules: tuple[ActRule, ...]
    ) -> Line:
        now = situations(state)
        for rule in rules:
            for refusal in rule.refusal:
                if not now.isdisjoint(refusal.when):
                    return _refuse(at, act, refusal.why, refusal.source)
        why = {
            NEW: "Phản ánh chưa được tiếp nhận.",
            CLOSED: "Phản ánh đã kết thúc xử lý.",
        }.get(next(iter(now)), "Chưa đến bước này.")
        return _refuse(at, act, why, rules[0].source)

    def _extension_refused(
        self, state: State, act: Act, rule: Extension, at: datetime
    ) -> str | None:
        """Return why the extension may not be given, None if it may (CT-9.1.2d)."""
        today = at.astimezone(self.calendar.zone).date()
        reasons = (
            (
                rule.times is not None and state.extensions >= rule.times,
                f"Chỉ được hẹn lại {rule.times or 0:02d} lần.",
            ),
            ("document" in rule.needs and not act.document, "Chưa có công văn hẹn xử lý."),
            ("reason" in rule.needs and not act.reason, "Chưa nêu lý do."),
            (
                act.until is None or act.until <= at,
                "Thời hạn hẹn phải sau thời điểm gia hạn.",
            ),
            (
                (act.document_date or today) > today,
                "Ngày của công văn không được sau ngày gia hạn.",
            ),
        )
        why = next((text for wrong, text in reasons if wrong), None)
        return why or self._too_long(state, act, rule, act.document_date or today)

    def _too_long(self, state: State, act: Act, rule: Extension, day: date) -> str | None:
        if rule.at_most is None or act.until is None:
            return None
        limit = parse_limit(rule.at_most)
        start = datetime.combine(day, time(12), self.calendar.zone)
        if rule.counted_from == "stage_start":
            start = state.stage(rule.stage).counted_from
        if act.until <= self.calendar.due(start, limit):
            return None
        return f"Thời gian hẹn vượt quá {limit.vietnamese}."

    def _carry_out(self, state: State, act: Act, rule: ActRule, at: datetime) -> Step:
        lines: list[Line] = []
        if rule.event == "received":
            state = replace(state, received_at=at)
        if rule.extend and act.until is not None:
            state, more = _extend(state, rule.extend.stage, act.until, at, self.calendar)
            lines += more
        if rule.start:
            state, more = self._start(replace(state, running=()), rule.start, at)
            lines += more
        lines += self._notices(state, rule.notify, at)
        if rule.close:
            state = replace(state, running=(), closed_at=at)
            lines.append(Line(at=at, do="close"))
        return state, lines

    # -- time

    def _next(self, state: State) -> Running | None:
        waiting = [s for s in state.running if s.due is not None and not s.missed]
        order = self.procedure.order_of
        return min(waiting, key=lambda s: (s.due, order(s.stage)), default=None)

    def _expire(self, state: State, late: Running, at: datetime) -> Step:
        expiry = self.procedure.stage_of(late.stage).expiry
        lines = [Line(at=at, do="missed", stage=late.stage)]
        state = replace(
            state,
            running=tuple(replace(s, missed=True) if s is late else s for s in state.running),
            missed=(*state.missed, late.stage),
        )
        if expiry is None:
            return state, lines
        if expiry.overdue and not state.overdue:
            state = replace(state, overdue=True)
            lines.append(Line(at=at, do="overdue"))
        lines += [Line(at=at, do="report", to=role) for role in expiry.report]
        if expiry.start:
            others = tuple(s for s in state.running if s.stage != late.stage)
            state, more = self._start(
                replace(state, running=others), expiry.start, at, day_ended=True
            )
            lines += more
        return state, [*lines, *self._notices(state, expiry.notify, at)]

    def _start(self, state: State, stage: str, at: datetime, *, day_ended: bool = False) -> Step:
        rung = self.procedure.stage_of(stage)
        limit = rung.limit_at(state.level)
        begun = Running(
            stage=stage,
            counted_from=at,
            limit=None if limit is None else str(limit),
            day_ended=day_ended,
        )
        begun = replace(begun, due=self._due(begun))
        line = Line(at=at, do="start", stage=stage, responsible=rung.responsible, due=begun.due)
        return replace(state, running=(*state.running, begun)), [line]

    def _due(self, stage: Running) -> datetime | None:
        if stage.until is not None:
            return stage.until
        if stage.limit is None:
            return None
        limit = parse_limit(stage.limit)
        return self.calendar.due(stage.counted_from, limit, day_ended=stage.day_ended)

    def _notices(self, state: State, notices: tuple[Notice, ...], at: datetime) -> list[Line]:
        return [
            Line(at=at, do="notify", by=n.by, to=n.to, purpose=n.purpose)
            for n in notices
            if not n.tracks or state.track in n.tracks
        ]


def situations(state: State) -> frozenset[str]:
    """Return what a ticket is in: its running stages, or new, intake, closed."""
    if state.received_at is None:
        return frozenset({NEW})
    if state.closed_at is not None:
        return frozenset({CLOSED})
    return frozenset(s.stage for s in state.running) or frozenset({INTAKE})


def responsible(procedure: Procedure, state: State) -> str | None:
    """Return the role that must act now; None before the beginning and after the end."""
    if state.received_at is None or state.closed_at is not None:
        return None
    if not state.running:
        return procedure.responsible_before_referral
    return procedure.stage_of(state.running[-1].stage).responsible


def next_due(state: State) -> datetime | None:
    """Return the next instant at which something falls due by itself."""
    return min((s.due for s in state.running if s.due and not s.missed), default=None)


def _extend(state: State, stage: str, until: datetime, at: datetime, calendar: Calendar) -> Step:
    until = until.astimezone(calendar.zone)
    moved = [s for s in state.running if s.stage == stage and s.due != until]
    running = tuple(
        replace(s, due=until, until=until) if s.stage == stage else s for s in state.running
    )
    lines = [Line(at=at, do="moved", stage=stage, due=until) for _ in moved]
    return replace(state, running=running, extensions=state.extensions + 1), lines


def _refuse(at: datetime, act: Act, why: str, source: str) -> Line:
    return Line(at=at, do="refuse", event=act.event, why=why, source=source)
