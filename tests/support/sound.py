"""What is heard in a recording of the spool: 16-bit, 8 kHz, two channels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
LOUD = 500.0


def samples(path: Path) -> NDArray[np.float64]:
    """Return the recording as an array of (frame, channel): 0 = left, the caller."""
    return np.fromfile(path, dtype="<i2").reshape(-1, 2).astype(np.float64)


def seconds(path: Path) -> float:
    """Return its length."""
    return path.stat().st_size / (RATE * 4)


def tones(path: Path, channel: int) -> list[int]:
    """Return the strongest tone (Hz) of each whole second of a channel; 0 is silence."""
    sound = samples(path)[:, channel]
    found = []
    for start in range(0, len(sound) - RATE + 1, RATE):
        second = sound[start : start + RATE]
        loud = float(np.sqrt(np.mean(second**2))) > LOUD
        found.append(int(np.abs(np.fft.rfft(second)).argmax()) if loud else 0)
    return found


def seconds_with(path: Path, channel: int, hertz: int) -> list[int]:
    """Return the whole seconds in which a channel holds that tone (within 3 Hz)."""
    return [at for at, tone in enumerate(tones(path, channel)) if abs(tone - hertz) <= 3]


def hears(path: Path, channel: int, hertz: int) -> bool:
    """Whether a channel holds that tone for at least one whole second."""
    return bool(seconds_with(path, channel, hertz))
