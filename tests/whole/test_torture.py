"""Small, seeded runs of `make torture`: see tests/torture/."""

from pathlib import Path

import pytest

from tests.torture.calls import Calls
from tests.torture.messages import Messages, judge
from tests.torture.nodes import Nodes

pytestmark = [pytest.mark.asterisk, pytest.mark.gateway, pytest.mark.slow, pytest.mark.timeout(360)]


async def test_killing_at_random_loses_and_doubles_nothing(tmp_path: Path) -> None:
    found = await Calls(tmp_path, seed=1022, seconds=40).run()
    assert found["problems"] == []
    assert len(found["done"]) >= 2
    assert found["answered"] >= 3
    assert found["tickets"] >= 1


async def test_messages_are_neither_lost_nor_doubled_by_kills(tmp_path: Path) -> None:
    """The small run of `make torture PART=sms`."""
    found = await Messages(tmp_path, seed=1022, count=120, kills=4).run()
    assert found["problems"] == []
    assert found["messages"] == 120
    assert sum("503" in deed for deed in found["done"]) == 1
    assert found["states"].get("delivered", 0) > 60


async def test_two_nodes_share_an_outbox_and_send_nothing_twice(tmp_path: Path) -> None:
    found = await Nodes(tmp_path, count=300, within=60).run()
    assert found["problems"] == []
    assert sum(found["shares"]) == 300


@pytest.mark.parametrize(
    ("state", "times", "says"),
    [
        ("delivered", 1, ""),
        ("unknown", 0, ""),
        ("unknown", 1, ""),
        ("unknown", 2, "arrived 2 times"),
        ("delivered", 0, "never arrived"),
        ("queued", 0, "is still queued"),
        ("rejected", 1, "arrived and is rejected"),
    ],
)
def test_the_count_tells_what_is_lost_or_doubled(state: str, times: int, says: str) -> None:
    found = judge({"1": state}, {"1": times} if times else {})
    assert len(found) == bool(says)
    assert says in "".join(found)
