"""The settings that a rig writes can be read by the service; what is rendered from them."""

from pathlib import Path

import pytest

from rig.config import Ports, settings_text
from rig.ready import by_hotline
from telephony.pbx_config import render
from tongdai.settings import load


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports(web=1234)), encoding="utf-8")
    settings = load(path)
    assert settings.web.port == 1234
    assert {h.id: h.number for h in settings.hotlines} == {
        "can-tho": "02921022",
        "gia-lai": "02691022",
        "tay-ninh": "02761022",
        "hoa-binh": "021831022",
        "ha-noi": "0241022",
    }


def test_secrets_are_new_each_time(tmp_path: Path) -> None:
    texts = {settings_text(tmp_path, Ports()) for _ in range(3)}
    assert len(texts) == 3


def test_a_change_reaches_its_table(tmp_path: Path) -> None:
    path = tmp_path / "tongdai.toml"
    changes: dict[str, dict[str, object]] = {
        "hotline": {"max_wait_seconds": 11},
        "log": {"level": "debug"},
    }
    path.write_text(settings_text(tmp_path, Ports(), changes=changes), encoding="utf-8")
    settings = load(path)
    assert {h.max_wait_seconds for h in settings.hotlines} == {11}
    assert settings.log.level == "debug"


def test_no_extension_of_the_dialplan_is_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports()), encoding="utf-8")
    render(load(path), tmp_path / "etc")
    for file in (tmp_path / "etc" / "tongdai").glob("extensions*.conf"):
        lines = [line for line in file.read_text().splitlines() if line.startswith("exten =>")]
        assert lines
        assert [line for line in lines if line.split("=>")[1].strip().startswith("_")] == []


def test_nothing_a_caller_chooses_is_named_in_the_dialplan(tmp_path: Path) -> None:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports()), encoding="utf-8")
    render(load(path), tmp_path / "etc")
    for file in (tmp_path / "etc" / "tongdai").glob("extensions*.conf"):
        text = _without_comments(file)
        for dangerous in ("${EXTEN", "${CALLERID", "${CONNECTEDLINE", "SHELL(", "System(", "EVAL("):
            assert dangerous not in text


@pytest.mark.parametrize("bad", ["a;b", "a\nb"])
def test_a_value_that_would_end_a_line_is_refused(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports()), encoding="utf-8")
    settings = load(path)
    pbx = settings.pbx[0].model_copy(update={"carrier_address": bad})
    with pytest.raises(ValueError, match="cannot stand"):
        render(settings, tmp_path / "etc", pbx=pbx)


def test_the_rendered_files_are_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "tongdai.toml"
    path.write_text(settings_text(tmp_path, Ports()), encoding="utf-8")
    for file in render(load(path), tmp_path / "etc"):
        assert file.stat().st_mode & 0o007 == 0


def test_accounts_stand_under_each_hotline_and_role() -> None:
    account = {
        "username": "anna",
        "password": "x",
        "roles": [
            {"hotline": "can-tho", "role": "operator"},
            {"hotline": "gia-lai", "role": "operator"},
        ],
    }
    table = by_hotline([account])
    assert table["can-tho"]["operator"] == table["gia-lai"]["operator"]
    assert table["can-tho"]["operator"] == [{"username": "anna", "password": "x"}]


def _without_comments(file: Path) -> str:
    lines = file.read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(";"))
