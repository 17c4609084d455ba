"""A person's recording made a prompt: any sound file, 8 kHz mono 16 bit, at the machine's loudness.

The loudness is the active speech level (after ITU-T P.56: the mean power while somebody speaks),
so that long pauses do not make a prompt loud. TARGET is where espeak-ng's own prompts lie, within
2 dB, so that a person and the machine may take turns.
"""

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile
from av.error import FFmpegError

from tongdai.errors import Invalid

RATE = 8_000
TARGET = -22.0
"""dBFS of active speech."""
HIGHEST_PEAK = -2.0
"""dBFS: what would be higher is bent, not cut."""
MOST_BYTES = 20_000_000
LEAST_SECONDS, MOST_SECONDS = 0.3, 120.0
_FRAME, _STEP = RATE // 10, RATE // 20
_FLOOR, _BELOW_SPEECH = -60.0, 15.0
"""dBFS under which nobody speaks; dB under the mean power, likewise."""
_EDGE = 0.15
"""Seconds of silence left before and after."""
Samples = npt.NDArray[np.float64]


class NotAPrompt(Invalid):
    """The file cannot become a prompt; `fields` says why."""

    code = "not_a_prompt"


def prompt_of(data: bytes) -> bytes:
    """Return a sound file of any format as a prompt (.wav).

    Raises:
        NotAPrompt: It is no sound, silent, too large, too short or too long.
    """
    if not data:
        raise NotAPrompt(fields={"file": "required"})
    if len(data) > MOST_BYTES:
        raise NotAPrompt(fields={"file": "sound_too_large"})
    sound = _decoded(data)
    if len(sound) < LEAST_SECONDS * RATE:
        raise NotAPrompt(fields={"file": "sound_too_short"})
    level = active_level(sound)
    if level is None:
        raise NotAPrompt(fields={"file": "sound_silent"})
    sound = _limited(_trimmed(sound) * 10 ** ((TARGET - level) / 20))
    made = io.BytesIO()
    soundfile.write(made, sound, RATE, format="WAV", subtype="PCM_16")
    return made.getvalue()


def level_of(path: Path) -> float | None:
    """Return the active speech level of a prompt's file in dBFS; None: nobody speaks."""
    sound, _rate = soundfile.read(path, dtype="float64")
    return active_level(sound)


def active_level(sound: Samples) -> float | None:
    """Return the mean power while somebody speaks, in dBFS; None: nobody does."""
    power = _powers(sound)
    loud = power[power > 10 ** (_FLOOR / 10)]
    if not len(loud):
        return None
    speech = loud[loud > loud.mean() * 10 ** (-_BELOW_SPEECH / 10)]
    return float(10 * np.log10(speech.mean()))


def _powers(sound: Samples) -> Samples:
    if len(sound) < _FRAME:
        return np.array([np.mean(sound**2)])
    starts = range(0, len(sound) - _FRAME + 1, _STEP)
    return np.array([np.mean(sound[i : i + _FRAME] ** 2) for i in starts])


def _decoded(data: bytes) -> Samples:
    """Return the samples of the first sound in a file, no more than the longest prompt has.

    Raises:
        NotAPrompt: There is none, or it goes on for too long.
    """
    parts: list[npt.NDArray[np.int16]] = []
    length = 0
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            to_telephone = av.AudioResampler("s16", "mono", RATE)
            for frame in container.decode(audio=0):
                for piece in to_telephone.resample(frame):
                    parts.append(piece.to_ndarray()[0])
                    length += piece.samples
                if length > MOST_SECONDS * RATE:
                    raise NotAPrompt(fields={"file": "sound_too_long"})
            parts += [piece.to_ndarray()[0] for piece in to_telephone.resample(None)]
    except (FFmpegError, IndexError, ValueError) as error:
        raise NotAPrompt(fields={"file": "no_sound"}) from error
    if not parts:
        raise NotAPrompt(fields={"file": "no_sound"})
    return np.concatenate(parts).astype(np.float64) / 32_768


def _trimmed(sound: Samples) -> Samples:
    """Take the silence before the first and after the last word away, but for a breath."""
    power = _powers(sound)
    spoken = np.flatnonzero(power > power.max() * 10 ** (-40 / 10))
    edge = int(_EDGE * RATE)
    first = max(0, int(spoken[0]) * _STEP - edge)
    last = min(len(sound), int(spoken[-1]) * _STEP + _FRAME + edge)
    return sound[first:last]


def _limited(sound: Samples) -> Samples:
    """Bend what is louder than the highest peak, so that nothing is cut."""
    top = 10 ** (HIGHEST_PEAK / 20)
    knee = top * 0.8
    over = np.abs(sound) > knee
    bent = knee + (top - knee) * np.tanh((np.abs(sound) - knee) / (top - knee))
    return np.where(over, np.sign(sound) * bent, sound)
