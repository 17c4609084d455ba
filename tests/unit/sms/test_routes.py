from datetime import timedelta
from pathlib import Path

import pytest

from sms.circuit import Circuit
from sms.routes import Way, network_of, route
from tests.support.sms import settings_for
from tongdai.clock import HandClock, SystemClock
from tongdai.settings import SettingsError

WAYS = (
    Way(name="spare", priority=200),
    Way(name="main", priority=10),
    Way(name="viettel-only", priority=5, networks=("viettel",)),
    Way(name="gia-lai", priority=1, hotlines=("gia-lai",)),
    Way(name="second", priority=10),
)


@pytest.mark.parametrize(
    ("hotline", "network", "names"),
    [
        ("can-tho", "viettel", ("viettel-only", "main", "second", "spare")),
        ("can-tho", "mobifone", ("main", "second", "spare")),
        ("can-tho", "", ("main", "second", "spare")),
        ("gia-lai", "viettel", ("gia-lai", "viettel-only", "main", "second", "spare")),
    ],
)
def test_a_route_is_in_order_of_priority_for_the_hotline_and_network(
    hotline: str, network: str, names: tuple[str, ...]
) -> None:
    assert route(WAYS, hotline, network) == names


def test_a_number_of_a_network_that_nobody_names_is_tried_all_the_same() -> None:
    assert route(WAYS[2:3], "can-tho", "mobifone") == ("viettel-only",)
    assert route(WAYS[3:4], "can-tho", "mobifone") == ()


@pytest.mark.parametrize(
    ("number", "network"),
    [
        ("+84962345678", "viettel"),
        ("+84902345678", "mobifone"),
        ("+84912345678", "vinaphone"),
        ("+84922345678", "vietnamobile"),
        ("+84592345678", "gmobile"),
        ("+84002345678", ""),
        ("nonsense", ""),
    ],
)
def test_a_prefix_names_its_network(number: str, network: str) -> None:
    assert network_of(number) == network


@pytest.mark.parametrize(
    ("hotlines", "words"),
    [('["gia-lai"]', "no hotline 'gia-lai'"), ('["can-tho"]', "")],
)
def test_settings_whose_gateways_leave_a_hotline_out_are_refused(
    tmp_path: Path, hotlines: str, words: str
) -> None:
    table = f'[[sms.gateway]]\nname = "a"\nkind = "log"\nhotlines = {hotlines}\n'
    if not words:
        assert settings_for(tmp_path, table).sms.gateway[0].hotlines == ("can-tho",)
        return
    with pytest.raises(SettingsError, match=words):
        settings_for(tmp_path, table)


def test_a_circuit_opens_after_failures_in_a_row_and_lets_one_try_after_its_pause() -> None:
    clock = HandClock(SystemClock().now())
    circuit = Circuit("g", failures=3, seconds=30, real=clock)
    for well in (False, False, True, False, False):
        circuit.note(well=well)
        assert not circuit.open, "a success between starts the count again"
    circuit.note(well=False)
    assert circuit.open
    assert not circuit.lets_through()
    _later(clock, 31)
    assert circuit.lets_through()
    circuit.begin()
    assert not circuit.lets_through(), "one at a time"
    circuit.note(well=False)
    assert circuit.open
    _later(clock, 31)
    circuit.begin()
    circuit.note(well=True)
    assert not circuit.open


def _later(clock: HandClock, seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))
