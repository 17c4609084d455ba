"""The small, seeded run of `make torture PART=recordings`: see tests/torture/recordings.py."""

from pathlib import Path

import pytest

from tests.torture.recordings import Recordings

pytestmark = [pytest.mark.asterisk, pytest.mark.slow, pytest.mark.timeout(360)]


async def test_every_answered_call_is_recorded_whatever_dies(tmp_path: Path) -> None:
    found = await Recordings(tmp_path, seed=1022, count=10, chaos=(3.0, 8.0)).run()
    assert found["problems"] == []
    assert found["calls"] >= 10
    assert found["done"] != []
    assert found["recordings"] >= 3
