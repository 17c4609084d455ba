"""Filing at the console where the unit that is chosen receives first (HN-7.2)."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.law_office import Office
from tongdai.clock import HandClock

pytestmark = pytest.mark.slow

FORM = {
    "type": "on_site",
    "sender_name": "Trần Thị Bưởi",
    "sender_address": "12 phố Huế",
    "sender_phone": "0912345678",
    "content": "Cây đổ",
}


async def _file(office: Office, event: str, **form: str) -> tuple[int, dict[str, Any], str]:
    """Open a form at the console and send it off; return status, answer and the ticket's id."""
    operator = office.browsers["operator"]
    wanted = {"hotline": "ha-noi", "channel": "phone"}
    opened = await operator.send("POST", "/console/tickets", wanted)
    ticket = str((await opened.json())["id"])
    sent = {"form": FORM | {"unit": office.unit} | form, "event": event}
    answer = await operator.send("POST", f"/console/tickets/{ticket}/file", sent)
    return answer.status, await answer.json(), ticket


async def test_a_filed_report_lies_in_reception_with_the_unit_that_was_chosen_hn_7_2(
    tmp_path: Path, clock: HandClock
) -> None:
    async with Office.open("ha-noi", tmp_path, clock) as office:
        status, shown, ticket = await _file(office, "referred")
        assert (status, shown["state"]) == (200, "open")
        row = await office.ticket(ticket)
        assert (row.stage, row.track, row.level, row.unit_id) == (
            "reception",
            "field",
            "normal",
            office.unit,
        )
        (begun,) = await office.history(ticket)
        assert (begun["do"], begun["stage"], begun["responsible"]) == (
            "start",
            "reception",
            "unit_head",
        )
        page = await office.page(ticket, "unit_head")  # the head's inbox (HN-8.1.a)
        for act in ("accepted", "returned", "rejected"):
            assert f"/acts/{act}#refused" in page


async def test_what_the_text_has_no_step_for_files_nothing(
    tmp_path: Path, clock: HandClock
) -> None:
    async with Office.open("ha-noi", tmp_path, clock) as office:
        status, told, ticket = await _file(office, "answered_directly", direct_answer="Đã rõ.")
        assert status == 409
        assert told["message"].endswith(".")
        row = await office.ticket(ticket)
        assert (row.state, row.number, row.stage) == ("draft", None, None)
        assert await office.history(ticket) == []


async def test_an_operator_refuses_on_a_ground_of_the_text_hn_6_2(
    tmp_path: Path, clock: HandClock
) -> None:
    async with Office.open("ha-noi", tmp_path, clock) as office:
        told = {"ground": "duplicate", "reason": "đã có phiếu", "guidance": "Theo dõi phiếu trước."}
        status, shown, ticket = await _file(office, "rejected", **told)
        assert (status, shown["state"]) == (200, "rejected")
        assert [line["do"] for line in await office.history(ticket)] == ["start", "notify", "close"]
        status, told, ticket = await _file(office, "rejected", **(told | {"ground": "vulgar"}))
        assert status in (409, 422)  # Tây Ninh's
        assert (await office.ticket(ticket)).state == "draft"
