"""Numbers without holes or doubles, forms kept as typed, refusals with their ground."""

import asyncio
import random
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from tests.contract.register import (
    AUDITOR,
    FORM,
    HOTLINE,
    OPERATOR,
    RULES,
    STRANGER,
    build,
    filed,
    typed,
)
from tickets import access, contacts, drafts, filing, notes, referrals, results
from tickets.errors import (
    FormIncomplete,
    NoSuchTicket,
    TicketChangedMeanwhile,
    TicketForbidden,
    UnknownGround,
    WrongState,
)
from tickets.events import TicketDrafted, TicketFiled, TicketLinked
from tickets.model import Channel, TicketForm
from tickets.tables import Ticket, TicketDraft
from tongdai import audit
from tongdai.clock import HandClock
from tongdai.db import Database
from tongdai.errors import Forbidden
from tongdai.phone import parse_caller


class ChangedMyMindError(Exception):
    pass


async def _file_or_fail(db: Database, *, fails: bool) -> str | None:
    try:
        async with db.write() as tx:
            draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
            ticket = await filing.file(tx, draft.id, typed(), OPERATOR, rules=RULES)
            if fails:
                raise ChangedMyMindError  # noqa: TRY301 - that is what is tried
            return ticket.number
    except ChangedMyMindError:
        return None


async def test_fifty_filings_at_once_get_numbers_without_holes_or_doubles(
    database: Database,
) -> None:
    fails = [n % 5 == 0 for n in range(50)]
    random.Random(1022).shuffle(fails)  # noqa: S311 - an order, not a secret
    numbers = await asyncio.gather(*(_file_or_fail(database, fails=f) for f in fails))
    given = sorted(n for n in numbers if n)
    assert given == [f"2026-{n:06d}" for n in range(1, 41)]
    async with database.read() as session:
        rows = list((await session.execute(select(Ticket))).scalars())
    assert len(rows) == 40
    assert len({r.code for r in rows}) == 40


async def test_numbers_begin_again_with_the_year_of_ho_chi_minh_city(
    database: Database, clock: HandClock
) -> None:
    clock.set(datetime(2026, 12, 31, 16, 59, tzinfo=UTC))
    assert (await filed(database)).number == "2026-000001"
    clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert (await filed(database)).number == "2027-000001"


async def test_a_call_opens_one_form_however_often_it_is_asked(database: Database) -> None:
    told: list[object] = []
    database.bus.on(TicketDrafted, told.append)
    database.bus.on(TicketLinked, told.append)
    caller = parse_caller("0892100001")
    ids = set()
    for _ in range(3):
        async with database.write() as tx:
            draft = await drafts.open_for_call(
                tx, hotline=HOTLINE, call="call-1", caller=caller, caller_name="", by=OPERATOR
            )
            ids.add(draft.id)
    assert len(ids) == 1
    assert [type(e) for e in told] == [TicketDrafted, TicketLinked]


async def test_two_nodes_that_open_a_calls_form_at_once_open_one(database: Database) -> None:
    async def pop() -> str:
        async with database.write() as tx:
            draft = await drafts.open_for_call(
                tx,
                hotline=HOTLINE,
                call="call-1",
                caller=parse_caller("0892100001"),
                caller_name="",
                by=OPERATOR,
            )
            return draft.id

    assert len(set(await asyncio.gather(*(pop() for _ in range(8))))) == 1


async def test_a_form_is_filled_in_when_one_contact_is_known_and_not_when_two_are(
    database: Database,
) -> None:
    await filed(database)
    caller = parse_caller("+84892100001")
    async with database.write() as tx:
        one = await drafts.open_for_call(
            tx, hotline=HOTLINE, call="c1", caller=caller, caller_name="X", by=OPERATOR
        )
        form, revision = await drafts.load(tx.session, one.id)
    assert (form.sender_name, form.sender_phone) == (FORM["sender_name"], "0892 100 001")
    assert form.more == {"caller_name": "X"}
    assert revision == 1
    await filed(database, sender_name="Phạm Văn Lý")
    async with database.write() as tx:
        two = await drafts.open_for_call(
            tx, hotline=HOTLINE, call="c2", caller=caller, caller_name="", by=OPERATOR
        )
        form, _ = await drafts.load(tx.session, two.id)
        known = await contacts.by_number(tx.session, HOTLINE, caller.e164)
    assert form.sender_name == ""
    assert {c.name for c in known} == {FORM["sender_name"], "Phạm Văn Lý"}


