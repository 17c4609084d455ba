"""Acts in the live service: one transaction each, with history, deadlines and messages."""

import json
from datetime import timedelta

import pytest

from escalation.act import Act
from escalation.errors import ActRefused, NoProcedure
from escalation.lawbook import default_lawbook
from escalation.timeline import timeline_lines
from tests.contract.law import at, world
from tests.contract.register import AUDITOR, HOTLINE, OPERATOR, viewer
from tickets import drafts, units
from tickets.errors import NoSuchTicket, NoSuchUnit, TicketForbidden
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.calendar import parse_calendar
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errors import Invalid

ANSWER = Act(event="answered", text="Đã sửa đèn.", document_number="12/SXD")
LETTER = Act(event="extended", until=at("2026-12-10T00:00"), document="15/SXD")


async def test_filing_puts_the_track_by_the_type_alone_ct_9_1(database: Database) -> None:
    here = await world(database)
    plain, office = await here.filed(), await here.filed("administrative_act")
    assert (plain.track, plain.stage, plain.due_at, plain.level) == ("general", None, None, None)
    assert office.track == "administrative"
    assert await here.lines(plain) == []
    copy = (await here.lines(office))[0]
    assert (copy["do"], copy["by"], copy["to"]) == ("notify", "system", "city_office")


async def test_a_referral_starts_eight_working_hours_and_owes_the_sms_ct_9_1_2b(
    database: Database,
) -> None:
    here = await world(database)
    ticket = await here.filed()
    assert await here.refer(ticket) == ["start", "notify"]
    now = await here.ticket(ticket)
    assert (now.stage, now.state, now.unit_id) == ("focal_point", "open", here.register.roads.id)
    assert await here.deadlines(ticket) == [("focal_point", "waiting", "2026-12-01 08:00")]
    assert await here.messages(ticket) == [("referral", "+84892100010", "queued")]


