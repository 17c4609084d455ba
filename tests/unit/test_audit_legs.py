"""The auditor's time line: who each bar belongs to, and where it stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

from telephony.calls.tables import CallLegRow, CallRow
from web.audit.legs import WIDTH, drawing

START = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


def leg(n: int, begins: int, ends: int, kind: str = "talk", **values: Any) -> CallLegRow:
    common: dict[str, Any] = {"main": False, "number": "", "how": "left", "uniqueid": str(n)}
    return CallLegRow(
        call="c", n=n, kind=kind, channel=f"c{n}",
        started_at=START + timedelta(seconds=begins), ended_at=START + timedelta(seconds=ends),
        **(common | values),
    )  # fmt: skip


def call(answered: int | None, ended: int, direction: str = "inbound") -> CallRow:
    return CallRow(
        id="c", pbx="main", linkedid="1.1", hotline="can-tho", direction=direction, caller_raw="",
        caller_name="", caller_kind="mobile", called_number="02921022", started_at=START,
        answered_at=None if answered is None else START + timedelta(seconds=answered),
        ended_at=START + timedelta(seconds=ended), state="ended", version=1,
    )  # fmt: skip


def test_each_party_has_one_line_in_the_order_of_appearance() -> None:
    legs = [
        leg(1, 20, 100, main=True),
        leg(2, 10, 20, "ring", operator="lan", seat="web-1001"),
        leg(3, 20, 60, operator="lan", seat="web-1001"),
        leg(4, 60, 80, "ring", transfer="t", number="02921022"),
        leg(5, 80, 90, "ring", seat="desk-1002"),
        leg(6, 90, 95, number="0912345678"),
    ]
    found = drawing(legs, call(20, 100), {"lan": "Nguyễn Lan"}, {"t": "Phạm Văn An, Sở Xây dựng"})
    assert found is not None
    assert found.parties == (
        "Người gọi", "Nguyễn Lan", "Phạm Văn An, Sở Xây dựng", "Máy desk-1002", "0912345678",
    )  # fmt: skip
    assert [bar.row for bar in found.bars] == [0, 1, 1, 2, 3, 4]


def test_whoever_is_called_back_has_one_line_from_the_first_ring() -> None:
    legs = [
        leg(1, 2, 5, "ring", uniqueid="citizen", number="0912345678"),
        leg(2, 5, 90, main=True, uniqueid="citizen"),
        leg(3, 5, 60, operator="lan", seat="web-1001"),
    ]
    found = drawing(legs, call(5, 90, "outbound"), {"lan": "Nguyễn Lan"}, {})
    assert found is not None
    assert found.parties == ("Người được gọi", "Nguyễn Lan")


def test_a_call_out_of_an_older_version_shows_its_operator_by_name() -> None:
    legs = [
        leg(1, 5, 60, main=True, operator="lan", seat="web-1001"),
        leg(2, 5, 60, number="0912345678"),
    ]
    found = drawing(legs, call(5, 60, "outbound"), {"lan": "Nguyễn Lan"}, {})
    assert found is not None
    assert found.parties == ("Nguyễn Lan", "0912345678")


def test_bars_stand_where_they_began_and_are_as_long_as_they_lasted() -> None:
    found = drawing([leg(1, 50, 75, main=True), leg(2, 75, 75)], call(50, 100), {}, {})
    assert found is not None
    assert (found.bars[0].x, found.bars[0].width) == (WIDTH / 2, WIDTH / 4)
    assert found.bars[1].width > 0
    assert found.answered_x == WIDTH / 2
    assert (found.began, found.ended) == (START, START + timedelta(seconds=100))


def test_a_call_without_a_ledger_has_no_time_line() -> None:
    assert drawing([], call(None, 10), {}, {}) is None
