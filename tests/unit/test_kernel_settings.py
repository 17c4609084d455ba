from pathlib import Path

import pytest

from tongdai.settings import Settings, SettingsError, find, load, seat_secret

GOOD = """
[seats]
first = 1001
last = 1004
key = "deep-secret"

[[pbx]]
name = "main"
secret = "s"

[[hotline]]
id = "can-tho"
name = "Cần Thơ"
title = "Tổng đài 1022 Cần Thơ"
number = "02921022"
aliases = ["2921022", "842921022"]
sender_name = "1022 Cần Thơ"
brandname = "1022CanTho"
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "tongdai.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_hotline_is_found_by_every_form_of_its_number_and_by_no_other(tmp_path: Path) -> None:
    settings = load(_file(tmp_path, GOOD))
    assert {settings.hotline_by_number(n).id for n in ("02921022", "2921022", "842921022")} == {
        "can-tho"
    }  # type: ignore[union-attr]
    assert settings.hotline_by_number("292102") is None


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("brandname =", "brandnam ="), ("line 18", "brandnam", "did you mean 'brandname'")),
        (("first = 1001", 'first = "x"'), ("line 3", "seats.first", "valid integer")),
        (('number = "02921022"', 'number = "0292-1022"'), ("line 15", "number")),
        (('id = "can-tho"', 'id = "Can Tho"'), ("line 12", "id")),
        (("[seats]", "[seat]"), ("line 2", "seat", "did you mean 'seats'")),
        (("[seats]", "[seats"), ("is not TOML", "line 2")),
        (
            ('aliases = ["2921022", "842921022"]', 'aliases = ["02921022"]'),
            ("hotline number", "twice"),
        ),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_line_and_reason(
    tmp_path: Path, change: tuple[str, str], parts: tuple[str, ...]
) -> None:
    path = _file(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(SettingsError) as refused:
        load(path)
    assert all(part in str(refused.value) for part in (str(path), *parts)), refused.value


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGDAI_DATABASE__URL", "sqlite+aiosqlite:///other.db")
    monkeypatch.setenv("TONGDAI_WEB__PORT", "9999")
    monkeypatch.setenv("TONGDAI_CONFIG", "ignored here")
    settings = load(_file(tmp_path, GOOD))
    assert settings.database.url == "sqlite+aiosqlite:///other.db"
    assert settings.web.port == 9999


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGDAI_WEB__PORT", "ninety")
    with pytest.raises(SettingsError, match="TONGDAI_WEB__PORT"):
        load(_file(tmp_path, GOOD))


def test_the_file_is_looked_for_where_the_design_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TONGDAI_CONFIG", raising=False)
    with pytest.raises(SettingsError, match="no settings file"):
        find()
    (tmp_path / ".run").mkdir()
    _file(tmp_path / ".run", GOOD)
    assert find() == Path(".run/tongdai.toml")
    _file(tmp_path, GOOD)
    assert find() == Path("tongdai.toml")
    monkeypatch.setenv("TONGDAI_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(SettingsError, match="nowhere"):
        find()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    settings: Settings = load(_file(tmp_path, GOOD))
    assert "deep-secret" not in repr(settings)
    assert seat_secret(settings, "web", 1001) != seat_secret(settings, "desk", 1001)
