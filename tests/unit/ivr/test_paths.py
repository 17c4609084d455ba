"""The paths through a flow: each way, in each manner, is on one of them; each ends."""

from itertools import pairwise

import pytest

from ivr.flow import acts
from ivr.flow.graph import reachable, ways
from ivr.flow.model import HangUp, LookUp, Menu, Message, OneStop, Queue
from ivr.flow.parse import find_flow, shipped
from ivr.flow.paths import Deed, Needs, paths
from ivr.flow.state import Facts
from ivr.flow.walk import TRIES, advance, begin

ROOTS = [(name, root) for name in shipped() for root in ("start", "closed")]


@pytest.mark.parametrize(("name", "which"), ROOTS)
def test_every_way_that_can_be_reached_is_on_a_path(name: str, which: str) -> None:
    flow = find_flow(name)
    root = getattr(flow, which)
    if root is None:
        root = flow.start
    inside = reachable(flow, root)
    taken = {pair for path in paths(flow, root) for pair in pairwise(path.steps)}
    assert {(way.tail, way.head) for way in ways(flow) if way.tail in inside} <= taken
    for path in paths(flow, root):
        assert isinstance(flow.step_of(path.steps[-1]), Queue | HangUp | OneStop)
        assert path.steps[0] == root


def test_each_manner_of_taking_a_way_has_a_path() -> None:
    flow = find_flow("tay-ninh")
    done = [path.deeds for path in paths(flow, "ngoai-gio")]
    assert len(done) == len(set(done))
    assert (Deed.NOTHING,) * 2 in done
    assert ("*",) * 3 in done
    assert ("1", Deed.SPEAK, "2", Deed.SPEAK, "1") in done
    assert ("1", *(Deed.SAY_NOTHING,) * TRIES) in done
    assert ("2", *(Deed.WRONG_CODE,) * TRIES) in done
    assert any(d[:3] == ("2", Deed.NUMBER, Deed.OWN_NUMBER) for d in done)
    needs = {need for path in paths(find_flow("hoa-binh"), "ngoai-gio") for need in path.needs}
    assert needs == {Needs.NO_CALLER_NUMBER}


@pytest.mark.parametrize("name", shipped())
def test_the_walk_goes_where_the_path_says(name: str) -> None:
    """The steps at which the walk asks are those of the path, in its order."""
    flow = find_flow(name)
    for path in paths(flow, flow.start):
        asked = [s for s in path.steps if isinstance(flow.step_of(s), Menu | LookUp | Message)]
        state, effects = begin(flow, Facts(open=True))
        seen, deeds = [state.step], list(path.deeds)
        while not state.gone and not (isinstance(effects[-1], acts.ToDesk) and not deeds):
            state, effects = advance(state, _given(effects[-1], deeds, path.needs))
            seen.append(state.step)
        there = iter(seen)
        assert all(step in there for step in asked), path
        assert deeds == []


def _given(  # noqa: PLR0911 - one branch a question
    effect: acts.Effect, deeds: list[str], needs: frozenset[Needs]
) -> acts.Input:
    match effect:
        case acts.ReadKey():
            deed = deeds.pop(0)
            return acts.Silence() if deed == Deed.NOTHING else acts.Key(press=deed)
        case acts.ReadDigits():
            return acts.Digits(typed="" if (deed := deeds.pop(0)) == Deed.NOTHING else str(deed))
        case acts.FindTicket() if effect.typed == Deed.WRONG_CODE:
            return acts.TicketUnknown()
        case acts.FindTicket() if effect.typed == Deed.NUMBER and not effect.phone:
            return acts.NumberNeeded()
        case acts.FindTicket():
            return acts.TicketFound(said=(acts.Say(text="đang được xử lý"),))
        case acts.ToDesk():
            assert Needs.NO_DESK_NUMBER in needs
            return acts.NotDone()
        case _:
            return acts.Done()
