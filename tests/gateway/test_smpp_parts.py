"""Long texts in parts, receipts of what was cut off, hostile SMSCs: SMPP against the real thing."""

from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sms.gateways import build
from sms.gateways.base import Heard, Listening, Outcome
from sms.model import State, our_reference
from tests.support.sms import message, owe, sending, settings_for, state
from tests.support.smsc import LONG, Smsc, gateway, request, running_smsc, table
from tests.support.wait import until
from tongdai.db import Database

pytestmark = pytest.mark.gateway

NUMBER = "84912345670"
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What the databases could differ in is in tests/contract/test_sms_receipts.py."""


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as one:
        yield one


@pytest.mark.parametrize("way", ["udh", "sar"])
async def test_a_long_text_in_parts_arrives_intact_in_both_alphabets(
    smsc: Smsc, tmp_path: Path, way: str
) -> None:
    plain = "1022 Can Tho: ^{}[]~| " * 20
    async with gateway(smsc.port, tmp_path, more=f'long_text = "{way}"') as one:
        for text, alphabet in ((LONG, "ucs2"), (plain, "ascii"), ("ấ", "ucs2")):
            result = await one.send(request(text, alphabet=alphabet))
            assert (result.outcome, result.words) == (Outcome.ACCEPTED, "ESME_ROK")
    await until(lambda: len(smsc.heard) == 5 + 4 + 1, within=10)
    whole: dict[str, str] = defaultdict(str)
    for part in smsc.heard:
        key = part["udh"][:6] if way == "udh" and "udh" in part else str(part.get("sar", [0])[0])
        whole[key] += part["text"]
    assert list(whole.values()) == [LONG, plain, "ấ"]
    assert [m["coding"] for m in smsc.heard] == [8] * 5 + [0] * 4 + [8]
    numbers = [int(p["udh"][8:10], 16) if way == "udh" else p["sar"][2] for p in smsc.heard[:5]]
    assert numbers == [1, 2, 3, 4, 5]


@ONE
async def test_parts_have_arrived_when_all_have(
    database: Database, smsc: Smsc, tmp_path: Path
) -> None:
    more = 'long_text = "udh"'
    settings = settings_for(tmp_path, table(smsc.port, more=more))
    settings = settings.model_copy(
        update={"sms": settings.sms.model_copy(update={"unaccented": False})}
    )
    async with sending(database, settings, *build(settings)):
        message_id = await owe(database, "k", "0912345670")
        await _reaches(database, message_id, State.DELIVERED)
        failed = await owe(database, "f", "0912345679")
        await _reaches(database, failed, State.UNDELIVERED)
    row = await message(database, message_id)
    assert row.parts == 2
    await until(lambda: len(smsc.heard) >= 4)
    assert len(smsc.heard) == 4


async def test_a_part_that_is_throttled_goes_a_little_later_and_none_goes_twice(
    smsc: Smsc, tmp_path: Path
) -> None:
    async with gateway(smsc.port, tmp_path, more='long_text = "sar"') as one:
        assert (await one.probe()).outcome is Outcome.ACCEPTED
        await smsc.set(throttled=1)
        throttled = await one.send(request(LONG))
        assert (throttled.outcome, throttled.words) == (Outcome.RETRY_LATER, "ESME_RTHROTTLED")
        await smsc.set(throttled=2, spared=1)  # in the middle of the message
        assert (await one.send(request(LONG))).outcome is Outcome.ACCEPTED
    await until(lambda: len(smsc.heard) >= 5)
    assert smsc.events.count({"event": "throttled"}) == 3
    assert [p["sar"][2] for p in smsc.heard] == [1, 2, 3, 4, 5]


async def test_sixty_throttled_answers_hold_nothing_back_afterwards(
    smsc: Smsc, tmp_path: Path
) -> None:
    async with gateway(smsc.port, tmp_path) as one:
        for n in range(60):
            refused = await one.send(request(f"a{n}", "+84912345676", "ascii"))
            assert refused.outcome is Outcome.RETRY_LATER
        assert (await one.send(request("b", alphabet="ascii"))).outcome is Outcome.ACCEPTED


@ONE
async def test_what_was_cut_off_before_its_answer_is_settled_by_its_receipt(
    database: Database, smsc: Smsc, tmp_path: Path
) -> None:
    """The first receipt has no text at all, and a state that is not delivered."""
    settings = settings_for(tmp_path, table(smsc.port).replace("_seconds = 5", "_seconds = 0.5"))
    async with sending(database, settings, *build(settings)):
        await until(lambda: smsc.bound, within=10)
        await smsc.set(mute=True)
        lost, arrived = (
            await owe(database, "k", "0912345670"),
            await owe(database, "l", "0912345671"),
        )
        for message_id in (lost, arrived):
            await _reaches(database, message_id, State.UNKNOWN)
        ours = {our_reference(message_id): message_id for message_id in (lost, arrived)}
        await until(lambda: len(smsc.heard) >= 2)
        assert {m["ours"] for m in smsc.heard} == ours.keys()
        bare = {"receipted_message_id": "zz", "message_state": 5, "short_message": ""}
        reference = {"user_message_reference": our_reference(lost)}
        smsc.do(pdu=_receipt("", NUMBER, **bare, **reference))
        reference = {"user_message_reference": our_reference(arrived)}
        smsc.do(pdu=_receipt("77", "84912345671", **reference))
        await _reaches(database, lost, State.UNDELIVERED)
        await _reaches(database, arrived, State.DELIVERED)
    assert len(smsc.heard) == 2


async def test_an_smsc_of_its_own_ways_ends_no_session(smsc: Smsc, tmp_path: Path) -> None:
    async with gateway(smsc.port, tmp_path) as one:
        odd = await one.send(request("a", "+84912345674", "ascii"))
        assert (odd.outcome, odd.words) == (Outcome.CONFIGURATION, "0x00000450")
        garbage = bytes.fromhex("0000001800000005000000000000000a") + b"\xff" * 8
        smsc.do(raw=garbage.hex())
        smsc.do(pdu={**_receipt("1", NUMBER), "short_message": "id:1 stat:DELIVRD err:00A"})
        assert (await one.send(request("b", alphabet="ascii"))).outcome is Outcome.ACCEPTED


async def test_a_reply_in_parts_is_one_and_is_told_again_when_it_was_not_kept(
    smsc: Smsc, tmp_path: Path
) -> None:
    told: list[Heard] = []

    async def listen(heard: Heard) -> bool:
        told.append(heard)
        return len(told) > 1

    async with gateway(smsc.port, tmp_path) as one:
        assert isinstance(one, Listening)
        one.listen(listen)
        assert (await one.probe()).outcome is Outcome.ACCEPTED
        for sender, number, text in (("84911", 2, "hai"), ("84922", 1, "x"), ("84911", 1, "Một ")):
            sar = {
                "sar_msg_ref_num": 7,
                "sar_total_segments": 2,
                "sar_segment_seqnum": number,
                "data_coding": 8,
            }
            smsc.do(
                pdu={
                    "source_addr": sender,
                    "destination_addr": "1022",
                    "short_message": text,
                    **sar,
                }
            )
        await until(lambda: len(_statuses(smsc)) == 3, within=10)
        assert [(h.sender, h.text) for h in told] == [("84911", "Một hai")]
        assert sorted(_statuses(smsc)) == [0, 0, 0x64]


async def test_a_silent_session_is_asked_and_the_end_is_said(smsc: Smsc, tmp_path: Path) -> None:
    async with gateway(smsc.port, tmp_path, more="enquire_link_seconds = 0.2") as one:
        assert (await one.probe()).outcome is Outcome.ACCEPTED
        await until(lambda: {"event": "enquire_link"} in smsc.events, within=5)
    await until(lambda: {"event": "unbind"} in smsc.events, within=5)


async def test_a_password_that_smpp_cannot_carry_is_a_fault_of_the_settings(
    smsc: Smsc, tmp_path: Path
) -> None:
    async with gateway(smsc.port, tmp_path, "much too long") as one:
        for result in (await one.probe(), await one.send(request("a", alphabet="ascii"))):
            assert result.outcome is Outcome.CONFIGURATION
            assert "much" not in result.words, "no password in what people read"


def _statuses(smsc: Smsc) -> list[int]:
    return [e["status"] for e in smsc.events if e["event"] == "acknowledged"]


def _receipt(reference: str, sender: str, **more: object) -> dict[str, object]:
    words = f"id:{reference} sub:001 dlvrd:001 submit date:261125120000 done date:261125120001 "
    return {
        "esm_class": 4,
        "source_addr": sender,
        "destination_addr": "1022",
        "short_message": f"{words}stat:DELIVRD err:000 text:",
    } | more


async def _reaches(db: Database, message_id: str, wanted: State) -> None:
    async def there() -> bool:
        return await state(db, message_id) == wanted

    await until(there, within=20)
