"""How a due time was reached, in plain Vietnamese: the same for citizen, unit and auditor."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tongdai.calendar.limits import Limit, Unit
from tongdai.calendar.rules import Rules
from tongdai.i18n import _

if TYPE_CHECKING:
    from tongdai.calendar.working import Calendar

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_MOST_DAYS = 60


def receipt(calendar: "Calendar", start: datetime, limit: Limit, *, day_ended: bool) -> list[str]:
    """Return the sentences; see Calendar.explain."""
    due = calendar.due(start, limit, day_ended=day_ended)
    begin = start.astimezone(calendar.zone)
    lines = [
        _("Bắt đầu tính từ {moment}; thời hạn {limit}.").format(
            moment=_moment(begin), limit=limit.vietnamese
        )
    ]
    match limit.unit:
        case Unit.WORKING_HOURS | Unit.WORKING_MINUTES:
            lines += _working_time(calendar, begin, due)
        case Unit.WORKING_DAYS:
            lines += _working_days(calendar, start, due, day_ended=day_ended)
        case Unit.DAYS:
            lines += _days(calendar, start, limit, due, day_ended=day_ended)
        case Unit.HOURS | Unit.MINUTES:
            lines.append(_("Tính liên tục, kể cả ban đêm và ngày nghỉ."))
    lines.append(_("Hạn: {due}.").format(due=due_text(due)))
    lines += _warnings(calendar.rules, begin, due)
    return lines


def due_text(due: datetime) -> str:
    """Write a due moment (in its own zone): `trước 16:30 ngày 02/12/2026`, `hết ngày ...`."""
    if (due.hour, due.minute, due.second, due.microsecond) == (0, 0, 0, 0):
        day = due.date() - timedelta(days=1)
        return _("hết ngày {day}").format(day=f"{day:%d/%m/%Y}")
    return _("trước {time} ngày {day}").format(time=_time(due), day=f"{due:%d/%m/%Y}")


def _working_time(calendar: "Calendar", begin: datetime, due: datetime) -> Iterator[str]:
    left = calendar.working_time_between(begin, due)
    last = (due - timedelta(microseconds=1)).date()
    for day, closed in _working_days_with_gaps(calendar.rules, begin.date(), last):
        if day is None:
            yield closed
            continue
        midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
        worked = calendar.working_time_between(
            max(begin, midnight), min(due, midnight + timedelta(days=1))
        )
        left -= worked
        if worked:
            yield _("{day}: {worked} làm việc, còn {left}.").format(
                day=_first_upper(_day(day)), worked=_span(worked), left=_span(left)
            )


def _working_days(
    calendar: "Calendar", start: datetime, due: datetime, *, day_ended: bool
) -> Iterator[str]:
    first = calendar.start_day(start, day_ended=day_ended)
    yield _("Không tính ngày bắt đầu ({day}).").format(day=_day(first))
    count = 0
    last = (due - timedelta(microseconds=1)).date()
    for day, closed in _working_days_with_gaps(calendar.rules, first + timedelta(days=1), last):
        if day is None:
            yield closed
            continue
        count += 1
        yield _("Ngày {n}: {day}.").format(n=count, day=_day(day))


def _days(
    calendar: "Calendar", start: datetime, limit: Limit, due: datetime, *, day_ended: bool
) -> Iterator[str]:
    first = calendar.start_day(start, day_ended=day_ended)
    yield _("Không tính ngày bắt đầu ({day}).").format(day=_day(first))
    nth = first + timedelta(days=limit.count)
    last = (due - timedelta(microseconds=1)).date()
    if last == nth:
        yield _("Ngày thứ {n} là {day}.").format(n=limit.count, day=_day(nth))
    else:
        yield _("Ngày thứ {n} là {day}, ngày nghỉ: lùi đến hết ngày làm việc tiếp theo.").format(
            n=limit.count, day=_day(nth)
        )


def _working_days_with_gaps(
    rules: Rules, first: date, last: date
) -> Iterator[tuple[date | None, str]]:
    """Yield each working date, and for each run of closed dates between them a sentence."""
    gap: list[date] = []
    shown = 0
    day = first
    while day <= last:
        if not rules.spans_on(day):
            gap.append(day)
        else:
            if gap:
                yield None, _gap(rules, gap)
                gap = []
            shown += 1
            if shown > _MOST_DAYS:
                yield None, _("… và tiếp tục như vậy đến {day}.").format(day=_day(last))
                return
            yield day, ""
        day += timedelta(days=1)


def _gap(rules: Rules, days: list[date]) -> str:
    named: dict[str, int] = {}
    for day in days:
        if day in rules.holidays and rules.weekly(day):
            name = rules.holidays[day] or _("ngày lễ")
            named[name] = named.get(name, 0) + 1
    reasons = [_("nghỉ {name} {n} ngày").format(name=name, n=n) for name, n in named.items()]
    if len(days) > sum(named.values()):
        reasons.append(_("ngày nghỉ hằng tuần"))
    if len(days) == 1:
        return _("Không tính {day}: {why}.").format(day=_day(days[0]), why=", ".join(reasons))
    return _("Không tính từ {first} đến {last}: {why}.").format(
        first=_day(days[0]), last=_day(days[-1]), why=", ".join(reasons)
    )


def _warnings(rules: Rules, begin: datetime, due: datetime) -> Iterator[str]:
    years = range(begin.year, due.year + 1)
    listed = bool(rules.confirmed or rules.unconfirmed)
    unsure = [y for y in years if y in rules.unconfirmed or (listed and y not in rules.confirmed)]
    for year in unsure:
        yield _("Lưu ý: lịch nghỉ lễ năm {year} chưa được công bố chính thức.").format(year=year)


def _moment(moment: datetime) -> str:
    return f"{_time(moment)} {_day(moment.date())}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _day(day: date) -> str:
    return f"{_(_WEEKDAYS[day.weekday()])} {day:%d/%m/%Y}"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _span(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    parts = [
        (seconds // 3600, _("{n} giờ")),
        (seconds % 3600 // 60, _("{n} phút")),
        (seconds % 60, _("{n} giây")),
    ]
    return " ".join(text.format(n=n) for n, text in parts if n) or _("{n} giờ").format(n=0)
