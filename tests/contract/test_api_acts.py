"""Acts through the API: by the law, by whose act it is, and kept in the history."""

from typing import Any

import pytest

from tests.contract.test_api import Api, api
from tickets import drafts
from tickets.model import TicketForm
from tickets.tables import SubjectField
from tongdai.accounts.model import SYSTEM, Role
from web.doors import ACTS

__all__ = ["api"]


async def test_acts_go_through_the_law_and_stand_in_the_history(api: Api) -> None:
    ticket = await _filed(api)
    answer = await api.send(
        "POST", f"/tickets/{ticket}/acts", "operator",
        json={"event": "answered_directly", "text": "Mời ông đến bộ phận một cửa."},
    )  # fmt: skip
    assert answer.status == 200, await answer.text()
    await api.fits(answer, "/tickets/{id}/acts", "post")
    assert [line["do"] for line in (await answer.json())["items"]][-1] == "close"
    lines = await api.items(f"/tickets/{ticket}/history")
    assert [line["do"] for line in lines] == ["close"]
    (shown,) = await api.items("/tickets?state=closed")
    assert shown["number"] == "2026-000001"


@pytest.mark.parametrize(
    ("role", "body", "status", "code"),
    [
        ("operator", {"event": "extended", "until": "2026-12-03T00:00:00+07:00"}, 409, None),
        ("operator", {"event": "danced"}, 422, "act_unreadable"),
        ("operator", {}, 422, "invalid"),
        ("auditor", {"event": "answered_directly", "text": "x"}, 403, None),
        ("operator", [1], 422, "body_unreadable"),
    ],
)
async def test_acts_that_are_not_to_be_are_refused_with_their_reason(
    api: Api, role: str, body: Any, status: int, code: str | None
) -> None:
    ticket = await _filed(api)
    answer = await api.send("POST", f"/tickets/{ticket}/acts", role, json=body)
    told = await answer.json()
    assert answer.status == status, told
    assert code in (None, told["code"])
    await api.fits(answer, "/tickets/{id}/acts", "post")


async def test_a_browser_writes_only_with_its_token(api: Api) -> None:
    ticket = await _filed(api)
    await api.pages.account("lan", Role.OPERATOR)
    lan = await api.pages.sign_in("lan")
    body = {"event": "answered_directly", "text": "Đã trả lời."}
    token, lan.csrf = lan.csrf, "wrong"
    assert (await lan.send("POST", f"/api/v1/tickets/{ticket}/acts", body)).status == 403
    lan.csrf = token
    assert (await lan.send("POST", f"/api/v1/tickets/{ticket}/acts", body)).status == 200


async def _filed(api: Api) -> str:
    """File a ticket as an operator does; return its id."""
    async with api.pages.db.write() as tx:
        subject = SubjectField(hotline="can-tho", code="mt", name="Môi trường", folded="moi truong")
        tx.session.add(subject)
        draft = await drafts.open_blank(tx, hotline="can-tho", channel="phone", by=SYSTEM)
    form = TicketForm.of(
        {
            "type": "socio_economic",
            "channel": "phone",
            "sender_name": "Nguyễn Văn A",
            "sender_address": "1 đường Hòa Bình",
            "sender_phone": "0912345678",
            "content": "Rác chưa thu gom ba ngày.",
            "field": subject.id,
        }
    )
    async with api.pages.db.write() as tx:
        await api.pages.app[ACTS].file(tx, draft.id, form, SYSTEM)
    return draft.id
