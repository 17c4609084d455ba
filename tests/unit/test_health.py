"""/healthz tells the truth, soon, and never hangs."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tongdai.clock import HandClock
from tongdai.health import Condition, Part, State
from web.api.health import Health, status_of

START = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


class Says:
    """A part that says what it is told to, fails, or hangs."""

    def __init__(self, name: str, clock: HandClock, state: State = State.OK) -> None:
        self.name = name
        self.condition = Condition(clock, state)
        self.error: Exception | None = None
        self.hangs: asyncio.Event | None = None
        self.asked = 0

    async def health(self) -> dict[str, Part]:
        self.asked += 1
        if self.error:
            raise self.error
        if self.hangs:
            await self.hangs.wait()
        return {self.name: self.condition.part}


def part(state: State) -> Part:
    return Part(state=state, detail="", since=START)


@pytest.mark.parametrize(
    ("sick", "state", "whole"),
    [
        ("database", State.DOWN, State.DOWN),
        ("pbx:main", State.DOWN, State.DOWN),
        ("pbx:second", State.DOWN, State.DOWN),
        ("agi", State.DOWN, State.DOWN),
        ("database", State.DEGRADED, State.DEGRADED),
        ("spool", State.DOWN, State.DEGRADED),
        ("scheduler", State.DOWN, State.DEGRADED),
        ("sms:kannel", State.DOWN, State.DEGRADED),
        ("sms:kannel", State.OK, State.OK),
    ],
)
def test_the_whole_is_down_with_database_pbx_or_fastagi(
    sick: str, state: State, whole: State
) -> None:
    names = ("database", "pbx:main", "pbx:second", "agi", "spool", "scheduler", "sms:kannel")
    parts = {name: part(State.OK) for name in names} | {sick: part(state)}
    assert status_of(parts) is whole


async def test_a_part_that_hangs_is_down_and_is_asked_once_until_it_answers() -> None:
    clock = HandClock(START)
    hanging, well = Says("pbx:main", clock), Says("database", clock)
    health = Health({"pbx": hanging, "database": well}, clock, patience_seconds=0.05)
    assert (await health.ask())["pbx:main"].state is State.OK
    hanging.hangs = asyncio.Event()
    for _ in range(3):
        parts = await health.ask()
        assert parts["pbx:main"].state is State.DOWN
        assert parts["database"].state is State.OK
    assert hanging.asked == 2
    hanging.hangs.set()
    await asyncio.sleep(0)
    assert (await health.ask())["pbx:main"].state is State.OK


async def test_a_part_that_never_answered_has_the_name_it_was_given() -> None:
    clock = HandClock(START)
    hanging = Says("agi", clock)
    hanging.hangs = asyncio.Event()
    health = Health({"agi": hanging}, clock, patience_seconds=0.01)
    first = await health.ask()
    clock.advance(timedelta(minutes=1))
    second = await health.ask()
    assert first["agi"].state is State.DOWN
    assert second["agi"].since == START
    hanging.hangs.set()


async def test_a_part_that_fails_when_asked_is_down_and_the_others_are_told() -> None:
    clock = HandClock(START)
    failing, well = Says("spool", clock), Says("database", clock)
    failing.error = RuntimeError("no")
    parts = await Health({"spool": failing, "database": well}, clock).ask()
    assert parts["spool"].state is State.DOWN
    assert "RuntimeError" in parts["spool"].detail
    assert parts["database"].state is State.OK
