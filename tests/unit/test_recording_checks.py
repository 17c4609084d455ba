"""A recording held against its call: what is an alarm, and what is not (issue 5, Capture)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from telephony.capture.checks import (
    LOST,
    Finding,
    FindingKind,
    Timeline,
    Tolerance,
    findings,
)
from telephony.capture.model import Mark, MarkKind, paused, stopped_at
from telephony.capture.sound import Sound, level_of, measure
from telephony.recordings.audio import open_source
from telephony.recordings.model import Growth, grown
from tongdai.ids import CallId

BEGAN = datetime(2026, 11, 30, 1, tzinfo=UTC)
TOLERANCE = Tolerance(length=5, one_sided=20, silent=60)
LOUD, QUIET = bytes([level_of(-20)]), bytes([level_of(-80)])


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def sound(left: bytes, right: bytes, clipped: float = 0.0) -> Sound:
    return Sound(seconds=len(left) / 2, sides=(left, right), clipped=(0.0, clipped))


def call(seconds: float, *quiet: tuple[float, float], lost: bool = False) -> Timeline:
    spans = [(after(a), after(b)) for a, b in quiet]
    return Timeline(answered_at=BEGAN, ended_at=after(seconds), quiet=spans, lost=lost)


def kinds(measured: Sound, timeline: Timeline | None) -> list[FindingKind]:
    return [one.kind for one in findings(measured, timeline, TOLERANCE)]


TALK = LOUD * 120, LOUD * 120


@pytest.mark.parametrize(
    ("measured", "timeline", "expected"),
    [
        (sound(*TALK), call(60), []),
        (sound(*TALK), call(64), []),
        (sound(*TALK), call(66), ["short"]),
        (sound(*TALK), call(54), ["long"]),
        (sound(QUIET * 120, LOUD * 120), call(60), ["caller_silent"]),
        (sound(LOUD * 120, QUIET * 120), call(60), ["our_side_silent"]),
        (sound(QUIET * 120 + LOUD, LOUD * 121), call(60), []),
        (sound(QUIET * 30, LOUD * 30), call(15), []),
        (sound(QUIET * 120, QUIET * 120), call(60), ["silent"]),
        (sound(LOUD * 4 + QUIET * 130, LOUD * 4 + QUIET * 130), call(67), ["silent"]),
        (sound(LOUD * 4 + QUIET * 130, LOUD * 4 + QUIET * 130), call(67, (2, 66)), []),
        (sound(QUIET * 120, LOUD * 120), call(60, (2, 58)), []),
        (sound(*TALK, clipped=0.02), call(60), ["clipped"]),
        (sound(QUIET * 120, LOUD * 120), None, ["caller_silent"]),
    ],
)
def test_what_is_an_alarm(measured: Sound, timeline: Timeline | None, expected: list[str]) -> None:
    assert kinds(measured, timeline) == expected


def test_a_call_that_ended_with_its_pbx_has_a_known_reason() -> None:
    [found] = findings(sound(*TALK), call(90, lost=True), TOLERANCE)
    assert found == Finding(kind=FindingKind.SHORT, seconds=30, why=LOST)


def test_a_hole_in_the_middle_is_named_with_its_place_and_what_else_is_missing_too() -> None:
    holed = replace(sound(*TALK), holes=((10.0, 4.0), (30.0, 16.0)))
    assert list(findings(holed, call(80), TOLERANCE)) == [
        Finding(kind=FindingKind.HOLE, seconds=20, at=30)
    ]
    assert list(findings(holed, call(90), TOLERANCE)) == [
        Finding(kind=FindingKind.HOLE, seconds=20, at=30),
        Finding(kind=FindingKind.SHORT, seconds=10),
    ]
    # it stood still, and what was missing came all the same: nothing is lost
    assert list(findings(holed, call(60), TOLERANCE)) == []
    assert list(findings(holed, call(70), TOLERANCE)) == [
        Finding(kind=FindingKind.HOLE, seconds=10, at=30)
    ]


def test_a_file_that_stands_still_and_grows_again_has_a_hole_there() -> None:
    looks = [(32_000, 3.0), (128_000, 6.0), (128_000, 9.0), (128_000, 15.0), (224_000, 18.0)]
    growth = Growth(size=0, at=0.0)
    for size, now in looks:
        growth = grown(growth, size, now)
    assert growth.holes == ((4.0, 9.0),)
    steady = Growth(size=32_000, at=0.0)
    for second in range(3, 60, 3):  # a minute's backlog between looks is none either
        steady = grown(steady, 32_000 * (1 + second), float(second))
    assert grown(steady, 32_000 * 118, 117.0).holes == ()


def test_the_pieces_of_one_call_are_measured_together() -> None:
    assert list(findings(sound(*TALK), call(90), TOLERANCE, recorded=88)) == []


def test_marks_give_the_stretches_that_are_silent_by_order() -> None:
    def mark(seconds: float, kind: MarkKind) -> Mark:
        return Mark(call=CallId("c"), at=after(seconds), kind=kind)

    told = [
        mark(30, MarkKind.PAUSE),
        mark(10, MarkKind.PAUSE),
        mark(20, MarkKind.RESUME),
        mark(40, MarkKind.STOP),
    ]
    assert paused(told, after(50)) == [(after(10), after(20)), (after(30), after(50))]
    assert stopped_at(told) == after(40)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 130.25])
def test_levels_and_clipping_are_measured_from_the_samples(tmp_path: Path, seconds: float) -> None:
    frames = int(seconds * 8000)
    tone = np.sin(2 * np.pi * 440 * np.arange(frames) / 8000)
    samples = np.stack([tone * 3277, np.zeros(frames)], axis=1).astype("<i2")
    samples[: frames // 50, 1] = 32767
    path = tmp_path / "call-1.1.raw"
    path.write_bytes(samples.tobytes())
    found = measure(open_source(path))
    assert found.seconds == pytest.approx(seconds, abs=0.01)
    steps = -(-frames // 4000)
    assert [len(side) for side in found.sides] == [steps, steps]
    if steps > 1:
        assert set(found.sides[0]) <= {level_of(-23) + n for n in (-1, 0, 1)}
        assert found.sides[1][-1] == 0
        assert found.clipped == pytest.approx((0.0, 0.02), abs=0.001)
