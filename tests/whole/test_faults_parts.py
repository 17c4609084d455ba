"""Each part stopped in turn: /healthz tells it within 15 s, the doctor says how to mend it."""

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio

from ivr.prompt_builder import prompts
from tests.support.town import Town
from tests.support.wait import until

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.gateway,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
LINES = (
    "settings",
    "database",
    "service",
    "pbx:main",
    "websocket:main",
    "agi",
    "spool",
    "archive",
    "sms:kannel",
    "prompts",
    "calendar",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with Town.open(tmp_path_factory.mktemp("town"), kannel=True) as made:
        yield made


async def test_all_is_well(town: Town) -> None:
    for part in ("database", "pbx:main", "agi", "spool", "scheduler", "sms:kannel"):
        await town.well(part)
    await _all_well(town)
    lines = await _doctor(town, ill=False)
    assert set(LINES) <= set(lines)


async def test_asterisk_is_stopped(town: Town) -> None:
    town.world.asterisk.child.kill()
    detail = await town.unwell("pbx:main")
    assert detail
    assert await _status(town) == ("down", 503)
    lines = await _doctor(town)
    assert "nothing listens" in lines["pbx:main"]["detail"]
    assert "start Asterisk" in lines["pbx:main"]["mend"]
    assert "start Asterisk" in lines["websocket:main"]["mend"]
    assert "pbx:main" in lines["service"]["detail"]
    await town.world.start_asterisk()
    await town.well("pbx:main")


async def test_asterisk_hangs(town: Town) -> None:
    """Half-open: the connection stands, and nobody answers."""
    with _stopped(town.world.asterisk.child.pid):
        assert "ping" in await town.unwell("pbx:main")
        lines = await _doctor(town)
        assert "no answer" in lines["pbx:main"]["detail"]
    await town.well("pbx:main")


async def test_the_managers_secret_is_wrong(town: Town) -> None:
    path = town.service.settings_file
    text, secret = path.read_text(), town.world.pbx.secret.get_secret_value()
    town.service.kill()
    path.write_text(text.replace(secret, "another"))
    try:
        town.service.child.start()
        await until(lambda: _refused(town), within=30, every=0.1)
        lines = await _doctor(town)
        assert "refuses our login" in lines["pbx:main"]["detail"]
        assert "secret" in lines["pbx:main"]["mend"]
        assert secret not in json.dumps(lines)
        assert "another" not in json.dumps(lines)
    finally:
        town.service.kill()
        path.write_text(text)
        await town.service.start()
    await town.well("pbx:main")


async def test_kannel_is_stopped(town: Town) -> None:
    town.world.kannel.kill()
    await town.unwell("sms:kannel")
    assert await _status(town) == ("degraded", 200)
    lines = await _doctor(town)
    assert "nothing listens" in lines["sms:kannel"]["detail"]
    assert "start the gateway" in lines["sms:kannel"]["mend"]
    await town.world.kannel.start()
    await town.well("sms:kannel")


async def test_kannel_hangs(town: Town) -> None:
    with _stopped(town.world.kannel.smsbox.pid):
        await town.unwell("sms:kannel")
        assert "sms:kannel" in (await _doctor(town))["service"]["detail"]
    await town.well("sms:kannel")


async def test_the_service_is_stopped(town: Town) -> None:
    town.service.kill()
    lines = await _doctor(town)
    assert "does not answer" in lines["service"]["detail"]
    assert "tongdai serve" in lines["service"]["mend"]
    assert "start the service" in lines["agi"]["mend"]
    assert lines["pbx:main"]["ok"]
    await town.service.start()
    await _all_well(town)
    await _doctor(town, ill=False)


async def test_prompts_are_missing(town: Town) -> None:
    prompt = min(each.path for each in prompts(town.world.settings))
    aside = prompt.with_suffix(".aside")
    prompt.rename(aside)
    try:
        line = (await _doctor(town))["prompts"]
        assert str(prompt.name) in line["detail"]
        assert "make prompts" in line["mend"]
    finally:
        aside.rename(prompt)
    await _all_well(town)
    await _doctor(town, ill=False)


async def test_the_spool_is_gone(town: Town) -> None:
    spool = town.world.spool
    aside = spool.with_name("spool-aside")
    spool.rename(aside)
    try:
        assert str(spool) in await town.unwell("spool")
        assert "is not there" in (await _doctor(town))["spool"]["detail"]
    finally:
        aside.rename(spool)
    await town.well("spool")


async def _all_well(town: Town) -> None:
    async def ok() -> bool:
        return (await town.service.health() or {})["status"] == "ok"

    await until(ok, within=30, every=0.1)


async def _doctor(town: Town, *, ill: bool = True) -> dict[str, dict[str, Any]]:
    """Return the doctor's lines by part; he ends with 0 only if all are well."""
    told = await town.service.command("doctor", "--json", status=1 if ill else 0)
    lines = {line["part"]: line for line in map(json.loads, told.splitlines())}
    assert all(line["mend"] for line in lines.values() if not line["ok"])
    return lines


async def _status(town: Town) -> tuple[str, int]:
    async with town.service.api() as http, http.get("/healthz") as answer:
        return (await answer.json())["status"], answer.status


async def _refused(town: Town) -> bool:
    return "refuses the manager user" in (await town.part("pbx:main"))["detail"]


@contextmanager
def _stopped(group: int) -> Iterator[None]:
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)
