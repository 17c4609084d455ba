"""`tongdai ivr try` plays what callers hear now: the edition in force, else the file."""

import asyncio
import shutil
from pathlib import Path

import pytest

from ivr import book
from ivr.flow.parse import of_hotline
from tests.support.small_settings import small_settings
from tongdai.accounts.model import SYSTEM
from tongdai.clock import SystemClock
from tongdai.commands.menus import ivr_try
from tongdai.db import Database
from tongdai.settings import DatabaseTable


def written(url: str, text: str) -> None:
    async def change() -> None:
        db = Database(url, SystemClock())
        async with db.write() as tx:
            await book.change(tx, "can-tho", text, by=SYSTEM, note="lời mới")
        await db.close()

    asyncio.run(change())


def test_the_edition_in_force_is_played_and_a_file_as_it_is(
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'register.db'}"
    found = small_settings(tmp_path).model_copy(update={"database": DatabaseTable(url=url)})
    monkeypatch.setattr("tongdai.commands.menus.settings", lambda: found)
    shipped = of_hotline("can-tho")
    assert shipped is not None
    at = "2026-11-30T09:00"
    ivr_try("can-tho", at, "")
    without = capsys.readouterr().out
    assert "chưa có cơ sở dữ liệu" in without
    assert not (tmp_path / "register.db").exists()
    shutil.copy(sqlite_template, tmp_path / "register.db")
    ivr_try("can-tho", at, "")
    unchanged = capsys.readouterr().out
    assert "Cuộc gọi này được ghi âm." in unchanged
    assert "bản " not in unchanged
    written(url, shipped.text.replace("Cuộc gọi này được ghi âm.", "Cuộc gọi được ghi âm lại."))
    ivr_try("can-tho", at, "")
    changed = capsys.readouterr().out
    assert "Cuộc gọi được ghi âm lại." in changed
    assert "lời mới" in changed
    file = tmp_path / "mine.toml"
    file.write_text(shipped.text, encoding="utf-8")
    ivr_try(str(file), at, "")
    assert "Cuộc gọi này được ghi âm." in capsys.readouterr().out
