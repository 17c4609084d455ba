"""Reports by whoever: strangers, twice, in pieces, as forms, made to hurt."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sms.model import State
from tests.support.pages import Pages, settings_for
from tests.support.sms import Script, owe, receipt_path, sending, state
from tongdai.clock import HandClock

pytestmark = pytest.mark.slow

DELIVERED = {"d": "1", "a": "ok"}
HURTING = (
    (b"[" * 15_000, 400),
    (b'{"d": ' + b"9" * 10_000 + b"}", 400),
    (b"\xff\xfe\x00d=1", 400),
    (b"d=1&" * 200, 400),
    (b'{"d": ["1"], "a": {"d": "1"}}', 400),
    (b'{"d": "\\u0000\\ud800"}', 400),
    (b"null", 400),
    (b"", 400),
    (b"x" * 30_000, 413),
)


@pytest.fixture
async def pages(tmp_path: Path, clock: HandClock) -> AsyncIterator[Pages]:
    async with Pages.open(tmp_path, clock, settings=settings_for(tmp_path)) as opened:
        yield opened


async def accepted(pages: Pages, key: str = "k") -> tuple[str, str]:
    """Owe and send a message; return its id and where its reports go."""
    message_id = await owe(pages.db, key)
    async with sending(pages.db, pages.settings, Script(name="kannel")) as sender:
        assert await sender.caught_up()
    return message_id, "/sms/receipts/kannel/" + "/".join(await receipt_path(pages.db, message_id))


async def tell(pages: Pages, path: str, **how: Any) -> int:
    """Bring a report by POST; `how` is aiohttp's."""
    async with aiohttp.ClientSession() as http, http.post(pages.base + path, **how) as answer:
        return answer.status


async def test_a_report_is_read_as_json_as_a_form_and_in_the_address(pages: Pages) -> None:
    for number, name in enumerate(("json", "data", "params")):
        message_id, path = await accepted(pages, str(number))
        assert [await tell(pages, path, **{name: DELIVERED}) for _ in range(2)] == [200, 200]
        assert await state(pages.db, message_id) == State.DELIVERED


async def test_a_report_that_comes_in_pieces_is_read_whole(pages: Pages) -> None:
    message_id, path = await accepted(pages)

    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps(DELIVERED).encode():
            yield bytes([byte])

    assert await tell(pages, path, data=pieces()) == 200
    assert await state(pages.db, message_id) == State.DELIVERED


async def test_what_is_made_to_hurt_is_refused_and_changes_nothing(pages: Pages) -> None:
    message_id, path = await accepted(pages)
    for body, status in HURTING:
        assert await tell(pages, path, data=body) == status, body[:40]
    assert await state(pages.db, message_id) == State.ACCEPTED


async def test_strangers_are_all_answered_alike(pages: Pages) -> None:
    message_id, path = await accepted(pages)
    whole, _, _ = path.rpartition("/")
    other, _, _ = whole.rpartition("/")
    for wrong in (
        f"{whole}/{'0' * 32}",
        f"{other}/{'f' * 32}/{path.rpartition('/')[2]}",
        f"{other}/%00%27%20OR%201=1/x",
        f"{whole}/%F0%9F%98%80",
        f"{other}/{'x' * 2000}/x",
        "/sms/receipts/kannel/no-secret-is-set",
    ):
        assert await tell(pages, wrong, json=DELIVERED) == 404
    assert await state(pages.db, message_id) == State.ACCEPTED


async def test_a_report_before_the_send_is_the_gateways_word_and_it_is_not_sent(
    pages: Pages,
) -> None:
    message_id = await owe(pages.db, "k")
    path = "/sms/receipts/kannel/" + "/".join(await receipt_path(pages.db, message_id))
    assert await tell(pages, path, json=DELIVERED) == 200
    gateway = Script(name="kannel")
    async with sending(pages.db, pages.settings, gateway) as sender:
        assert await sender.caught_up()
    assert (await state(pages.db, message_id), gateway.heard) == (State.DELIVERED, [])
