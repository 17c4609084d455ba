"""A small, seeded run of `make torture PART=deadlines`: see tests/torture/deadlines.py."""

from pathlib import Path

import pytest

from tests.torture.deadlines import Deadlines
from tongdai.db import Database

pytestmark = pytest.mark.slow


async def test_a_killed_sweep_loses_and_doubles_nothing(tmp_path: Path, database: Database) -> None:
    run = Deadlines(
        tmp_path,
        seed=1022,
        tickets=60,
        life_seconds=(0.02, 0.4),
        most_kills=2,
        url=database.url.render_as_string(hide_password=False),
    )
    found = await run.run()
    assert found["problems"] == []
    assert found["kills"] >= 1
