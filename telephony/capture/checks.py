"""A recording held against its call's timeline: what is missing, one-sided, silent; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from telephony.capture.model import Span
from telephony.capture.sound import STEP_SECONDS, Sound, level_of

HEARD = level_of(-55.0)
"""A side that is louder says something; line noise and comfort noise lie below."""
CLIPPED_SHARE = 0.01


class FindingKind(StrEnum):
    """What is wrong with a recording."""

    CALLER_SILENT = "caller_silent"
    """Our side is heard, the caller never."""
    OUR_SIDE_SILENT = "our_side_silent"
    """The caller is heard, our side never."""
    SILENT = "silent"
    """Nobody is heard, for longer than anybody is silent."""
    SHORT = "short"
    """It is shorter than the call was."""
    HOLE = "hole"
    """Something is missing in its middle."""
    LONG = "long"
    """It is longer than the call was."""
    CLIPPED = "clipped"
    """A side is too loud to be understood well."""


LOST = "lost"
"""The call ended with its PBX, or while nobody heard of it: its end is not known to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: What.
        seconds: How much of it: missing, too long, silent.
        at: From which second of the recording on; None for the whole of it.
        why: A known reason (LOST); empty for one that somebody must look at.
    """

    kind: FindingKind
    seconds: float
    at: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the call was, as far as it says what the recording must be.

    Attributes:
        answered_at: The first person's answer: the recording's first moment.
        ended_at: The caller's end, or the moment of a stop.
        quiet: Stretches in which nobody need be heard: pauses, holds, transfers.
        lost: The call ended with its PBX, or unheard: see LOST.
    """

    answered_at: datetime
    ended_at: datetime
    quiet: Sequence[Span] = ()
    lost: bool = False

    @property
    def seconds(self) -> float:
        """How long the recording should be."""
        return max(0.0, (self.ended_at - self.answered_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """From when on a difference is an alarm, in seconds ([recordings] in tongdai.toml).

    Attributes:
        length: The recording may be that much shorter or longer than the call.
        one_sided: One side says nothing in that much talk.
        silent: Nobody says anything for that long.
    """

    length: float
    one_sided: float
    silent: float


def findings(
    sound: Sound, timeline: Timeline | None, tolerance: Tolerance, *, recorded: float | None = None
) -> Iterator[Finding]:
    """Yield what is wrong.

    Args:
        sound: What was measured.
        timeline: Of the call; None for a consultation or a message, whose length nobody knows.
        tolerance: What is not worth an alarm.
        recorded: Length of all the call's recordings together, where there are several.
    """
    talk = _talk(sound, timeline)
    yield from _sides(sound, talk, tolerance)
    if max(sound.clipped, default=0.0) > CLIPPED_SHARE:
        yield Finding(kind=FindingKind.CLIPPED, seconds=sound.seconds * max(sound.clipped))
    if timeline is None:
        return
    difference = (sound.seconds if recorded is None else recorded) - timeline.seconds
    if difference < -tolerance.length and sound.holes:
        at, _ = max(sound.holes, key=lambda hole: hole[1])
        missing = min(-difference, sum(seconds for _, seconds in sound.holes))
        yield Finding(kind=FindingKind.HOLE, seconds=missing, at=at)
        difference += missing
    if abs(difference) > tolerance.length:
        kind = FindingKind.SHORT if difference < 0 else FindingKind.LONG
        yield Finding(kind=kind, seconds=abs(difference), why=LOST if timeline.lost else "")


def _sides(sound: Sound, talk: list[bool], tolerance: Tolerance) -> Iterator[Finding]:
    heard = [[talk[n] and level > HEARD for n, level in enumerate(side)] for side in sound.sides]
    talked = sum(talk) * STEP_SECONDS
    spoken = [any(side) for side in heard]
    if talked >= tolerance.one_sided and len(spoken) == 2 and any(spoken) and not all(spoken):
        kind = FindingKind.OUR_SIDE_SILENT if spoken[0] else FindingKind.CALLER_SILENT
        yield Finding(kind=kind, seconds=talked)
    at, length = _longest([t and not any(s) for t, *s in zip(talk, *heard, strict=True)])
    if length >= tolerance.silent or (not any(spoken) and talked >= tolerance.one_sided):
        yield Finding(kind=FindingKind.SILENT, seconds=length, at=at)


def _talk(sound: Sound, timeline: Timeline | None) -> list[bool]:
    """Say of each step whether somebody should be heard in it."""
    steps = len(sound.sides[0]) if sound.sides else 0
    talk = [True] * steps
    if timeline is None:
        return talk
    margin = timedelta(seconds=2 * STEP_SECONDS)
    for begin, end in timeline.quiet:
        first = (begin - margin - timeline.answered_at).total_seconds() / STEP_SECONDS
        last = (end + margin - timeline.answered_at).total_seconds() / STEP_SECONDS
        for step in range(max(0, int(first)), min(steps, int(last) + 1)):
            talk[step] = False
    return talk


def _longest(flags: Sequence[bool]) -> tuple[float, float]:
    """Return where the longest stretch of true ones begins, and how long it is, in seconds."""
    best, begun, run = (0, 0), 0, 0
    for n, flag in enumerate([*flags, False]):
        if flag:
            begun = n if run == 0 else begun
            run += 1
        else:
            best = (begun, run) if run > best[1] else best
            run = 0
    return best[0] * STEP_SECONDS, best[1] * STEP_SECONDS
