"""A procedure file is read, or refused with its line and the reason."""

from importlib import resources
from pathlib import Path

import pytest
from pydantic import ValidationError

from escalation.check import procedure_report
from escalation.lawbook import default_lawbook, find_procedure
from escalation.procedure import ProcedureError, parse_procedure
from tongdai.settings_tables import LawTable

TEXT = resources.files("escalation").joinpath("procedures", "can-tho.toml").read_text("utf-8")


def line_number(text: str, part: str, nth: int = 1) -> int:
    found = [n for n, line in enumerate(text.splitlines(), start=1) if part in line]
    return found[nth - 1]


@pytest.mark.parametrize(
    ("old", "new", "at", "why"),
    [
        ('limit = "8 working hours"', 'limit = "8 wh"', 'limit = "8 wh"', "not a limit"),
        ('start = "unit_head"', 'start = "boss"', 'start = "boss"', "no such stage"),
        ('track = "general"', 'track = "x"', 'track = "x"', "no such track"),
        ('id = "leadership"', 'id = "unit_head"', None, "twice"),
        ('responsible = "unit_head"', 'responsible = "king"', 'responsible = "king"', "Input"),
        ('source = "CT-9.1.2c"', 'source = "somewhere"', 'source = "somewhere"', "pattern"),
        ('event = "referred"', 'event = "sent"', 'event = "sent"', "Input"),
        ('start = "leadership"', 'start = "focal_point"', None, "time alone leads back"),
        ('when = ["new"]', 'when = ["never"]', 'when = ["never"]', "no such stage or situation"),
        ("close = true", "closes = true", "closes = true", "not permitted"),
        ('tracks = ["administrative"]', 'tracks = ["x"]', 'tracks = ["x"]', "no such track"),
        ('at_most = "10 working days"', 'at_most = "many"', 'at_most = "many"', "not a limit"),
        ("effective_from = 2021-04-28", "effective_from = 1", "effective_from", "date"),
        ('id = "can-tho"', "id =", None, "not TOML"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    old: str, new: str, at: str | None, why: str
) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(ProcedureError) as refusal:
        parse_procedure(text, "x.toml")
    assert why in str(refusal.value)
    if at:
        assert f"x.toml, line {line_number(text, at)}:" in str(refusal.value)


def test_a_stage_without_consequence_or_way_is_refused() -> None:
    text = TEXT + '\n[[stage]]\nid = "x"\nname = "X"\nresponsible = "operator"\nsource = "CT-9.1"\n'
    with pytest.raises(ProcedureError, match="nothing ever begins 'x'"):
        parse_procedure(text, "x.toml")
    text = TEXT.replace('id = "leadership"\n', 'id = "leadership"\nlimit = "1 hour"\n')
    with pytest.raises(ProcedureError, match="has no consequence"):
        parse_procedure(text, "x.toml")


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ProcedureError, match="no procedure 'atlantis'"):
        find_procedure("atlantis")
    with pytest.raises(ProcedureError, match="cannot be read"):
        find_procedure("atlantis.toml")


def test_can_tho_says_where_each_rule_stands() -> None:
    procedure = find_procedure("can-tho")
    assert [s.id for s in procedure.stage] == ["focal_point", "unit_head", "leadership"]
    assert {t.id: t.track for t in procedure.type} == {
        "socio_economic": "general",
        "postal_service": "general",
        "procedure_information": "general",
        "administrative_act": "administrative",
        "administrative_regulation": "administrative",
        "regulation_initiative": "administrative",
    }
    assert len(procedure.channel) == 7
    assert procedure.effective_from.isoformat() == "2021-04-28"


def test_the_report_shows_every_stage_with_its_limit_and_source() -> None:
    text = procedure_report(find_procedure("can-tho"))
    assert "08 giờ làm việc; đầu mối đơn vị xử lý [CT-9.1.2c]" in text
    assert "48 giờ làm việc; thủ trưởng đơn vị xử lý [CT-9.1.3b]" in text
    assert "không quá 01 lần, không quá 10 ngày làm việc" in text
    assert "quá hạn: ghi nhận chậm; trễ hạn; báo cáo lãnh đạo" in text


def test_a_copied_file_that_still_names_another_hotline_is_refused(tmp_path: Path) -> None:
    for kind in ("procedures", "calendars"):
        text = resources.files("escalation").joinpath(kind, "can-tho.toml").read_text("utf-8")
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "tinh-mau.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProcedureError, match=r'tinh-mau\.toml: .* id says "can-tho"'):
        default_lawbook(("tinh-mau",), tmp_path)


def test_a_law_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    assert LawTable(folder=tmp_path).folder == tmp_path
    with pytest.raises(ValidationError, match="there is no folder"):
        LawTable(folder=tmp_path / "law")
