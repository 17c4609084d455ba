"""SMPP 3.4 against an SMSC that speaks it (npm's smpp, tests/gateway/smsc/server.mjs)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rig.ports import free_ports
from sms.gateways import build
from sms.gateways.base import Outcome
from sms.model import State
from sms.references import spellings
from tests.support.sms import message, owe, sending, settings_for, state
from tests.support.smsc import LONG, Smsc, gateway, request, running_smsc, table
from tests.support.wait import until
from tongdai.db import Database

pytestmark = pytest.mark.gateway


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as one:
        yield one


async def test_both_alphabets_arrive_intact_short_and_long(smsc: Smsc, tmp_path: Path) -> None:
    texts = [
        ("ấ", "ucs2"),
        (LONG, "ucs2"),
        ("plain ^{}[]~| & @ $ %", "ascii"),
        ("a" * 400, "ascii"),
    ]
    async with gateway(smsc.port, tmp_path) as one:
        for text, alphabet in texts:
            result = await one.send(request(text, alphabet=alphabet))
            assert (result.outcome, result.words) == (Outcome.ACCEPTED, "ESME_ROK")
            assert result.reference
    await until(lambda: len(smsc.heard) == len(texts), within=10)
    assert [m["text"] for m in smsc.heard] == [text for text, _ in texts]
    assert [m["coding"] for m in smsc.heard] == [8, 8, 0, 0]
    assert (smsc.heard[0]["from"], smsc.heard[0]["to"]) == ("1022CanTho", "84912345670")


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("6", Outcome.RETRY_LATER),
        ("7", Outcome.FINAL),
        ("8", Outcome.AMBIGUOUS),
    ],
)
async def test_an_smscs_answers_are_told_apart(
    smsc: Smsc, tmp_path: Path, end: str, outcome: Outcome
) -> None:
    async with gateway(smsc.port, tmp_path) as one:
        assert (await one.send(request("a", f"+8491234567{end}", "ascii"))).outcome is outcome


async def test_a_wrong_password_and_nobody_there_are_said_apart(smsc: Smsc, tmp_path: Path) -> None:
    async with gateway(smsc.port, tmp_path, "wrong") as one:
        refused = await one.probe()
    assert (refused.outcome, refused.words) == (
        Outcome.CONFIGURATION,
        "bind refused: ESME_RINVPASWD",
    )
    async with gateway(free_ports(1)[0], tmp_path) as one:
        nobody = await one.probe()
    assert (nobody.outcome, nobody.unreached) == (Outcome.RETRY_LATER, True)


@pytest.mark.parametrize(
    ("end", "wanted"),
    [("0", State.DELIVERED), ("5", State.DELIVERED), ("9", State.UNDELIVERED)],
)
async def test_a_receipt_settles_its_message_also_when_it_comes_first(
    database: Database, smsc: Smsc, tmp_path: Path, end: str, wanted: State
) -> None:
    """The id is hex in the answer and decimal in the receipt."""
    settings = settings_for(tmp_path, table(smsc.port))
    async with sending(database, settings, *build(settings)) as sender:
        message_id = await owe(database, "k", f"091234567{end}")

        async def settled() -> bool:
            return await state(database, message_id) == wanted

        await until(settled, within=20)
        assert (await sender.health())["sms:smsc"].state == "ok"
    assert (await message(database, message_id)).attempts == 1
    await until(lambda: smsc.heard)
    assert len(smsc.heard) == 1


async def test_a_session_that_is_lost_is_made_again(tmp_path: Path) -> None:
    async with running_smsc() as first:
        one = build(settings_for(tmp_path, table(first.port)))[0]
        try:
            assert (await one.probe()).outcome is Outcome.ACCEPTED
            first.process.kill()
            await first.process.wait()

            async def gone() -> bool:
                return (await one.probe()).outcome is not Outcome.ACCEPTED

            await until(gone, within=10)
        finally:
            await one.close()


def test_an_id_is_found_in_hex_and_in_decimal() -> None:
    assert "abc1" in spellings("43969")
    assert "43969" in spellings("abc1")
    assert spellings("  x-1 ")[0] == "x-1"
