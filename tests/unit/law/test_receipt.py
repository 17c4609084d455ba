"""The receipt of a due time ends with the due time that holds, whatever came in between."""

from datetime import datetime

from escalation.act import read_act
from escalation.ladder import Ladder
from escalation.lawbook import find_procedure
from escalation.state import State
from tests.unit.law.paper import WEEK, moment
from tongdai.calendar import due_text


def _receipt(place: str, *acts: tuple[str, dict[str, str]]) -> tuple[list[str], State]:
    name, track = place.split("/")
    ladder, state = Ladder(find_procedure(name), WEEK), State(track=track)
    for at, body in acts:
        state, lines = ladder.perform(state, read_act(body), datetime.fromisoformat(moment(at)))
        assert not any(line.do == "refuse" for line in lines)
    said = ladder.explain(state)
    dues = [s.due for s in state.running if s.due and not s.missed]
    assert said[-1].endswith(f"{due_text(min(dues))}."), said
    return said, state


IN = ("30 08:00", {"event": "received"})
SENT = ("30 09:00", {"event": "referred"})


def test_working_hours_are_counted_out() -> None:
    said, _ = _receipt("can-tho/general", IN, SENT)
    assert said[0] == ("Bắt đầu tính từ 09:00 thứ Hai 30/11/2026; thời hạn 08 giờ làm việc.")
    assert "Hạn: trước 09:00 ngày 01/12/2026." in said


def test_tn_8_2_a_counts_from_the_end_of_the_return_window() -> None:
    said, _ = _receipt("tay-ninh/general", IN, SENT)
    assert said[0] == "Tính như đã nhận xử lý khi hết 24 giờ được trả lại."
    assert said[-1] == "Hạn: hết ngày 09/12/2026."


def test_force_majeure_stands_in_the_receipt() -> None:
    said, _ = _receipt(
        "tay-ninh/general",
        IN,
        SENT,
        ("30 10:00", {"event": "accepted"}),
        ("12-02 10:00", {"event": "force_majeure_began"}),
        ("12-04 00:00", {"event": "force_majeure_ended"}),
    )
    assert "Sự cố bất khả kháng từ 10:00 02/12/2026 đến 00:00 04/12/2026: không tính." in said
    assert said[-1] == "Hạn: hết ngày 10/12/2026."


def test_a_date_that_was_given_is_the_due_time() -> None:
    until = {"event": "extended", "until": "2026-12-07T09:00:00+07:00"}
    said, _ = _receipt("gia-lai/general", IN, SENT, ("30 10:00", until))
    assert said == ["Gia hạn: trước 09:00 ngày 07/12/2026."]


def test_of_two_stages_the_one_that_falls_due_first() -> None:
    said, state = _receipt(
        "ha-noi/field",
        IN,
        ("30 08:30", {"event": "accepted"}),
        SENT,
        ("30 10:00", {"event": "answered"}),
        ("30 11:00", {"event": "sent_back"}),
    )
    assert len(state.running) == 2
    assert said[-1] == "Hạn: hết ngày 01/12/2026."  # the rework, inside the processing
