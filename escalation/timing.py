"""When a stage is due, with extensions and force majeure; pure."""

from datetime import date, datetime, timedelta

from escalation.state import Pause, Running, State
from tongdai.calendar import Calendar, Limit, Unit, parse_limit


def due_of(calendar: Calendar, state: State, stage: Running, at: datetime) -> datetime | None:
    """Return when a running stage ends; None: never by itself.

    Args:
        calendar: The working calendar.
        state: For its times of force majeure.
        stage: The stage.
        at: Now: as far as force majeure that goes on is known.
    """
    if stage.until is not None:
        return _until(state, stage, at)
    if stage.limit is None:
        return None
    start = stage.counted_from
    if stage.offset is not None:
        start = end_of(calendar, state, start, stage.offset, at)
    return end_of(calendar, state, start, stage.limit, at, day_ended=stage.day_ended)


def end_of(
    calendar: Calendar,
    state: State,
    start: datetime,
    text: str,
    at: datetime,
    *,
    day_ended: bool = False,
) -> datetime:
    """Return when a limit ends: days that force majeure touches do not count, hours stand still.

    Of its hours those of the clock stand still to the second, working hours as far as it lies in
    working time.
    """
    limit = parse_limit(text)
    pauses = [Pause(p.began, p.ended or at) for p in state.pauses]
    end = calendar.due(start, limit, day_ended=day_ended)
    if not pauses:
        return end
    if limit.unit in (Unit.HOURS, Unit.MINUTES):
        return _stretched(start, end, pauses)
    if limit.unit in (Unit.WORKING_HOURS, Unit.WORKING_MINUTES):
        return _worked(calendar, start, end, pauses)
    first = calendar.start_day(start, day_ended=day_ended)
    while True:
        lost = _touched(calendar, first, end, pauses, every=limit.unit is Unit.DAYS)
        longer = calendar.due(start, Limit(limit.count + lost, limit.unit), day_ended=day_ended)
        if longer == end:
            return end
        end = longer


def _until(state: State, stage: Running, at: datetime) -> datetime | None:
    if stage.until is None or stage.extended_at is None:
        return stage.until
    pauses = [Pause(p.began, p.ended or at) for p in state.pauses]
    return _stretched(stage.extended_at, stage.until, pauses)


def _stretched(start: datetime, end: datetime, pauses: list[Pause]) -> datetime:
    for began, ended in pauses:
        if ended is not None and ended > start and began < end:
            end += ended - max(began, start)
    return end


def _worked(calendar: Calendar, start: datetime, end: datetime, pauses: list[Pause]) -> datetime:
    for began, ended in pauses:
        if ended is not None and ended > start and began < end:
            left = calendar.working_time_between(max(began, start), end)
            end = calendar.after(ended, left)
    return end


def _touched(
    calendar: Calendar, first: date, end: datetime, pauses: list[Pause], *, every: bool
) -> int:
    """Count the days after `first` and before `end` of which a part lies in a pause.

    Working days, or every one.
    """
    days: set[date] = set()
    last = (end - timedelta(microseconds=1)).astimezone(calendar.zone).date()
    for began, ended in pauses:
        if ended is None or ended <= began:
            continue
        day = max(began.astimezone(calendar.zone).date(), first + timedelta(days=1))
        final = (ended - timedelta(microseconds=1)).astimezone(calendar.zone).date()
        while day <= min(final, last):
            if every or calendar.is_working_day(day):
                days.add(day)
            day += timedelta(days=1)
    return len(days)
