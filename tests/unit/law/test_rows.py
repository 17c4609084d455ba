"""Every row of REQUIREMENTS.md with a limit is named by a test, and by the procedures' rules."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from escalation.check import shipped_procedures
from escalation.lawbook import find_procedure
from escalation.procedure import Procedure

ROWS = {
    "CT-9.1.2c": "08 wh of the focal point",
    "CT-9.1.2d": "one extension, at most 10 wd",
    "CT-9.1.2e": "the committed date",
    "CT-9.1.3a": "forwarded when the 08 wh, or the date, have passed",
    "CT-9.1.3b": "48 wh of the head",
    "CT-9.1.4": "overdue when the 48 wh have passed",
    "GL-10.1.2.b2.2b": "forwarded to the head when the 08 wh have passed",
    "GL-10.1.2.b2.2c": "forwarded to the province when the head's have",
    "GL-10.5": "reminded 24 h before the given date",
    "GL-11.1": "08 wh of the focal point",
    "GL-11.2": "08 wh of the head",
    "GL-11.3": "one rescheduling",
    "GL-11.4": "overdue when time or extension are over",
    "TN-7.2": "24 h of reception",
    "TN-8.2.a": "06 wd of processing",
    "TN-8.2.b": "returned within 24 h",
    "TN-9.1-2": "01 wd of approval",
    "TN-10.1-2": "24 h of posting",
    "TN-10.4.a": "02 wd of rework for the form",
    "TN-10.4.b": "02 wd of rework for the content",
    "TN-10.4.c": "one rework for dissatisfaction",
    "HB-9.1": "05 wh of the one-stop desk",
    "HB-9.2": "08 wh of the unit",
    "HB-9.3": "one rescheduling",
    "HN-6.2.d": "04 wh of verification, inside reception",
    "HN-7.2.d": "08 wh of reception, verification included",
    "HN-8.5-1": "08 wh of reception",
    "HN-8.5-2": "04 wh of dispatch",
    "HN-8.5-3": "04 wh, urgent",
    "HN-8.5-4": "07 wd, normal",
    "HN-8.5-5": "15 wd, complex; 30 wd in all",
    "HN-9.3": "30 wd for an initiative",
    "HN-10.4": "30 wd, 04 wh urgent: waste",
    "HN-11.4": "30 wd, 04 wh urgent: investors",
    "HN-12.1-2": "01 wd of rework",
    "HN-12.3": "01 wd of publication",
    "HN-13-1": "02 d to ask, 02 wd to make clear",
}
"""Rows of the ladder that set a time or a number, or say what its passing brings.

Not among them, for nothing in a ticket's ladder hangs on it: hours in which a channel is open
(TN-5.2, HB-3.2, HN-4.5), the periods of reports (CT-17, GL-12.1a, TN-13.7-1 to -5, HN-18.3.b),
how long data are kept (TN-12.1), what is counted over many tickets (HN-18.4-1, HN-18.4-2) or
over an account (HN-27.3).
"""
_TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written() -> str:
    """What all other tests say, ids written like names: `ct_9_1_2c`."""
    files = (p for p in _TESTS.rglob("*.py") if p != Path(__file__))
    return "\n".join(_plain(path.read_text(encoding="utf-8")) for path in files)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_with_a_limit_has_a_case_that_names_it(row: str, written: str) -> None:
    assert re.search(rf"(?<![a-z0-9]){_plain(row)}(?![a-z0-9])", written)


@pytest.mark.parametrize("name", shipped_procedures())
def test_no_limit_of_a_procedure_is_missing_in_the_list(name: str) -> None:
    assert set(_limits(find_procedure(name))) <= set(ROWS)


def _limits(procedure: Procedure) -> Iterator[str]:
    for stage in procedure.stage:
        yield from (limit.source for limit in stage.limits)
        if stage.limit:
            yield stage.source
    for act in procedure.act:
        if act.within:
            yield act.within.source
        if act.extend:
            yield act.extend.source
            if act.extend.remind:
                yield act.extend.remind.source


def _plain(text: str) -> str:
    return re.sub(r"[.-]", "_", text.lower())
