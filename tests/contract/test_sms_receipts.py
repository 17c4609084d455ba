"""Whose receipt it is: by the gateway's id, a part's, our own reference, or the number alone."""

import pytest
from sqlmodel import col, select

from sms import claims, outbox
from sms.claims import Ended, Settlement
from sms.model import Channel, Signal, State, our_reference
from sms.parts import judge
from sms.receipts import Receipts, Report, Taken
from sms.references import Named
from sms.tables import MessagePart
from tests.support.sms import message, owe, state
from tongdai.clock import SystemClock
from tongdai.db import Database

NUMBER = "0912345678"
DELIVERED = Report(signal=Signal.GOT_DELIVERED, code="DELIVRD")
LOST = Report(signal=Signal.GOT_UNDELIVERED, code="UNDELIV")


async def cut_off(db: Database, key: str, to: str = NUMBER, parts: int = 1) -> str:
    """Owe a message whose send was cut off before its answer was written down."""
    message_id = await owe(db, key, to)
    await _claim(db)
    async with db.write() as tx:
        row = await outbox.locked(tx, message_id)
        row.parts = parts
        outbox.move(tx, row, Signal.CUT_OFF)
    return message_id


async def accepted(db: Database, key: str, reference: str, parts: tuple[str, ...] = ()) -> str:
    """Owe a message that the gateway has taken."""
    message_id = await owe(db, key)
    await _claim(db)
    how = Settlement(signal=Signal.ACCEPTED, outcome="accepted", reference=reference, parts=parts)
    async with db.write() as tx:
        (await outbox.locked(tx, message_id)).parts = max(1, len(parts))
        await claims.settle(tx, [Ended(message_id=message_id, number=1, how=how)])
    return message_id


async def take(
    db: Database,
    reference: str,
    report: Report = DELIVERED,
    *,
    ours: int | None = None,
    to: str = "84912345678",
    gateway: str = "smsc",
    in_parts: bool = False,
    last: bool = True,
) -> Taken:
    named = Named(
        gateway=gateway, references=[reference], ours=ours, to=to, in_parts=in_parts, last=last
    )
    return await Receipts(db).take_named(named, report)


async def test_a_cut_off_message_is_known_by_our_reference_however_many_there_are(
    database: Database,
) -> None:
    first, second = await cut_off(database, "a"), await cut_off(database, "b")
    assert await take(database, "77", ours=our_reference(second), last=False) is Taken.MOVED
    assert await state(database, second) == State.DELIVERED
    assert await state(database, first) == State.UNKNOWN
    assert await take(database, "77", ours=our_reference(second)) is Taken.STRANGER, "once"


async def test_the_one_cut_off_message_to_a_number_is_known_by_it_at_last(
    database: Database,
) -> None:
    settled = await accepted(database, "a", "id-1")
    lonely = await cut_off(database, "b")
    assert await take(database, "77", last=False) is Taken.STRANGER, "its answer may be under way"
    assert await take(database, "id-1") is Taken.MOVED
    assert (await state(database, settled), await state(database, lonely)) == (
        State.DELIVERED,
        State.UNKNOWN,
    )
    assert await take(database, "77") is Taken.MOVED
    assert await state(database, lonely) == State.DELIVERED


@pytest.mark.parametrize("wrong", [{"gateway": "other"}, {"to": "84987654321"}, {"to": ""}])
async def test_a_receipt_of_somebody_elses_changes_nothing(
    database: Database, wrong: dict[str, str]
) -> None:
    message_id = await cut_off(database, "a")
    assert await take(database, "77", **wrong) is Taken.STRANGER  # type: ignore[arg-type]
    assert await state(database, message_id) == State.UNKNOWN


async def test_a_receipt_that_may_be_of_two_settles_neither(database: Database) -> None:
    both = [await cut_off(database, "a"), await cut_off(database, "b")]
    assert await take(database, "77") is Taken.STRANGER
    assert await take(database, "77", ours=1) is Taken.STRANGER
    assert {await state(database, m) for m in both} == {State.UNKNOWN}


async def test_parts_have_arrived_when_all_have_also_when_the_receipts_come_first(
    database: Database,
) -> None:
    message_id = await accepted(database, "a", "p2", parts=("p1", "p2"))
    assert await take(database, "p1", in_parts=True) is Taken.NOTHING_NEW
    assert await take(database, "p1", in_parts=True) is Taken.NOTHING_NEW, "twice is once"
    assert await take(database, "p2", in_parts=True) is Taken.MOVED
    assert await state(database, message_id) == State.DELIVERED
    early = await cut_off(database, "b", parts=2)
    ours = our_reference(early)
    assert await take(database, "q1", in_parts=True, ours=ours) is Taken.NOTHING_NEW
    assert await take(database, "q2", in_parts=True, ours=ours) is Taken.MOVED
    assert await state(database, early) == State.DELIVERED
    async with database.read() as session:
        query = select(MessagePart).where(col(MessagePart.message_id) == early)
        assert len(list((await session.execute(query)).scalars())) == 2


async def test_one_part_that_is_lost_is_a_message_that_is_lost(database: Database) -> None:
    message_id = await accepted(database, "a", "p2", parts=("p1", "p2"))
    assert await take(database, "p2", LOST, in_parts=True) is Taken.MOVED
    assert await take(database, "p1", in_parts=True) is Taken.NOTHING_NEW
    row = await message(database, message_id)
    assert row.state == State.UNDELIVERED


@pytest.mark.parametrize(
    ("states", "expected", "wanted"),
    [
        (["delivered", "delivered"], 2, Signal.GOT_DELIVERED),
        (["delivered"], 2, None),
        (["delivered", "undelivered"], 2, Signal.GOT_UNDELIVERED),
        (["rejected", ""], 3, Signal.GOT_SMSC_REJECTED),
        (["", "accepted"], 2, None),
    ],
)
def test_the_whole_is_judged_by_its_parts(
    states: list[str], expected: int, wanted: Signal | None
) -> None:
    assert judge(states, expected) is wanted


async def _claim(db: Database) -> None:
    async with db.write() as tx:
        await claims.claim(
            tx,
            channel=Channel.SMS,
            choose=lambda _: "smsc",
            limit=10,
            lease_until=SystemClock().now(),
        )
