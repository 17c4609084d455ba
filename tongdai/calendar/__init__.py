"""The working calendar: when offices are open, and when a limit ends. Pure: no I/O, no clock."""

from tongdai.calendar.limits import Limit, LimitError, Unit, parse_limit
from tongdai.calendar.lines import line_of
from tongdai.calendar.parse import CalendarError, parse_calendar
from tongdai.calendar.receipt import due_text
from tongdai.calendar.working import Calendar, CalendarRangeError

__all__ = [
    "Calendar",
    "CalendarError",
    "CalendarRangeError",
    "Limit",
    "LimitError",
    "Unit",
    "due_text",
    "line_of",
    "parse_calendar",
    "parse_limit",
]
