"""Whether what was heard is what should have been said: by matching the sound itself.

Each expected piece is sought where the one before it ended, by normalised cross-correlation (1 is
the same sound, whatever its loudness; A-law costs less than 0.01). A piece that is not there, is
another, comes too early or too late, or is too faint, is refused.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
RATE = 8000
ALIKE = 0.98
FAINT = 0.5
"""Of the loudness that it should have."""
SLACK = RATE // 2
"""Samples between two pieces that may be something else: what is left of a prompt that was cut."""
_EARLY, _BETWEEN, _LEAST = RATE // 5, RATE // 20, RATE // 10
_LAST = 320
"""Samples at the end of the last prompt that a PBX which hangs up keeps to itself."""
_AS_GOOD, _FLANK = 0.97, 120
_PAUSE = 50.0
"""What is quieter is a pause between two groups of digits."""


class NotHeardError(AssertionError):
    """What should have been heard was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something that should be heard.

    Attributes:
        file: A prompt (8 kHz, 16 bit, mono).
        most: So many samples from its beginning; 0: all of it.
        slack: Samples by which it may come later than the end of the piece before.
    """

    file: Path
    most: int = 0
    slack: int = SLACK


@cache
def samples_of(file: Path) -> Sound:
    """Return a prompt's samples."""
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (RATE, 1), file
        frames = sound.readframes(sound.getnframes())
    return np.frombuffer(frames, dtype="<i2").astype(np.float64)


def follow(heard: Sound, pieces: Sequence[Piece], start: int = 0) -> int:
    """Find piece after piece; return where the last one ended.

    Raises:
        NotHeardError: One is not there; the text says which, where, and how alike the best was.
    """
    at = start
    for number, piece in enumerate(pieces):
        wanted = samples_of(piece.file)
        wanted = wanted[: piece.most or len(wanted)]
        if _loudness(wanted) < _PAUSE:
            at += len(wanted)
            continue
        end, found = _found(heard, at, wanted, piece.slack)
        if len(wanted) - found > min(_LEAST * 3 // 2 + len(wanted) // 40, len(wanted) // 2):
            message = (
                f"piece {number} ({piece.file.name}) was not heard at {at / RATE:.1f} s of "
                f"{len(heard) / RATE:.1f} s: {found / len(wanted):.2f} of it"
            )
            raise NotHeardError(message)
        at = end
    return at


def _found(heard: Sound, at: int, wanted: Sound, slack: int) -> tuple[int, int]:
    """Return where a sound ended, and how many of its samples were heard.

    A busy machine leaves out 20 ms here and there: then each half is sought by itself.
    """
    begin = max(at - _EARLY, 0)
    window = np.concatenate([heard[begin : at + len(wanted) + slack], np.zeros(_LAST)])
    where, alike = best(window, wanted)
    there = window[where : where + len(wanted)]
    if alike >= ALIKE and _loudness(there) >= FAINT * _loudness(wanted):
        return begin + where + len(wanted), len(wanted)
    half = len(wanted) // 2
    if half < _LEAST:
        return at + len(wanted), 0
    middle, first = _found(heard, at, wanted[:half], slack)
    end, second = _found(heard, middle, wanted[half:], _BETWEEN)
    return end, first + second


def best(heard: Sound, wanted: Sound) -> tuple[int, float]:
    """Return where a sound is heard, and how alike: 0 nothing, 1 the same.

    Of several places that are as good, the first: "hai không hai".
    """
    count = len(wanted)
    if len(heard) < count:
        heard = np.concatenate([heard, np.zeros(count - len(heard))])
    size = 1 << (len(heard) + count - 1).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - count + 1]
    sums = np.concatenate([[0.0], np.cumsum(heard**2)])
    energy = np.maximum(sums[count:] - sums[: len(sums) - count], 1.0)
    alike = products / (np.sqrt(energy) * max(float(np.sqrt(np.sum(wanted**2))), 1.0))
    first = int(np.argmax(alike >= _AS_GOOD * alike.max()))
    where = first + int(np.argmax(alike[first : first + _FLANK]))
    return where, float(alike[where])


def _loudness(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
