"""What the player shows of a call beside its sound."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from telephony.capture.model import Mark as Noted
from telephony.capture.model import MarkKind
from telephony.recordings.hearing.plays import Way
from telephony.recordings.tables import Recording
from tongdai.ids import CallId
from web.api.marks import marks
from web.audit.words import WAYS

BEGAN = datetime(2026, 11, 30, 1, tzinfo=UTC)


def noted(seconds: float, kind: MarkKind) -> Noted:
    return Noted(call=CallId("c"), at=BEGAN + timedelta(seconds=seconds), kind=kind)


def test_a_stretch_of_which_nobody_knows_is_shown_as_such_beside_a_hold() -> None:
    row = Recording(started_at=BEGAN, seconds=60.0)
    told = [
        noted(5, MarkKind.HOLD),
        noted(9, MarkKind.UNHOLD),
        noted(20, MarkKind.UNHEARD),
        noted(41.5, MarkKind.HEARD),
    ]
    hold, unknown = marks(row, [], [], told)
    assert (hold.kind, hold.start, hold.end) == ("hold", 5, 9)
    assert (unknown.kind, unknown.start, unknown.end) == ("unheard", 20, 41.5)
    assert unknown.label.startswith("Không rõ")


def test_every_way_of_hearing_has_its_words() -> None:
    assert set(WAYS) == set(get_args(Way))
