"""The real Kannel and the SMSC that writes down what it received."""

from pathlib import Path

import aiohttp
import pytest

from tests.support.wait import until
from tests.support.world import World

pytestmark = pytest.mark.gateway

LONG = "Phiếu 2026-000123 đã chuyển đến Sở Xây dựng, hạn xử lý trước 16 giờ 30. " * 4


async def send(world: World, text: str, coding: str = "2") -> int:
    gateway = world.settings.sms.gateway[0]
    query = {
        "username": gateway.username,
        "password": gateway.password.get_secret_value(),
        "from": "TD1022CTho",
        "to": "+84912345678",
        "text": text,
        "charset": "UTF-8",
        "coding": coding,
    }
    async with aiohttp.ClientSession() as session, session.get(gateway.url, params=query) as answer:
        return answer.status


async def test_vietnamese_arrives_as_one_text_of_several_parts(tmp_path: Path) -> None:
    async with World(tmp_path, parts={"kannel"}) as world:
        assert await send(world, LONG) == 202
        assert await send(world, "Hello, 1022\nsecond line", coding="0") == 202
        await until(lambda: len(world.kannel.messages) == 2, within=10)
        long, short = sorted(world.kannel.messages, key=lambda message: -int(message["parts"]))
        assert (long["from"], long["to"], long["parts"]) == ("TD1022CTho", "+84912345678", 5)
        assert long["text"] == LONG
        assert (short["text"], short["parts"]) == ("Hello, 1022\nsecond line", 1)


async def test_what_the_smsc_did_not_take_survives_a_kill(tmp_path: Path) -> None:
    async with World(tmp_path, parts={"kannel"}) as world:
        world.kannel.smsc.kill()
        assert await send(world, "Bị ngắt giữa chừng") == 202
        store = world.kannel.home / "store"
        await until(lambda: any(path.is_file() for path in store.rglob("*")), within=10)
        world.kannel.kill()
        await world.kannel.start()
        await until(lambda: world.kannel.messages, within=15)
        assert [message["text"] for message in world.kannel.messages] == ["Bị ngắt giữa chừng"]
