"""Tests with real programs lie where rig/test.sh looks for them."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
SCRIPT = TESTS.parent / "rig" / "test.sh"
MARKED = re.compile(r"pytest\.mark\.(asterisk|browser|gateway)\b")


def test_no_test_with_real_programs_is_left_out() -> None:
    [there] = re.findall(r"^THERE=\((.*)\)$", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
    folders = {TESTS.parent / name for name in there.split()}
    marked = {p for p in TESTS.rglob("test_*.py") if MARKED.search(p.read_text(encoding="utf-8"))}
    assert len(marked) > 20
    assert [p for p in marked if not folders & set(p.parents)] == []