async def test_hidden_callers_are_not_one_person(database: Database) -> None:
    for raw in ("anonymous", "Restricted", ""):
        async with database.read() as session:
            assert await contacts.by_number(session, HOTLINE, parse_caller(raw).e164) == []


async def test_autosave_keeps_what_cannot_be_filed(database: Database) -> None:
    rubbish = TicketForm.of(
        {"sender_phone": "không nhớ", "type": "no-such", "content": "x" * 30_000, "tab": "3"}
    )
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        await drafts.save(tx, draft.id, rubbish, OPERATOR, revision=1)
    async with database.read() as session:
        form, revision = await drafts.load(session, draft.id)
    assert (form, revision) == (rubbish, 2)


async def test_the_second_of_two_tabs_is_told_that_the_first_saved(database: Database) -> None:
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        await drafts.save(tx, draft.id, typed(content="a"), OPERATOR, revision=1)
    with pytest.raises(TicketChangedMeanwhile):
        async with database.write() as tx:
            await drafts.save(tx, draft.id, typed(content="b"), OPERATOR, revision=1)
    async with database.read() as session:
        assert (await drafts.load(session, draft.id))[0].content == "a"


async def test_what_the_regulation_asks_for_is_required_at_filing(database: Database) -> None:
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
    with pytest.raises(FormIncomplete) as refusal:
        async with database.write() as tx:
            await filing.file(tx, draft.id, TicketForm(), OPERATOR, rules=RULES)
    assert set(refusal.value.fields) == {
        "type",
        "content",
        "sender_name",
        "sender_address",
        "sender_phone",
    }
    async with database.read() as session:
        row = await session.get_one(Ticket, draft.id)
    assert (row.state, row.number) == ("draft", None)


async def test_a_filed_ticket_is_complete_and_its_text_fixed(database: Database) -> None:
    register = await build(database)
    told: list[TicketFiled] = []
    database.bus.on(TicketFiled, told.append)
    ticket = await filed(database, field=register.lights.id, sender_phone="+84 892.100.001")
    assert (ticket.state, ticket.number) == ("open", "2026-000001")
    assert ticket.proposed_unit_id == register.roads.id
    assert (ticket.track, ticket.stage, ticket.due_at, ticket.overdue) == (None, None, None, False)
    assert (ticket.sender_e164, ticket.procedure) == ("+84892100001", RULES.procedure)
    assert [e.number for e in told] == ["2026-000001"]
    with pytest.raises(WrongState):
        async with database.write() as tx:
            await drafts.save(tx, ticket.id, typed(content="other"), OPERATOR)
    with pytest.raises(WrongState):
        async with database.write() as tx:
            await filing.file(tx, ticket.id, typed(content="other"), OPERATOR, rules=RULES)
    async with database.write() as tx:
        await notes.add(tx, ticket.id, kind="correction", text="Số nhà 21", by=OPERATOR)
    async with database.read() as session:
        assert [n.text for n in await notes.of_ticket(session, ticket.id)] == ["Số nhà 21"]
        chain = await audit.history(session, audit.ticket_chain(HOTLINE), ticket.id)
    assert [line.kind for line in chain] == ["noted"]


async def test_units_and_fields_of_other_hotlines_are_not_taken(database: Database) -> None:
    register = await build(database)
    async with database.write() as tx:
        other = await tx.session.get_one(type(register.lights), register.lights.id)
        other.hotline = "gia-lai"
    for changed in ({"field": register.lights.id}, {"unit": "no-such"}, {"contact": "no-such"}):
        with pytest.raises(FormIncomplete) as refusal:
            await filed(database, **changed)
        assert refusal.value.fields == dict.fromkeys(changed, "not_known")