async def test_time_climbs_the_ladder_to_the_overdue_report_ct_9_1_3_ct_9_1_4(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.set(at("2026-12-01T08:00"))
    assert await here.sweep.run_due() == 0  # exactly then an answer is still in time (A-G-4)
    clock.advance(timedelta(seconds=1))
    assert await here.sweep.run_due() == 1
    now = await here.ticket(ticket)
    assert (now.stage, now.overdue) == ("unit_head", False)
    clock.set(at("2026-12-20T00:00"))
    assert await here.sweep.run_due() == 1
    now = await here.ticket(ticket)
    assert (now.stage, now.overdue, now.due_at, now.state) == ("leadership", True, None, "open")
    assert [m[:2] for m in await here.messages(ticket)] == [
        ("referral", "+84892100010"),
        ("forwarding", "+84892100020"),
        ("overdue_report", "+84892100030"),
    ]
    assert await here.deadlines(ticket) == [
        ("focal_point", "fired", "2026-12-01 08:00"),
        ("unit_head", "fired", "2026-12-09 08:00"),
    ]
    assert await here.sweep.run_due() == 0


async def test_late_is_late_but_in_due_order_with_the_time_it_was_due_and_done(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    first = await here.referred()
    clock.advance(timedelta(hours=1))
    second = await here.referred()
    clock.set(at("2027-03-01T08:00"))
    assert await here.sweep.run_due() == 4
    async with database.read() as session:
        chain = await audit.history(session, audit.ticket_chain(HOTLINE), first.id)
        other = await audit.history(session, audit.ticket_chain(HOTLINE), second.id)
    missed = sorted((e for e in [*chain, *other] if e.kind == "missed"), key=lambda e: e.seq)
    assert [e.at for e in missed] == sorted(e.at for e in missed)
    assert missed[0].data["at"] == "2026-12-01T08:00:00+07:00"
    assert missed[0].data["done"] == "2027-03-01T08:00:00+07:00"


async def test_live_history_is_the_timeline_on_paper(database: Database, clock: HandClock) -> None:
    here = await world(database)
    ticket = await here.filed("administrative_act")
    await here.refer(ticket)
    with pytest.raises(ActRefused):
        await here.do(ticket, Act(event="extended", until=at("2026-12-30T00:00"), document="1"))
    await here.do(ticket, LETTER)
    clock.set(at("2026-12-20T10:00"))
    await here.sweep.run_due()
    await here.do(ticket, ANSWER, here.head)
    start = "2026-11-30T08:00:00+07:00"
    events = [
        {"at": start, "event": "received", "channel": "phone"},
        {"at": start, "event": "referred"},
        {
            "at": start,
            "event": "extended",
            "until": "2026-12-30T00:00:00+07:00",
            "document": "1",
        },
        {
            "at": start,
            "event": "extended",
            "until": "2026-12-10T00:00:00+07:00",
            "document": "15/SXD",
        },
        {"at": "2026-12-20T10:00:00+07:00", "event": "answered"},
    ]
    book = default_lawbook()
    procedure, calendar = book.procedure(HOTLINE), book.calendar(HOTLINE)
    assert procedure is not None
    assert calendar is not None
    texts = [json.dumps(event) for event in events]
    paper = timeline_lines(procedure, "administrative", None, calendar, texts)
    live = [
        {name: value for name, value in line.items() if name not in ("done", "actor")}
        for line in await here.lines(ticket)
    ]
    assert live == [json.loads(line) for line in paper]


async def test_an_answer_needs_its_written_document_ct_9_1_2c(database: Database) -> None:
    here = await world(database)
    ticket = await here.referred()
    with pytest.raises(Invalid) as refusal:
        await here.do(ticket, Act(event="answered", text="Xong."), here.focal)
    assert refusal.value.fields == {"document_number": "required"}
    assert await here.do(ticket, ANSWER, here.focal) == ["notify", "close"]
    now = await here.ticket(ticket)
    assert (now.state, now.stage, now.due_at) == ("closed", None, None)
    assert now.closed_at is not None
    assert await here.messages(ticket) == [
        ("referral", "+84892100010", "cancelled"),
        ("result", "+84892100001", "queued"),
    ]
    assert await here.deadlines(ticket) == [("focal_point", "cancelled", "2026-12-01 08:00")]


async def test_an_operator_alone_enters_the_extension_ct_9_1_2d(database: Database) -> None:
    here = await world(database)
    ticket = await here.referred()
    supervisor = viewer("supervisor", Role.SUPERVISOR)
    for other in (here.focal, here.head, supervisor):
        with pytest.raises(TicketForbidden):
            await here.do(ticket, LETTER, other)
    assert await here.do(ticket, LETTER) == ["moved"]
    assert await here.deadlines(ticket) == [
        ("focal_point", "cancelled", "2026-12-01 08:00"),
        ("focal_point", "waiting", "2026-12-10 00:00"),
    ]
    with pytest.raises(ActRefused) as refusal:
        await here.do(ticket, LETTER)
    assert (refusal.value.source, refusal.value.why) == ("CT-9.1.2d", "Chỉ được hẹn lại 01 lần.")


async def test_at_the_heads_rung_the_focal_point_only_reads_ct_9_1_3a(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.set(at("2026-12-02T08:00"))
    await here.sweep.run_due()
    with pytest.raises(TicketForbidden):
        await here.do(ticket, ANSWER, here.focal)
    assert await here.do(ticket, ANSWER, here.head) == ["notify", "close"]
    assert (await here.ticket(ticket)).overdue is False


async def test_an_answer_before_the_sweep_comes_still_climbs_first(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.set(at("2026-12-02T08:00"))
    done = await here.do(ticket, ANSWER, here.head)
    assert done == ["missed", "start", "notify", "notify", "close"]
    assert await here.sweep.run_due() == 0


async def test_strangers_neither_see_nor_act(database: Database) -> None:
    here = await world(database)
    ticket = await here.referred()
    with pytest.raises(NoSuchTicket):
        await here.do(ticket, ANSWER, viewer("x", Role.OPERATOR, hotline="gia-lai"))
    with pytest.raises(NoSuchTicket):
        await here.do(ticket, ANSWER, viewer("y", Role.FOCAL_POINT, here.register.ward.id))
    with pytest.raises(TicketForbidden):
        await here.do(ticket, ANSWER, AUDITOR)


async def test_a_re_routing_begins_anew_for_the_new_unit_a_ct_15(
    database: Database, clock: HandClock
) -> None:
    here = await world(database)
    ticket = await here.referred()
    clock.advance(timedelta(hours=2))
    assert await here.refer(ticket, here.register.ward.id) == ["start", "notify"]
    assert await here.deadlines(ticket) == [
        ("focal_point", "cancelled", "2026-12-01 08:00"),
        ("focal_point", "waiting", "2026-12-01 10:00"),
    ]
    messages = await here.messages(ticket)
    assert messages[0] == ("referral", "+84892100010", "cancelled")
    assert messages[1][2] == "not_sendable"  # the ward has no focal point: kept, and an alert
    async with database.read() as session:
        alerts = [
            h for h in await here.acts.history(session, ticket.id) if h.get("kind") == "alert"
        ]
    assert [(a["what"], a["to"]) for a in alerts] == [("no_focal_point", "supervisor")]


async def test_a_draft_is_refused_with_ground_and_guidance_ct_8_2(database: Database) -> None:
    here = await world(database)
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        form = TicketForm(sender_name="A", sender_phone="0892100001", content="Đơn tố cáo")
        await drafts.save(tx, draft.id, form, OPERATOR)
    act = Act(event="rejected", ground="complaint_or_denunciation", guidance="Gửi Thanh tra.")
    assert await here.do(draft, act) == ["notify", "close"]
    now = await here.ticket(draft)
    assert (now.state, now.guidance, now.number) == ("rejected", "Gửi Thanh tra.", "2026-000001")
    assert await here.messages(draft) == [("rejection", "+84892100001", "queued")]


async def test_a_direct_answer_closes_ct_9_1_1(database: Database) -> None:
    here = await world(database)
    ticket = await here.filed()
    assert await here.do(ticket, Act(event="answered_directly", text="Nộp tại UBND.")) == ["close"]
    assert (await here.ticket(ticket)).state == "closed"
    with pytest.raises(ActRefused):
        await here.refer(ticket)


async def test_a_hotline_without_procedure_files_and_refuses_to_refer(
    database: Database,
) -> None:
    here = await world(database)
    here.acts.lawbook.versions = {}
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        form = TicketForm.of(
            {
                "type": "report",
                "sender_name": "A",
                "sender_address": "B",
                "sender_phone": "0892100001",
                "content": "C",
            }
        )
        ticket = await here.acts.file(tx, draft.id, form, OPERATOR)
    assert (ticket.track, ticket.due_at, ticket.state) == (None, None, "open")
    with pytest.raises(NoProcedure):
        await here.refer(ticket)


async def test_what_fails_half_way_leaves_nothing_behind(database: Database) -> None:
    here = await world(database)
    ticket = await here.filed()
    with pytest.raises(NoSuchUnit):
        await here.refer(ticket, "no-such-unit")
    with pytest.raises(RuntimeError):
        async with database.write() as tx:
            act = Act(event="referred", unit_id=here.register.roads.id)
            await here.acts.perform(tx, ticket.id, act, OPERATOR)
            raise RuntimeError
    assert await here.lines(ticket) == []
    assert await here.messages(ticket) == []
    assert await here.deadlines(ticket) == []
    assert (await here.ticket(ticket)).stage is None
    assert await here.refer(ticket) == ["start", "notify"]


async def test_the_buttons_are_the_acts_that_may_be_done_now(database: Database) -> None:
    here = await world(database)
    ticket = await here.filed()
    async with database.read() as session:
        before = await here.acts.allowed(session, ticket.id, OPERATOR)
        assert await here.acts.allowed(session, ticket.id, AUDITOR) == []
    await here.refer(ticket)
    async with database.read() as session:
        after = await here.acts.allowed(session, ticket.id, OPERATOR)
        focal = await here.acts.allowed(session, ticket.id, here.focal)
        assert (await here.acts.explain(session, ticket.id))[-1] == (
            "Hạn: trước 08:00 ngày 01/12/2026."
        )
    assert before == ["rejected", "answered_directly", "referred", "published"]
    assert after == ["referred", "extended", "answered", "published"]
    assert focal == ["accepted", "answered"]


async def test_a_changed_calendar_moves_running_due_times_and_says_so(
    database: Database,
) -> None:
    here = await world(database)
    ticket = await here.referred()
    await here.sweep.follow_calendars()
    text = (
        'timezone = "Asia/Ho_Chi_Minh"\n[[hours]]\ndays = ["mon", "tue"]\nspans = ["08:00-09:00"]'
    )
    here.acts.lawbook.calendars[HOTLINE] = parse_calendar(text)
    assert await here.sweep.follow_calendars() == 1
    assert await here.sweep.follow_calendars() == 0
    moved = (await here.lines(ticket))[-1]
    assert (moved["do"], moved["due"]) == ("moved", "2026-12-22T09:00:00+07:00")
    now = await here.ticket(ticket)
    assert now.due_at == at("2026-12-22T09:00")


async def test_a_new_focal_point_is_told_of_the_next_referral(database: Database) -> None:
    here = await world(database)
    async with database.write() as tx:
        newcomer = units.new_person(
            here.register.roads,
            name="Mới",
            role="focal_point",
            active_from=tx.now,
            phone="0892100099",
            mobile="",
            title="",
        )
        await units.appoint(tx, newcomer, viewer("a", Role.ADMINISTRATOR))
    ticket = await here.referred()
    assert isinstance(ticket, Ticket)
    assert (await here.messages(ticket))[0][2] == "not_sendable"  # no mobile: kept, not lost
