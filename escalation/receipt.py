"""How a due time was reached: the calendar's arithmetic, and what the ladder adds; pure."""

from collections.abc import Iterator

from escalation.state import Pause, Running, State
from escalation.timing import due_of, end_of
from tongdai.calendar import Calendar, due_text, parse_limit
from tongdai.i18n import _


def receipt(calendar: Calendar, state: State) -> list[str]:
    """Return the sentences for the due time that comes next; empty: nothing falls due."""
    stage = _next(state)
    return list(_lines(calendar, state, stage)) if stage else []


def _next(state: State) -> Running | None:
    timed = [s for s in state.running if s.due is not None]
    waiting = [s for s in timed if not s.missed]
    if waiting:
        return min(waiting, key=lambda s: s.due or s.counted_from)
    return timed[-1] if timed else None


def _lines(calendar: Calendar, state: State, stage: Running) -> Iterator[str]:
    if stage.due is None:
        return
    at = state.last_at or stage.counted_from
    if stage.until is not None:
        yield _("Gia hạn: {due}.").format(due=due_text(stage.until))
    elif stage.limit is not None:
        start = stage.counted_from
        if stage.offset is not None:
            start = end_of(calendar, state, start, stage.offset, at)
            offset = parse_limit(stage.offset).vietnamese
            yield _("Tính như đã nhận xử lý khi hết {limit} được trả lại.").format(limit=offset)
        limit = parse_limit(stage.limit)
        yield from calendar.explain(start, limit, day_ended=stage.day_ended)
    if _without_pauses(calendar, state, stage) != stage.due:
        for pause in state.pauses:
            yield _pause(calendar, pause)
        yield _("Hạn: {due}.").format(due=due_text(stage.due))


def _without_pauses(calendar: Calendar, state: State, stage: Running) -> object:
    bare = State(track=state.track, level=state.level)
    return due_of(calendar, bare, stage, state.last_at or stage.counted_from)


def _pause(calendar: Calendar, pause: Pause) -> str:
    began = f"{pause.began.astimezone(calendar.zone):%H:%M %d/%m/%Y}"
    if pause.ended is None:
        return _("Sự cố bất khả kháng từ {began}, chưa kết thúc: không tính.").format(began=began)
    ended = f"{pause.ended.astimezone(calendar.zone):%H:%M %d/%m/%Y}"
    words = _("Sự cố bất khả kháng từ {began} đến {ended}: không tính.")
    return words.format(began=began, ended=ended)
