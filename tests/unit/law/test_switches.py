"""Readings that a province may settle otherwise: each switch, on, gives a procedure that works."""

import pytest

from escalation.check import procedure_report, shipped_procedures
from escalation.lawbook import default_lawbook
from escalation.procedure import ProcedureError, parse_procedure
from escalation.timeline import timeline_lines
from tests.unit.law.paper import WEEK, event

TEXTS = {name: default_lawbook().versions[name].text for name in shipped_procedures()}
SWITCHES = [
    (name, switch.id)
    for name, version in default_lawbook().versions.items()
    for switch in version.procedure.switch
]


def _on(name: str, switch: str) -> str:
    before, after = TEXTS[name].split(f'id = "{switch}"', 1)
    return f'{before}id = "{switch}"{after.replace("on = false", "on = true", 1)}'


@pytest.mark.parametrize(("name", "switch"), SWITCHES)
def test_each_switch_changes_the_procedure_and_stands_in_the_table(name: str, switch: str) -> None:
    off, on = parse_procedure(TEXTS[name], name), parse_procedure(_on(name, switch), name)
    assert not any(s.on for s in off.switch), "the recommended readings are the defaults"
    assert (off.stage, off.act) != (on.stage, on.act)
    (line,) = [li for li in procedure_report(on).splitlines() if li.startswith(f"  {switch}: ")]
    assert ": bật [" in line


def test_a_gl_2_two_dates_instead_of_one() -> None:
    until = {"until": "12-07 09:00"}
    events = [
        event("30 08:00", "received"),
        event("30 09:00", "referred"),
        event("30 10:00", "extended", **until),
        event("30 11:00", "extended", until="12-08 09:00"),
    ]
    on = parse_procedure(_on("gia-lai", "A-GL-2"), "gia-lai")
    off = parse_procedure(TEXTS["gia-lai"], "gia-lai")
    assert not any('"refuse"' in li for li in timeline_lines(on, "general", None, WEEK, events))
    assert any('"refuse"' in li for li in timeline_lines(off, "general", None, WEEK, events))


def test_a_switch_that_sets_nothing_is_refused_with_its_line() -> None:
    text = _on("gia-lai", "A-GL-2").replace(
        'match = { event = "extended" }', 'match = { event = "x" }'
    )
    with pytest.raises(ProcedureError, match=r"gia-lai, line \d+: switch.set: no row of 'act'"):
        parse_procedure(text, "gia-lai")
