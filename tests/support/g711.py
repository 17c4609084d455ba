"""A-law (ITU-T G.711), both ways, and tones; by table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 8000


def _table() -> NDArray[np.float64]:
    codes = np.arange(256) ^ 0x55
    mantissa, exponent = codes & 0x0F, (codes >> 4) & 0x07
    low = (mantissa << 4) + 8
    high = ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    size = np.where(exponent == 0, low, high)
    return np.where(codes & 0x80, size, -size).astype(np.float64)


_DECODED = _table()
_ORDER = np.argsort(_DECODED)
_SORTED = _DECODED[_ORDER]


def decoded(sound: bytes) -> NDArray[np.float64]:
    """Return the samples, 16-bit in size."""
    return _DECODED[np.frombuffer(sound, dtype=np.uint8)]


def encoded(sound: NDArray[np.float64]) -> bytes:
    """Return the nearest A-law codes."""
    right = np.clip(np.searchsorted(_SORTED, sound), 1, 255)
    nearer = (sound - _SORTED[right - 1]) < (_SORTED[right] - sound)
    return _ORDER[right - nearer].astype(np.uint8).tobytes()


def tone(hertz: Sequence[int], seconds: float, size: float = 8000.0) -> NDArray[np.float64]:
    """Return tones together; the sum of them is at most `size` times their number."""
    time = np.arange(int(seconds * RATE)) / RATE
    return sum((size * np.sin(2 * np.pi * f * time) for f in hertz), np.zeros(len(time)))
