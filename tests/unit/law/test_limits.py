"""Every row of REQUIREMENTS.md that limits a stage: its limit, from when, and in time at the end.

The week of the tests has eight working hours a day; 2026-11-30 is a Monday. A case names its row,
begins its stage and says when it is due; the stage is missed a minute after that and not before.
"""

from dataclasses import dataclass

import pytest

from escalation.check import shipped_procedures
from escalation.lawbook import find_procedure
from escalation.procedure import Procedure
from tests.unit.law.paper import event, paper

IN = event("30 08:00", "received")
REFERRED = event("30 09:00", "referred")
ACCEPTED = event("30 08:30", "accepted")


@dataclass(frozen=True)
class Case:
    """A row with a limit."""

    row: str
    place: str
    events: tuple[str, ...]
    stage: str
    due: str
    level: str | None = None


def _lapsed(until: str) -> str:
    return event(until, "until")


HN_ASSIGNED = (IN, ACCEPTED, REFERRED)
HN_DRAFT = (*HN_ASSIGNED, event("30 10:00", "answered"))
HN_PUBLIC = (*HN_DRAFT, event("30 11:00", "approved"))
TN_SENT = (IN, REFERRED, event("30 10:00", "accepted"))
TN_APPROVED = (*TN_SENT, event("30 11:00", "answered"), event("30 12:00", "approved"))
CASES = [
    Case("CT-9.1.2c", "can-tho/general", (IN, REFERRED), "focal_point", "12-01 09:00"),
    Case(
        "CT-9.1.3b",
        "can-tho/general",
        (IN, REFERRED, _lapsed("12-01 10:00")),
        "unit_head",
        "12-09 09:00",
    ),
    Case("GL-11.1", "gia-lai/general", (IN, REFERRED), "focal_point", "12-01 09:00"),
    Case(
        "GL-11.2",
        "gia-lai/general",
        (IN, REFERRED, _lapsed("12-01 10:00")),
        "unit_head",
        "12-02 09:00",
    ),
    Case("TN-7.2", "tay-ninh/general", (IN,), "reception", "12-01 08:00"),
    Case("TN-8.2.a", "tay-ninh/general", (IN, REFERRED), "processing", "12-10 00:00"),
    Case(
        "TN-9.1-2",
        "tay-ninh/general",
        (*TN_SENT, event("30 11:00", "answered")),
        "approval",
        "12-02 00:00",
    ),
    Case("TN-10.1-2", "tay-ninh/general", TN_APPROVED, "posting", "12-01 12:00"),
    *(
        Case(
            row,
            "tay-ninh/general",
            (*TN_APPROVED, event("30 13:00", "rework", ground=ground)),
            "rework",
            "12-03 00:00",
        )
        for row, ground in (("TN-10.4.a", "form"), ("TN-10.4.b", "inadequate"))
    ),
    Case("HB-9.1", "hoa-binh/administrative", (IN, REFERRED), "one_stop", "30 15:00"),
    Case(
        "HB-9.2",
        "hoa-binh/administrative",
        (IN, REFERRED, event("30 10:00", "referred")),
        "unit",
        "12-01 10:00",
    ),
    Case("HN-7.2.d", "ha-noi/field", (IN,), "reception", "30 17:00"),
    Case("HN-8.5-1", "ha-noi/field", (IN,), "reception", "30 17:00"),
    Case("HN-8.5-2", "ha-noi/field", (IN, ACCEPTED), "dispatch", "30 13:30"),
    Case("HN-8.5-3", "ha-noi/field", HN_ASSIGNED, "processing", "30 14:00", "urgent"),
    Case("HN-8.5-4", "ha-noi/field", HN_ASSIGNED, "processing", "12-10 00:00", "normal"),
    Case("HN-8.5-5", "ha-noi/field", HN_ASSIGNED, "processing", "12-22 00:00", "complex"),
    Case("HN-9.3", "ha-noi/initiative", HN_ASSIGNED, "processing", "2027-01-12 00:00"),
    Case("HN-10.4", "ha-noi/waste", HN_ASSIGNED, "processing", "2027-01-12 00:00"),
    Case("HN-10.4", "ha-noi/waste", HN_ASSIGNED, "processing", "30 14:00", "urgent"),
    Case("HN-11.4", "ha-noi/investor", HN_ASSIGNED, "processing", "2027-01-12 00:00"),
    Case("HN-11.4", "ha-noi/investor", HN_ASSIGNED, "processing", "30 14:00", "urgent"),
    Case(
        "HN-12.1-2",
        "ha-noi/field",
        (*HN_DRAFT, event("30 11:00", "sent_back")),
        "rework",
        "12-02 00:00",
    ),
    Case("HN-12.3", "ha-noi/field", HN_PUBLIC, "publication", "12-02 00:00"),
    Case(
        "HN-13-1",
        "ha-noi/field",
        (*HN_PUBLIC, event("30 12:00", "published"), event("30 13:00", "clarification_requested")),
        "clarification",
        "12-03 00:00",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.row}-{case.place}-{case.due}")
def test_the_limit_of_a_row(case: Case) -> None:
    place, track = case.place.split("/")
    due = case.due.removeprefix("2027-")
    day, time = due.split()
    year = "2027-" if case.due.startswith("2027-") else ""
    ending = f"{year}{day}" if year else day
    to_its_end = event(f"{ending} {time}", "until")
    events = tuple(e for e in case.events if '"until"' not in e)
    begun = paper(place, track, *events, to_its_end, level=case.level)
    start = [line for line in begun if line.split()[2:4] == ["start", case.stage]]
    assert start[-1].endswith(due), (case.row, start)
    missed = f"{due} missed {case.stage}"
    assert missed not in begun, "exactly at the end it is in time"
    later = event(f"{ending} {time[:3]}{int(time[3:]) + 1:02d}", "until")
    assert missed in paper(place, track, *events, later, level=case.level)


@pytest.mark.parametrize("name", shipped_procedures())
def test_every_row_with_a_limit_has_a_case(name: str) -> None:
    procedure = find_procedure(name)
    cases = {case.row for case in CASES if case.place.startswith(f"{name}/")}
    assert _rows(procedure) <= cases


def _rows(procedure: Procedure) -> set[str]:
    found = {limit.source for stage in procedure.stage for limit in stage.limits}
    return found | {stage.source for stage in procedure.stage if stage.limit}
