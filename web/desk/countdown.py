"""How long there is left, in words that need no calculating; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongdai.calendar import Calendar, due_text
from tongdai.clock import HCM
from tongdai.i18n import _

_SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """What a page says of a due time.

    Attributes:
        due: `trước 16:30 ngày 02/12/2026`.
        left: `còn 3 giờ 20 phút làm việc`, or `quá hạn 1 giờ làm việc`.
        tone: good, warn or bad: the colour beside the words.
    """

    due: str
    left: str
    tone: str


def countdown(now: datetime, due: datetime, calendar: Calendar | None) -> Countdown:
    """Return the words for a due time.

    Args:
        now: Aware moment.
        due: Aware moment.
        calendar: The hotline's working time; None: plain time is told.
    """
    late = now > due
    begin, end = (due, now) if late else (now, due)
    time = calendar.working_time_between(begin, end) if calendar else end - begin
    words = span(time)
    if calendar:
        template = _("quá hạn {time} làm việc") if late else _("còn {time} làm việc")
    else:
        template = _("quá hạn {time}") if late else _("còn {time}")
    tone = "bad" if late else "warn" if time <= _SOON else "good"
    return Countdown(due=due_text(due.astimezone(HCM)), left=template.format(time=words), tone=tone)


def span(time: timedelta) -> str:
    """Return a span as hours and minutes, `dưới 1 phút` for less than a minute."""
    minutes = int(time.total_seconds()) // 60
    if minutes == 0:
        return _("dưới 1 phút")
    hours, rest = divmod(minutes, 60)
    parts = [_("{n} giờ").format(n=hours)] if hours else []
    parts += [_("{n} phút").format(n=rest)] if rest else []
    return " ".join(parts)
