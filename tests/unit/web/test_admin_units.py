"""The administration of units, their focal points and a hotline's fields."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from escalation.act import Act
from escalation.acts import Acts
from escalation.lawbook import default_lawbook
from sms.tables import Message
from tests.unit.web.test_admin import Office, office, signed_in
from tickets import drafts, search, units
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai.accounts.model import Viewer
from tongdai.ids import HotlineId

__all__ = ["office"]
pytestmark = pytest.mark.slow


async def test_a_new_focal_point_gets_the_open_tickets_the_calls_and_the_messages(
    office: Office,
) -> None:
    """CT-14.2."""
    an = await signed_in(office, "an")
    roads = await office.unit("so-xay-dung")
    acts, operator = Acts(default_lawbook(("can-tho",))), await office.viewer("can-tho.operator1")
    first = await _referred(office, acts, operator, roads.id)
    office.clock.advance(timedelta(minutes=5))
    wrong = {"role": "focal_point", "name": "Lê Văn Mới", "mobile": "0292 3888 123"}
    answer = await an.post(f"/admin/units/{roads.id}/people", wrong)
    page = await answer.text()
    assert answer.status == 422
    assert 'value="0292 3888 123"' in page
    assert "số di động Việt Nam" in page
    answer = await an.post(f"/admin/units/{roads.id}/people", {**wrong, "mobile": "0912 345 678"})
    assert answer.status == 303
    office.clock.advance(timedelta(minutes=5))
    await _referred(office, acts, operator, roads.id)
    now = office.clock.now()
    async with office.pages.db.read() as session:
        ticket = await session.get_one(Ticket, first)
        point = await units.focal_point(session, roads.id, now)
        found = await search.find_people(session, "can-tho", "le van moi", now)
        order = select(Message).order_by(col(Message.seq))
        told = [m.recipient for m in (await session.execute(order)).scalars()]
    assert point is not None
    assert (point.name, point.phone) == ("Lê Văn Mới", "+84912345678")
    assert found[0][0].id == ticket.person_id == point.id
    assert told[0] == "+84892100106"
    assert told[-1] == "+84912345678"
    page = await (await an.get(f"/admin/units/{roads.id}")).text()
    assert "Đỗ Hoàng Phúc" in page  # the history
    assert "không phải người đang giữ nhiệm vụ" in page  # his account
    changes = await (await an.get("/admin/changes")).text()
    assert "Chỉ định Lê Văn Mới làm đầu mối đơn vị" in changes
    assert "thay Đỗ Hoàng Phúc" in changes
    assert (await an.post(f"/admin/people/{point.id}/dismiss")).status == 303
    assert (await an.post(f"/admin/people/{point.id}/dismiss")).status == 409
    assert await office.kinds(point.id) == ["person_appointed", "person_dismissed"]
    missing = await (await an.get("/admin/units?state=missing")).text()
    assert roads.name in missing


async def test_a_person_s_number_is_corrected_and_the_person_stays(office: Office) -> None:
    an, roads = await signed_in(office, "an"), await office.unit("so-xay-dung")
    async with office.pages.db.read() as session:
        before = await units.focal_point(session, roads.id, office.clock.now())
    assert before is not None
    typed = {"name": before.name, "title": "Chuyên viên chính", "mobile": "0987654321"}
    assert (await an.post(f"/admin/people/{before.id}", {**typed, "mobile": "12"})).status == 422
    assert (await an.post(f"/admin/people/{before.id}", typed)).status == 303
    async with office.pages.db.read() as session:
        after = await units.focal_point(session, roads.id, office.clock.now())
    assert after is not None
    assert (after.id, after.mobile, after.phone) == (before.id, "+84987654321", "+84987654321")
    page = await (await an.get("/admin/changes")).text()
    assert "<del>0892 100 106</del>" in page
    account = await (await an.get(f"/admin/accounts/new?person={before.id}")).text()
    assert f'value="{before.name}"' in account
    assert f'value="{roads.name} (so-xay-dung)"' in account


async def test_a_unit_is_added_renamed_and_ends(office: Office) -> None:
    an, roads = await signed_in(office, "an"), await office.unit("so-xay-dung")
    assert (await an.post("/admin/units/new", {"name": "", "code": "A B"})).status == 422
    typed = {"name": "Đội Chiếu sáng", "kind": "public_unit", "parent": "so-xay-dung"}
    answer = await an.post("/admin/units/new", {**typed, "handling_unit": "on"})
    assert answer.status == 303, await answer.text()
    lights = await office.unit("doi-chieu-sang")
    assert (lights.parent_id, lights.handling_unit) == (roads.id, True)
    renamed = {"name": "Đội Đèn", "aliases": "Đội Chiếu sáng\n", "kind": "public_unit"}
    await an.post(f"/admin/units/{lights.id}", renamed)
    listed = await (await an.get("/admin/units?q=chieu+sang")).text()
    assert "Đội Đèn" in listed
    with_units, last = f"/admin/units/{roads.id}/end", {"last_day": "2026-12-31"}
    assert (await an.post(with_units, last)).status == 422
    assert (await an.post(f"/admin/units/{lights.id}/end", {"last_day": "hôm nay"})).status == 422
    assert (await an.post(f"/admin/units/{lights.id}/end", last)).status == 303
    office.clock.advance(timedelta(days=32))
    an = await signed_in(office, "an")
    assert "Đội Đèn" not in await (await an.get("/admin/units")).text()
    assert "Đội Đèn" in await (await an.get("/admin/units?state=ended")).text()
    assert await office.kinds(lights.id) == ["unit_added", "unit_changed", "unit_ended"]


async def test_a_unit_with_open_tickets_does_not_end_today(office: Office) -> None:
    an, post = await signed_in(office, "an"), await office.unit("buu-dien")
    operator = await office.viewer("can-tho.operator1")
    await _referred(office, Acts(default_lawbook(("can-tho",))), operator, post.id)
    answer = await an.post(f"/admin/units/{post.id}/end", {"last_day": "2026-11-29"})
    assert answer.status == 422
    assert "Đơn vị còn 1 phiếu đang xử lý" in await answer.text()
    assert (await an.post(f"/admin/units/{post.id}/end", {"last_day": "2026-12-31"})).status == 303


async def test_a_field_is_added_changed_and_switched_off(office: Office) -> None:
    """CT-3.5."""
    an = await signed_in(office, "an")
    typed = {"name": "Chó thả rông", "keywords": "chó mèo", "unit": "so y te", "position": "99"}
    assert (await an.post("/admin/fields/new", {**typed, "position": "x"})).status == 422
    assert (await an.post("/admin/fields/new", {**typed, "active": "on"})).status == 303
    async with office.pages.db.read() as session:
        (field,) = await search.find_fields(session, "can-tho", "cho tha rong")
    assert field.unit_id == (await office.unit("so-y-te")).id
    assert (await an.post(f"/admin/fields/{field.id}", {**typed, "unit": "?"})).status == 422
    assert (await an.post(f"/admin/fields/{field.id}", {**typed, "unit": ""})).status == 303
    async with office.pages.db.read() as session:
        assert await search.find_fields(session, "can-tho", "cho tha rong") == []
    listed = await (await an.get("/admin/fields?q=cho+meo")).text()
    assert "đã tắt" in listed
    assert await office.kinds(field.id) == ["field_added", "field_changed"]


async def _referred(office: Office, acts: Acts, by: Viewer, unit: str) -> str:
    """File a ticket and refer it to a unit."""
    async with office.pages.db.write() as tx:
        draft = await drafts.open_blank(
            tx, hotline=HotlineId("can-tho"), channel=Channel.PHONE, by=by
        )
        (field, *_) = await search.find_fields(tx.session, "can-tho", "chiếu sáng")
        typed = {
            "type": "socio_economic",
            "sender_name": "Trần Thị Bưởi",
            "sender_address": "12 hẻm 51, Ninh Kiều",
            "sender_phone": "0892111222",
            "content": "Đèn đường hỏng ba đêm nay",
            "field": field.id,
        }
        ticket_id = (await acts.file(tx, draft.id, TicketForm.of(typed), by)).id
    await acts.do(office.pages.db, ticket_id, Act(event="referred", unit_id=unit), by)
    return ticket_id
