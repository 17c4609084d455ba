"""Each hotline's rules of calling back: its settings and its working calendar."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.followups import model
from ivr.followups.model import Result, Verdict
from tongdai.calendar import Calendar
from tongdai.calendar.working import CalendarRangeError
from tongdai.settings import Settings
from tongdai.settings_callback import CallBackTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The rules by hotline.

    Attributes:
        settings: The hotlines.
        calendar: A hotline's working calendar, the one of its deadlines; None: it has none.
    """

    settings: Settings
    calendar: Callable[[str], Calendar | None]

    def of(self, hotline: str) -> CallBackTable:
        """Return a hotline's settings; of one that is gone, the defaults."""
        found = self.settings.hotline_by_id(hotline)
        return found.call_back if found is not None else CallBackTable()

    def due_at(self, hotline: str, at: datetime) -> datetime:
        """Return until when somebody who called at `at` is to be called back."""
        try:
            return model.due_at(self.calendar(hotline), at, self.of(hotline))
        except CalendarRangeError:  # a calendar without open hours
            return at + timedelta(minutes=self.of(hotline).within_minutes)

    def after_try(self, hotline: str, result: Result, tries: int, now: datetime) -> Verdict:
        """Return what follows from a try at `now`."""
        calendar = self.calendar(hotline)
        try:
            return model.after_try(result, tries, now, self.of(hotline), calendar)
        except CalendarRangeError:
            return model.after_try(result, tries, now, self.of(hotline), None)
