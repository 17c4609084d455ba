"""What counting working time costs: ours, a floor, pandas and officehours, in one thread.

    python -m benchmarks.working_time [--queries N] [--peers N]        prints JSON

Seeded questions, aware datetimes in and out: `from + limit` in working minutes, and how much
working time lies between two instants: up to a year apart, and (`short`) a limit apart. The floor
is what nobody can do without: cumulative minutes laid out beforehand, one bisect, the conversions.
officehours knows one span a day and naive time, so that the comparison's calendar has one span,
08:00-16:00, and the public holidays; converting to what a peer takes is part of its time. The peers
are asked the first questions only, since they are slow, and their answers are compared with ours.
`vietnam` is ours on a shipped calendar. Processor time is measured, for nothing waits here.
"""

import argparse
import json
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from officehours import Calculator

from escalation.lawbook import default_lawbook
from tongdai.calendar import Calendar, Limit, Unit, parse_calendar
from tongdai.clock import HCM

SEED = 1022
FIRST, DAYS = datetime(2025, 1, 1, tzinfo=HCM), 4 * 365
EPOCH, MICROSECOND, MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1), 60_000_000
LIMITS = {minutes: Limit(minutes, Unit.WORKING_MINUTES) for minutes in (240, 300, 480, 2880)}
Question = tuple[datetime, int]
"""From when, and so many working minutes."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.working_time")
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--peers", type=int, default=5_000, help="how many of them peers are asked")
    asked = parser.parse_args()
    print(json.dumps(measure(asked.queries, asked.peers), indent=1))


def measure(queries: int, peers: int) -> dict[str, Any]:
    """Return microseconds a question, and ratios."""
    days_off = sorted(default_lawbook(("can-tho",)).calendars["can-tho"].rules.holidays)
    questions = _questions(queries)
    ours = _calendar(days_off)
    due = {
        "ours": _each(lambda q: ours.due(q[0], LIMITS[q[1]]), questions),
        "floor": _each(Floor(ours).due, questions),
    }
    tenth = questions[: len(questions) // 10 or 1]
    short = [(start, ours.due(start, LIMITS[minutes])) for start, minutes in tenth]
    far = _far(questions)
    calculator = Calculator("8:00", "16:00", days_off)
    between, between_short = (
        {
            "ours": _each(lambda p: ours.working_time_between(*p), pairs),
            "floor": _each(Floor(ours).between, pairs),
            "officehours": _each(lambda p: _officehours(calculator, p), pairs[:peers]),
        }
        for pairs in (far, short)
    )
    some = _opened(questions[:peers], ours)
    due["pandas"], off = _pandas(some, days_off, ours)
    due["officehours"] = _each(lambda q: _officehours_due(calculator, q), some)
    differ = sum(
        abs(_officehours(calculator, p) - ours.working_time_between(*p).total_seconds()) > 1
        for p in far[:peers]
    )
    return {
        "queries": queries,
        "asked_of_peers": peers,
        "due_microseconds": due,
        "between_microseconds": between,
        "between_short_microseconds": between_short,
        "vietnam_due_microseconds": _vietnam(questions),
        "ratios": {
            "due_to_floor": round(due["ours"] / due["floor"], 2),
            "between_to_floor": round(between["ours"] / between["floor"], 2),
            "faster_than_pandas": round(due["pandas"] / due["ours"], 1),
            "faster_than_officehours_due": round(due["officehours"] / due["ours"], 1),
            "faster_between_than_officehours": round(between["officehours"] / between["ours"], 1),
            "faster_between_short_than_officehours": round(
                between_short["officehours"] / between_short["ours"], 1
            ),
        },
        "aims": {"due_to_floor": 2, "faster_than_pandas": 25, "faster_between": 10},
        "answers_that_differ": {"pandas_due": off, "officehours_between": differ},
    }


class Floor:
    """Cumulative working minutes and a bisect: no limits of range, no checks, no units."""

    def __init__(self, calendar: Calendar) -> None:
        """Lay out five years more than are asked about."""
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._worked: list[int] = []
        total = 0
        for day, spans in calendar.rules.days(date(2024, 1, 1), date(2035, 12, 31)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=HCM)
            for begin, end in spans:
                self._opens.append(_micros(midnight) + begin * MINUTE)
                self._closes.append(_micros(midnight) + end * MINUTE)
                total += (end - begin) * MINUTE
                self._worked.append(total)

    def due(self, question: Question) -> datetime:
        """Answer `from + minutes`."""
        start, minutes = question
        worked = self._until(_micros(start)) + minutes * MINUTE
        at = bisect_left(self._worked, worked)
        return _moment(self._closes[at] - (self._worked[at] - worked))

    def between(self, pair: tuple[datetime, datetime]) -> timedelta:
        """Answer how much working time lies between two moments."""
        worked = self._until(_micros(pair[1])) - self._until(_micros(pair[0]))
        return timedelta(microseconds=worked)

    def _until(self, instant: int) -> int:
        at = bisect_right(self._opens, instant) - 1
        left = self._closes[at] - instant
        return self._worked[at] - left if left > 0 else self._worked[at]


def _questions(count: int) -> list[Question]:
    chance = random.Random(SEED)
    return [
        (
            FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400)),
            chance.choice(tuple(LIMITS)),
        )
        for _ in range(count)
    ]


def _far(questions: Sequence[Question]) -> list[tuple[datetime, datetime]]:
    chance = random.Random(SEED + 1)
    return [(q[0], q[0] + timedelta(seconds=chance.randrange(365 * 86_400))) for q in questions]


def _each(ask: Callable[[Any], object], questions: Sequence[Any]) -> float:
    """Return the microseconds that a question takes."""
    ask(questions[0])  # what is laid out at the first question is laid out now
    begun = time.process_time()
    for question in questions:
        ask(question)
    return round((time.process_time() - begun) / len(questions) * 1e6, 3)


def _calendar(days_off: Sequence[date]) -> Calendar:
    holidays = "".join(f"[[holiday]]\ndate = {day}\n" for day in days_off)
    week = '[[hours]]\ndays = ["mon","tue","wed","thu","fri"]\nspans = ["08:00-16:00"]\n'
    return parse_calendar(week + holidays)


def _opened(questions: Sequence[Question], calendar: Calendar) -> list[Question]:
    """Move the questions into working time: outside of it pandas begins elsewhere."""
    moved = []
    for start, minutes in questions:
        opening = calendar.next_opening(start)
        assert opening is not None
        moved.append((opening, minutes))
    return moved


def _pandas(
    questions: Sequence[Question], days_off: Sequence[date], ours: Calendar
) -> tuple[float, int]:
    offsets = {
        minutes: pd.offsets.CustomBusinessHour(
            n=minutes // 60, start="08:00", end="16:00", holidays=list(days_off)
        )
        for minutes in LIMITS
    }

    def ask(question: Question) -> datetime:
        start, minutes = question
        answer = (pd.Timestamp(start) + offsets[minutes]).to_pydatetime()
        assert isinstance(answer, datetime)
        return answer

    took = _each(ask, questions)
    differ = 0
    for question in questions[:1000]:
        due = ours.due(question[0], LIMITS[question[1]])
        # a limit that ends with a span is for pandas the beginning of the next one
        differ += ask(question) not in (due, ours.next_opening(due))
    return took, differ


def _officehours_due(calculator: Calculator, question: Question) -> datetime:
    start, minutes = question
    found = calculator.due_date(minutes / 60, start.replace(tzinfo=None))
    assert isinstance(found, datetime)
    return found.replace(tzinfo=HCM)


def _officehours(calculator: Calculator, pair: tuple[datetime, datetime]) -> float:
    begin, end = pair
    return float(calculator.working_seconds(begin.replace(tzinfo=None), end.replace(tzinfo=None)))


def _vietnam(questions: Sequence[Question]) -> float:
    calendar = default_lawbook(("can-tho",)).calendars["can-tho"]
    some = questions[: len(questions) // 10 or 1]
    return _each(lambda q: calendar.due(q[0], LIMITS[q[1]]), some)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moment(instant: int) -> datetime:
    return (EPOCH + timedelta(microseconds=instant)).astimezone(HCM)


if __name__ == "__main__":
    main()
