"""tests/support/walks.py says whose act each is, and the procedures say the same."""

import json
from dataclasses import replace

import pytest

from escalation.act import EVENTS, read_act
from escalation.choice import Choice
from escalation.ladder import Ladder
from escalation.lawbook import default_lawbook
from escalation.names import Event
from escalation.rows import ActRule
from escalation.state import Line, State
from tests.support.walks import BEGIN, KNOWN, WALKS, Step, Walk

BOOK = default_lawbook()


def _rules(hotline: str, walk: Walk) -> list[tuple[Step, ActRule]]:
    """Run a walk on paper; return each step with the rule under which it was done."""
    procedure, calendar = BOOK.procedure(hotline), BOOK.calendar(hotline)
    assert procedure is not None
    assert calendar is not None
    ladder, found = Ladder(procedure, calendar), list[tuple[Step, ActRule]]()
    state = State(track=procedure.track_of(walk.kind) or "")
    for step in (Step(BEGIN, "received", walk.received), *walk.steps):
        act = read_act({"event": step.event, **step.fields}, live=True)
        state, _ = ladder.advance(state, step.moment)
        rule = Choice(procedure, calendar).rule(state, act, step.moment)
        assert not isinstance(rule, Line), (step, rule)
        found.append((step, rule))
        state, _ = ladder.perform(state, act, step.moment)
    return found


@pytest.mark.parametrize("hotline", WALKS)
def test_the_walks_do_every_rule_and_name_exactly_the_roles_whose_act_it_is(hotline: str) -> None:
    done = [pair for walk in WALKS[hotline] for pair in _rules(hotline, walk)]
    for step, rule in done:
        assert set(step.roles.split()) == set(rule.by) - {"sender"}, (step, rule.name)
    procedure = BOOK.procedure(hotline)
    assert procedure is not None
    assert [r for r in procedure.act if all(r is not rule for _, rule in done)] == []


@pytest.mark.parametrize("hotline", WALKS)
def test_a_regulation_knows_just_the_acts_of_its_text(hotline: str) -> None:
    procedure = BOOK.procedure(hotline)
    assert procedure is not None
    assert {rule.event for rule in procedure.act} == KNOWN[hotline]
    ladder = Ladder(procedure, BOOK.calendars[hotline])
    state = State(track=procedure.track[0].id)
    start = Step(BEGIN, "received", "").moment
    state, _ = ladder.perform(state, read_act({"event": "received"}), start)
    fields = {"ground": "form", "level": "complex", "reason": "vì"}
    unknown: list[Event] = sorted(EVENTS - KNOWN[hotline])
    for event in unknown:
        after, (line,) = ladder.perform(state, read_act({"event": event, **fields}), start)
        assert replace(after, last_at=None) == replace(state, last_at=None)
        assert (line.do, line.why) == ("refuse", procedure.refusal_of_unknown_acts.why)
        assert json.loads(json.dumps(line.as_json()))["source"]


def test_every_shipped_procedure_has_its_walks() -> None:
    assert set(WALKS) == set(BOOK.versions)
