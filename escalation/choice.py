"""Which rule an act falls under, or the line that refuses it; pure."""

from dataclasses import dataclass
from datetime import date, datetime, time

from escalation.act import Act
from escalation.names import CLOSED, INTAKE, NEW
from escalation.procedure import Procedure
from escalation.rows import ActRule, Extension
from escalation.state import Line, Running, State
from escalation.timing import end_of
from tongdai.calendar import Calendar, parse_limit


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice of rules by one regulation over one calendar."""

    procedure: Procedure
    calendar: Calendar

    def fitting(self, state: State, event: str) -> tuple[ActRule, ...]:
        """Return the rules under which an act may be done in this situation."""
        return tuple(r for r in self.procedure.rules_for(event) if _fits(r, state))

    def rule(self, state: State, act: Act, at: datetime) -> ActRule | Line:
        """Return the rule for an act, or the line that refuses it."""
        rules = self.procedure.rules_for(act.event)
        fitting = [r for r in self.fitting(state, act.event) if _meant(r, act)]
        if not rules:
            unknown = self.procedure.refusal_of_unknown_acts
            return refuse(at, act, unknown.why, unknown.source)
        if not fitting:
            return _out_of_turn(state, act, at, rules)
        refusals = [self._refused(state, act, rule, at) for rule in fitting]
        for rule, refusal in zip(fitting, refusals, strict=True):
            if refusal is None:
                return rule
        return next(r for r in refusals if r is not None)

    def _refused(self, state: State, act: Act, rule: ActRule, at: datetime) -> Line | None:
        if act.event == "rejected" and not self.procedure.ground_of(act.ground or ""):
            return refuse(at, act, "Quy chế không có căn cứ từ chối này.", rule.source)
        for condition in rule.condition:
            if (condition.flag in state.flags) is not condition.stands:
                return refuse(at, act, condition.why, condition.source)
        if rule.needs_reason and not act.reason:
            return refuse(at, act, "Chưa nêu lý do.", rule.source)
        if rule.within:
            since = state.mark(rule.within.after)
            if since is None or at > end_of(self.calendar, state, since, rule.within.limit, at):
                return refuse(at, act, rule.within.why, rule.within.source)
        if rule.extend:
            why = self._extension_refused(state, act, rule.extend, at)
            return refuse(at, act, why, rule.extend.source) if why else None
        return None

    def _extension_refused(
        self, state: State, act: Act, rule: Extension, at: datetime
    ) -> str | None:
        """Return why the extension may not be given, None if it may (CT-9.1.2d)."""
        today = at.astimezone(self.calendar.zone).date()
        day = act.document_date or today
        stage = extended_stage(state, rule)
        reasons = (
            (stage.missed, "Đã quá hạn, không gia hạn được nữa."),
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
                rule.at_most is not None and rule.counted_from == "document_date" and day > today,
                "Ngày của công văn không được sau ngày gia hạn.",
            ),
        )
        why = next((text for wrong, text in reasons if wrong), None)
        return why or self._too_long(act, rule, stage, day)

    def _too_long(self, act: Act, rule: Extension, stage: Running, day: date) -> str | None:
        if rule.at_most is None or act.until is None:
            return None
        limit = parse_limit(rule.at_most)
        start = datetime.combine(day, time(12), self.calendar.zone)
        if rule.counted_from == "stage_start":
            start = stage.counted_from
        if act.until <= self.calendar.due(start, limit):
            return None
        return f"Thời gian hẹn vượt quá {limit.vietnamese}."


def extended_stage(state: State, rule: Extension) -> Running:
    """Return the running stage that an extension is about.

    Raises:
        StopIteration: None of them runs.
    """
    return next(s for s in state.running if s.stage in rule.stages)


def situations(state: State) -> frozenset[str]:
    """Return what a ticket is in: its running stages, or new, intake, closed."""
    if state.received_at is None:
        return frozenset({NEW})
    running = frozenset(s.stage for s in state.running)
    if state.closed_at is not None:
        return running | {CLOSED}
    return running or frozenset({INTAKE})


def refuse(at: datetime, act: Act, why: str, source: str) -> Line:
    """Return the line that refuses an act."""
    return Line(at=at, do="refuse", event=act.event, why=why, source=source)


def _fits(rule: ActRule, state: State) -> bool:
    now = situations(state)
    if CLOSED in now:
        if not rule.after_close and CLOSED not in rule.when:
            return False
    elif rule.after_close:
        return False
    return (
        not now.isdisjoint(rule.when)
        and now.isdisjoint(rule.unless)
        and _on_track(rule, state)
        and (not rule.levels or state.level in rule.levels)
    )


def _meant(rule: ActRule, act: Act) -> bool:
    return (not rule.grounds or act.ground in rule.grounds) and (
        not rule.scores or act.score in rule.scores
    )


def _out_of_turn(state: State, act: Act, at: datetime, rules: tuple[ActRule, ...]) -> Line:
    now = situations(state)
    for rule in rules:
        for refusal in rule.refusal:
            if not now.isdisjoint(refusal.when):
                return refuse(at, act, refusal.why, refusal.source)
    meant = (r for r in rules if _on_track(r, state) and _meant(r, act))
    source = next(meant, rules[0]).source
    if NEW in now:
        return refuse(at, act, "Phản ánh chưa được tiếp nhận.", source)
    if CLOSED in now:
        return refuse(at, act, "Phản ánh đã kết thúc xử lý.", source)
    return refuse(at, act, "Chưa đến bước này.", source)


def _on_track(rule: ActRule, state: State) -> bool:
    return not rule.tracks or state.track in rule.tracks
