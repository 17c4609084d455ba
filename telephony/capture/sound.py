"""How loud each side of a recording is, from its first second to its last. Blocking; streams."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telephony.recordings.audio import Source

STEP_SECONDS = 0.5
FLOOR_DB = 96.0
CLIPPED_AT = 32000
"""Of 32768: A-law's and mu-law's loudest samples are 32256 and 32124."""
_BLOCK_STEPS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What was measured of one recording.

    Attributes:
        seconds: Length.
        sides: Levels of each channel, a byte for each STEP_SECONDS: 0 is -96 dBFS or less, 255 is
            full scale.
        clipped: Share of each channel's samples at full scale, 0 to 1.
        holes: Where the file stood still while it was written, and for how long: seconds.
    """

    seconds: float
    sides: tuple[bytes, ...]
    clipped: tuple[float, ...]
    holes: tuple[tuple[float, float], ...] = ()


def measure(source: Source) -> Sound:
    """Return the levels of a spool file; about 2 ms a minute of sound.

    Raises:
        OSError: It cannot be read.
    """
    channels, rate = source.channels, source.sample_rate
    frames = int(rate * STEP_SECONDS)
    step_bytes = frames * channels * 2
    levels: list[NDArray[np.uint8]] = []
    clipped = np.zeros(channels)
    with source.path.open("rb") as file:
        file.seek(source.offset)
        left = source.length
        while left > 0:
            block = file.read(min(left, step_bytes * _BLOCK_STEPS))
            if not block:
                break
            left -= len(block)
            samples = np.frombuffer(block, dtype="<i2").reshape(-1, channels)
            clipped += [_clipped(samples[:, n]) for n in range(channels)]
            levels.append(_levels(samples, frames))
    total = source.length // (2 * channels)
    whole = np.concatenate(levels) if levels else np.zeros((0, channels), dtype=np.uint8)
    return Sound(
        seconds=total / rate,
        sides=tuple(whole[:, n].tobytes() for n in range(channels)),
        clipped=tuple(float(c) / total if total else 0.0 for c in clipped),
    )


def level_of(decibel: float) -> int:
    """Return the byte for a level in dBFS (0 is full scale)."""
    return int(min(255, max(0, round((decibel + FLOOR_DB) / FLOOR_DB * 255))))


def _clipped(side: NDArray[np.int16]) -> int:
    # a side at a time: counting along an axis takes numpy ten times as long
    return int(np.count_nonzero((side >= CLIPPED_AT) | (side <= -CLIPPED_AT)))


def _levels(samples: NDArray[np.int16], frames: int) -> NDArray[np.uint8]:
    """Return the level of each step and channel; the last step may be shorter."""
    starts = np.arange(0, len(samples), frames)
    squares = samples.astype(np.float64) ** 2
    sums = np.add.reduceat(squares, starts, axis=0)
    counts = np.diff(np.append(starts, len(samples)))[:, np.newaxis]
    power = np.maximum(sums / counts / 32768.0**2, 1e-10)
    decibel = 10 * np.log10(power)
    return np.clip(np.rint((decibel + FLOOR_DB) / FLOOR_DB * 255), 0, 255).astype(np.uint8)
