"""A procedure drawn is what its file says."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from escalation.check import procedure_report, shipped_procedures
from escalation.diagram import edges, mermaid, svg
from escalation.lawbook import find_procedure

PAGE = Path(__file__).parents[3] / "docs" / "procedures.md"


@pytest.mark.parametrize("name", shipped_procedures())
def test_the_page_and_the_command_draw_what_the_file_says(name: str) -> None:
    procedure = find_procedure(name)
    drawn = mermaid(procedure)
    assert f"```mermaid\n{drawn}```" in PAGE.read_text(encoding="utf-8")
    assert drawn.rstrip() in procedure_report(procedure)
    for stage in procedure.stage:
        assert f'  {stage.id}["{stage.name}<br>' in drawn


@pytest.mark.parametrize("name", shipped_procedures())
def test_every_box_can_be_reached_and_all_ways_are_numbered(name: str) -> None:
    procedure = find_procedure(name)
    ways = edges(procedure)
    reached, before = {"new"}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {way.head for way in ways if way.tail in reached}
    assert reached >= {stage.id for stage in procedure.stage} | {"closed"}
    root = ET.fromstring(svg(procedure))  # noqa: S314 - our own drawing
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect")) >= len(procedure.stage) + 2
    numbers = root.findall(f"{space}circle")
    assert len(numbers) == len(ways)
