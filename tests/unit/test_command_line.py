import json
import os
import subprocess
from pathlib import Path

import pytest

from rig.config import Ports, settings_text
from tests.support.service import TONGDAI

pytestmark = pytest.mark.slow


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports()), encoding="utf-8")
    return path


def run(settings: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TONGDAI_CONFIG": str(settings), **more}
    return subprocess.run(
        [str(TONGDAI), *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nonsense",), "nonsense"),
        (("token", "create", "--role", "king"), "known are operator"),
        (("token", "create", "--role", "auditor"), "tongdai migrate"),
        (("clock", "advance", "soon"), "is no step"),
        (("clock", "set", "tomorrow"), "is no ISO 8601 moment"),
        (("serve", "--only", "kitchen"), "known are bridge"),
        (("serve", "--only", "web"), "SQLite"),
        (("sms", "send", "--dry-run"), "whom to?"),
        (("sms", "send", "--to", "02923812345", "--dry-run"), "not_sendable: landline"),
        (("sms", "send", "--to", "0912345678", "--template", "x", "--dry-run"), "no template 'x'"),
        (("replay", "nowhere", "--database", "sqlite+aiosqlite:///x.db"), "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    settings_file: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run(settings_file, *arguments)
    assert done.returncode != 0
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_dry_run_shows_text_alphabet_parts_and_gateway(settings_file: Path) -> None:
    asked = ("sms", "send", "--to", "0912 345 678", "--template", "referral", "--dry-run")
    text = run(settings_file, *asked, "--hotline", "gia-lai", "--param", "ticket=2026-000777")
    assert text.returncode == 0, text.stderr
    lines = dict(line.split(":", 1) for line in text.stdout.splitlines())
    assert "Phieu 2026-000777, linh vuc" in lines["text"]
    assert lines["alphabet"].strip() == "ascii"
    assert lines["parts"].split()[0] == "1"
    assert lines["gateway"].strip().startswith("kannel")
    told = json.loads(run(settings_file, *asked, "--json", TONGDAI_SMS__UNACCENTED="0").stdout)
    assert (told["to"], told["alphabet"]) == ("+84912345678", "ucs2")
    assert "Phiếu 2026-000123" in told["text"]
    assert told["offers"][0]["gateway"] == "kannel"


def test_a_database_that_is_away_is_one_sentence(settings_file: Path) -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    done = run(settings_file, "migrate", TONGDAI_DATABASE__URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("the database does not answer")
    assert done.stderr.count("\n") == 1


def test_init_can_be_run_again_and_the_lists_are_empty(settings_file: Path) -> None:
    first = json.loads(run(settings_file, "init", "--json").stdout)
    again = json.loads(run(settings_file, "init", "--json").stdout)
    assert len(first["accounts"]) == len(again["accounts"]) > 100
    assert sum(again["added"].values()) == 0
    assert run(settings_file, "tickets", "--json").stdout == ""
    token = run(settings_file, "token", "create", "--role", "auditor", "--hotline", "can-tho")
    assert token.returncode == 0
    assert len(token.stdout.split()) == 1
    assert run(settings_file, "audit", "verify").returncode == 0
