"""The outline of a recording: how loud each stretch is, on each side. Blocking: in a thread."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from telephony.recordings.errors import SealMismatch

STRETCHES = 600
"""Into so many stretches a recording is cut, however long it is."""
_LOUDEST = 32768


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Loudest sample of each stretch, 0-255.

    Attributes:
        sides: One series a channel (left the caller, right our side), all of one length.
    """

    sides: tuple[bytes, ...]

    def packed(self) -> bytes:
        """Return the sides one after the other."""
        return b"".join(self.sides)

    @classmethod
    def unpacked(cls, channels: int, peaks: bytes) -> "Outline":
        """Return what `packed` gave."""
        length = len(peaks) // max(1, channels)
        return cls(sides=tuple(peaks[i * length : (i + 1) * length] for i in range(channels)))


def outline(path: Path) -> Outline:
    """Read a sound file through, a stretch at a time, and return its outline.

    Raises:
        SealMismatch: It does not decode.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            stretch = max(1, -(-sound.frames // STRETCHES))
            peaks = [
                np.abs(block.astype(np.int32)).max(axis=0)
                for block in sound.blocks(stretch, dtype="int16", always_2d=True)
                if len(block)
            ]
            channels = sound.channels
    except soundfile.LibsndfileError as error:
        raise SealMismatch(file=path.name) from error
    if not peaks:
        return Outline(sides=(b"\x00",) * channels)
    # the square root lets soft speech be seen beside a loud tone
    scaled = (np.sqrt(np.array(peaks) / _LOUDEST) * 255).clip(0, 255).astype(np.uint8)
    return Outline(sides=tuple(scaled[:, i].tobytes() for i in range(channels)))
