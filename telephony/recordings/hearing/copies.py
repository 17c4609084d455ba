"""What a unit hears of a recording: the granted part, marked with the unit's name. In a thread."""

import io
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from telephony.recordings.errors import SealMismatch

_TONE_HERTZ = 1400
_TONE_SECONDS = 0.15
_TONE_LEVEL = 0.03
_ROOM = 64_000_000
"""Bytes of copies that are kept in memory; none is ever written to a disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """How a copy is marked.

    Attributes:
        owner: For whom it is made: the unit's name, in the file's tags.
        comment: By which grant, until when.
        title: Which recording.
        every_seconds: From one quiet tone to the next; None: no tone.
    """

    owner: str
    comment: str
    title: str
    every_seconds: float | None


def copy_of(
    path: Path, marking: Marking, begin: float | None = None, end: float | None = None
) -> bytes:
    """Return a FLAC file with a part of a recording, its tags and, by setting, its tones.

    Args:
        path: The recording.
        marking: How it is marked.
        begin: First second; None: the beginning.
        end: Last second; None: the end.

    Raises:
        SealMismatch: The recording does not decode.
    """
    try:
        with soundfile.SoundFile(path) as sound:
            rate = sound.samplerate
            first = min(round((begin or 0) * rate), sound.frames)
            last = sound.frames if end is None else min(round(end * rate), sound.frames)
            sound.seek(first)
            samples = sound.read(max(0, last - first), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise SealMismatch(file=path.name) from error
    if marking.every_seconds is not None:
        _add_tones(samples, rate, marking.every_seconds)
    made = io.BytesIO()
    with soundfile.SoundFile(
        made, "w", rate, samples.shape[1], subtype="PCM_16", format="FLAC"
    ) as out:
        out.artist, out.title, out.comment = marking.owner, marking.title, marking.comment
        out.write(samples)
    return made.getvalue()


def _add_tones(samples: npt.NDArray[np.float32], rate: int, every: float) -> None:
    """Mix a short quiet tone in, at the beginning and then every so many seconds."""
    t = np.arange(round(_TONE_SECONDS * rate)) / rate
    tone = _TONE_LEVEL * np.sin(2 * np.pi * _TONE_HERTZ * t) * np.hanning(len(t))
    for start in range(0, len(samples), max(1, round(every * rate))):
        part = samples[start : start + len(tone)]
        part += tone[: len(part), None].astype(np.float32)
    np.clip(samples, -1, 1, out=samples)


@dataclass(slots=True)
class Copies:
    """Copies made lately, by grant: a player asks for one in parts."""

    _kept: "OrderedDict[str, bytes]" = field(default_factory=OrderedDict)

    def get(self, request: str) -> bytes | None:
        """Return the copy of a grant, if it is still here."""
        return self._kept.get(request)

    def keep(self, request: str, copy: bytes) -> None:
        """Keep a copy; the oldest go when there is no room."""
        self._kept[request] = copy
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _ROOM:
            self._kept.popitem(last=False)
