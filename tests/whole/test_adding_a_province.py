"""docs/adding-a-province.md, done word for word: a sixth hotline without code."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.pages import Browser
from tests.support.people import signed_in
from tests.support.service import TONGDAI, Service
from tests.support.world import World

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-province.md"
HOTLINE = "tinh-mau"


def _blocks(page: str) -> dict[str, str]:
    """Return the page's files by name."""
    found = re.findall(
        r"^File `([^`]+)`[^\n]*:\n\n```toml\n(.*?)```", page, re.DOTALL | re.MULTILINE
    )
    return dict(found)


async def test_a_sixth_hotline_runs_from_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = _blocks(page)
    assert len(files) == 4
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        path = tmp_path / name
        if name != "tongdai.toml":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    world = World(tmp_path, parts=set(), hotlines=("can-tho",))
    settings = tmp_path / "tongdai.toml"
    settings.write_text(settings.read_text() + "\n" + files["tongdai.toml"], encoding="utf-8")
    async with Service(world) as service:
        await _on_paper(service, page)
        await _live(service)


async def _on_paper(service: Service, page: str) -> None:
    """What the page says of `deadline`, `procedures check` and `timeline` comes out."""
    report = await service.command("procedures", "check", f"law/procedures/{HOTLINE}.toml")
    assert "Thủ trưởng đơn vị; 02 ngày làm việc" in report
    case, answer = re.findall(r'`(\{"(?:from|due)".*?\})`', page)
    said = await _asked(
        service, case, "deadline", "--calendar", f"law/calendars/{HOTLINE}.toml", "--cases", "-"
    )
    assert json.loads(said) == json.loads(answer)
    events, lines = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    out = await _asked(
        service,
        events,
        "timeline",
        "--procedure",
        f"law/procedures/{HOTLINE}.toml",
        "--track",
        "general",
        "--calendar",
        f"law/calendars/{HOTLINE}.toml",
        "--events",
        "-",
    )
    assert out == lines


async def _live(service: Service) -> None:
    """Its operator files and refers; time passes; the head answers."""
    await service.command("clock", "set", "2040-05-07T08:00:00+07:00")  # a Monday
    async with signed_in(service, service.account(HOTLINE, "operator")) as operator:
        ticket = await _filed_and_referred(operator)
    await service.command("clock", "advance", "8h")
    async with service.api("administrator") as api:
        row = await _json(api, f"/api/v1/tickets/{ticket}")
        lines = (await _json(api, f"/api/v1/tickets/{ticket}/history"))["items"]
        told = (await _json(api, "/api/v1/messages"))["items"]
    assert (row["hotline"], row["stage"], row["overdue"]) == (HOTLINE, "unit_head", False)
    assert row["number"].endswith("-000001")
    assert [li["do"] for li in lines] == ["start", "notify", "missed", "start", "notify"]
    assert {m["purpose"] for m in told} == {"referral", "forwarding"}
    async with signed_in(service, service.account(HOTLINE, "unit_head")) as browser:
        page = await browser.get(f"/desk/tickets/{ticket}")
        assert "Thời hạn được tính thế nào?" in await page.text()
        answer = await browser.post(f"/desk/tickets/{ticket}/answer", {"text": "Đã vá đường."})
        assert answer.status == 303
    async with service.api("administrator") as api:
        assert (await _json(api, f"/api/v1/tickets/{ticket}"))["state"] == "closed"


async def _filed_and_referred(operator: Browser) -> str:
    opened = await operator.send(
        "POST", "/console/tickets", {"hotline": HOTLINE, "channel": "in_person"}
    )
    ticket = str((await opened.json())["id"])
    rules = await (await operator.get(f"/console/hotlines/{HOTLINE}/rules")).json()
    unit = next(u["id"] for u in rules["units"] if u["name"].startswith("Sở Xây dựng"))
    form = {
        "type": "report",
        "sender_name": "Trần Thị Bưởi",
        "sender_address": "Thôn 1",
        "sender_phone": "0912345678",
        "content": "Ổ gà",
        "unit": unit,
    }
    filed = await operator.send(
        "POST", f"/console/tickets/{ticket}/file", {"form": form, "event": "referred"}
    )
    assert filed.status == 200, await filed.text()
    return ticket


async def _json(api: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with api.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


async def _asked(service: Service, lines: str, *arguments: str) -> str:
    """Run `tongdai ARGUMENTS` with lines on its standard input."""
    process = await asyncio.create_subprocess_exec(
        str(TONGDAI),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=service.world.folder,
    )
    out, _ = await process.communicate(lines.encode())
    assert process.returncode == 0
    return out.decode()
