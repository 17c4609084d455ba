"""The small, seeded runs of `make torture PART=ivr`: see tests/torture/menus.py and crowd.py."""

from pathlib import Path

import pytest

from tests.torture.crowd import Crowd
from tests.torture.menus import Menus, counted

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.timeout(360)]


async def test_callers_are_served_though_the_service_dies(tmp_path: Path) -> None:
    run = Menus(tmp_path, seed=1022, at_once=8, seconds=10, chaos=(2.0, 4.0), longest_wait=20)
    found = await run.run()
    assert found["problems"] == []
    assert found["kills"] >= 1
    assert found["placed"] >= 8


async def test_nobody_of_a_crowd_is_missing_in_the_sum(tmp_path: Path) -> None:
    found = await Crowd(tmp_path, seed=1022, calls=30, rate=6).run()
    assert found["problems"] == []
    assert found["placed"] == sum(one["calls"] for one in found["sum"]) == 30


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ([("+84912000001", "ended", "answered")], ""),
        ([], "is there 0 times"),
        ([("+84912000001", "ended", "answered")] * 2, "is there 2 times"),
        ([("+84912000001", "ended", None)], "is left ended"),
        ([("+84912000001", "queued", "answered")], "is left queued"),
        ([("+84912000001", "ended", "message"), ("+84912000009", "ended", "message")], "nobody"),
    ],
)
def test_the_count_tells_what_is_missing(
    calls: list[tuple[str, str, str | None]], says: str
) -> None:
    rows = [{"caller_number": n, "state": s, "outcome": o} for n, s, o in calls]
    found = counted(rows, {"+84912000001"}, set())
    assert bool(found) is bool(says)
    assert says in "".join(found)
