"""A small, seeded run of `make torture PART=calls`: see tests/torture/calls.py."""

from pathlib import Path

import pytest

from tests.torture.calls import Calls

pytestmark = [pytest.mark.asterisk, pytest.mark.gateway, pytest.mark.slow, pytest.mark.timeout(360)]


async def test_killing_at_random_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = await Calls(tmp_path, seed=1022, seconds=40).run()
    assert found["problems"] == []
    assert len(found["done"]) >= 2
    assert found["answered"] >= 3
    assert found["tickets"] >= 1