async def test_a_refusal_keeps_ground_and_guidance_and_gives_a_number(database: Database) -> None:
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        await drafts.save(tx, draft.id, TicketForm(content="Đòi nợ giúp tôi"), OPERATOR)
    with pytest.raises(UnknownGround):
        async with database.write() as tx:
            await filing.reject(tx, draft.id, OPERATOR, ground="mood", rules=RULES)
    async with database.write() as tx:
        ticket = await filing.reject(
            tx, draft.id, OPERATOR, ground="out_of_scope", reason="Vay nợ riêng", rules=RULES
        )
    assert (ticket.state, ticket.number) == ("rejected", "2026-000001")
    assert (ticket.ground, ticket.guidance) == ("out_of_scope", "Liên hệ nơi khác.")
    assert ticket.content == "Đòi nợ giúp tôi"
    assert ticket.closed_at is not None
    async with database.write() as tx:
        again = await drafts.resubmit(tx, ticket.id, OPERATOR)
        form, _ = await drafts.load(tx.session, again.id)
    assert (again.resubmission_of, form.content) == (ticket.id, "Đòi nợ giúp tôi")


async def test_a_direct_answer_closes(database: Database) -> None:
    ticket = await filed(database)
    with pytest.raises(FormIncomplete):
        async with database.write() as tx:
            await filing.answer_directly(tx, ticket.id, "  ", OPERATOR)
    async with database.write() as tx:
        done = await filing.answer_directly(tx, ticket.id, "Mời đến một cửa.", OPERATOR)
    assert (done.state, done.direct_answer) == ("closed", "Mời đến một cửa.")


async def test_a_call_about_a_live_ticket_takes_its_untouched_form_away(
    database: Database,
) -> None:
    ticket = await filed(database)
    caller = parse_caller("0892100001")

    async def pop(call: str) -> Ticket:
        async with database.write() as tx:
            return await drafts.open_for_call(
                tx, hotline=HOTLINE, call=call, caller=caller, caller_name="", by=OPERATOR
            )

    blank, written = await pop("c1"), await pop("c2")
    async with database.write() as tx:
        await drafts.save(tx, written.id, typed(content="another matter"), OPERATOR)
    async with database.write() as tx:
        await drafts.link(tx, ticket.id, "c1", OPERATOR)
        await drafts.link(tx, ticket.id, "c1", OPERATOR)
        await drafts.link(tx, ticket.id, "c2", OPERATOR)
    async with database.read() as session:
        assert await session.get(Ticket, blank.id) is None
        assert await session.get(TicketDraft, blank.id) is None
        assert await session.get(Ticket, written.id) is not None
    assert (await pop("c1")).id == ticket.id


async def test_who_may_not_is_refused(database: Database) -> None:
    ticket = await filed(database)
    with pytest.raises(NoSuchTicket):
        async with database.write() as tx:
            await filing.answer_directly(tx, ticket.id, "x", STRANGER)
    with pytest.raises(TicketForbidden):
        async with database.write() as tx:
            await filing.answer_directly(tx, ticket.id, "x", AUDITOR)
    with pytest.raises(Forbidden):
        async with database.write() as tx:
            await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=AUDITOR)
    async with database.read() as session:
        assert (await access.get(session, AUDITOR, ticket.id)).state == "open"


async def test_a_rerouted_ticket_keeps_who_had_it(database: Database) -> None:
    register = await build(database)
    ticket = await filed(database)
    async with database.write() as tx:
        await referrals.refer(tx, ticket.id, unit_id=register.ward.id, person_id=None, by=OPERATOR)
        await referrals.refer(tx, ticket.id, unit_id=register.roads.id, person_id=None, by=OPERATOR)
    async with database.read() as session:
        row = await session.get_one(Ticket, ticket.id)
        had = await referrals.of_ticket(session, ticket.id)
    assert (row.unit_id, row.person_id) == (register.roads.id, register.focal.id)
    assert sorted((r.unit_id, r.ended_why) for r in had) == sorted(
        [(register.ward.id, "rerouted"), (register.roads.id, None)]
    )


async def test_a_result_says_whose_it_is(database: Database) -> None:
    register = await build(database)
    ticket = await filed(database)
    async with database.write() as tx:
        await referrals.refer(tx, ticket.id, unit_id=register.roads.id, person_id=None, by=OPERATOR)
        with pytest.raises(FormIncomplete):
            await results.record(tx, ticket.id, text=" ", by=OPERATOR)
        await results.record(
            tx, ticket.id, text="Đã sửa đèn.", document_number="12/SXD", by=OPERATOR
        )
    async with database.read() as session:
        [result] = await results.of_ticket(session, ticket.id)
    assert (result.unit_id, result.by, result.document_number) == (
        register.roads.id,
        OPERATOR.id,
        "12/SXD",
    )
