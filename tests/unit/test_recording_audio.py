"""Spool files become FLAC files that hold the same samples; half-written ones lose only the cut."""

import hashlib
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from telephony.recordings import audio
from telephony.recordings.errors import SealMismatch, SpoolFileUnreadable

RATE = 8000


def tones(seconds: float, left: float, right: float) -> bytes:
    """Return interleaved 16-bit samples: a tone (Hz) on each side."""
    t = np.arange(int(seconds * RATE)) / RATE
    sides = np.stack([np.sin(2 * np.pi * f * t) for f in (left, right)], axis=1)
    return (sides * 12000).astype("<i2").tobytes()


def loudest(samples: "np.ndarray") -> float:
    """Return the frequency (Hz) that is strongest in one channel."""
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.fft.rfftfreq(len(samples), 1 / RATE)[int(np.argmax(spectrum))])


def test_both_sides_of_a_call_are_in_their_channels(tmp_path: Path) -> None:
    raw = tmp_path / "call-1.2.raw"
    raw.write_bytes(tones(3, 440, 1000))
    sealed = audio.seal(audio.open_source(raw), tmp_path / "a.flac")
    samples, rate = soundfile.read(tmp_path / "a.flac")
    assert (rate, sealed.channels, sealed.sample_rate) == (RATE, 2, RATE)
    assert loudest(samples[:, 0]) == pytest.approx(440, abs=1)
    assert loudest(samples[:, 1]) == pytest.approx(1000, abs=1)
    assert sealed.seconds == pytest.approx(3)
    assert soundfile.info(tmp_path / "a.flac").duration == pytest.approx(3)


def test_the_archived_samples_are_the_spooled_ones(tmp_path: Path) -> None:
    raw = tmp_path / "call-1.2.raw"
    noise = np.random.default_rng(1).integers(-32768, 32768, 2 * RATE * 40, dtype="<i2").tobytes()
    raw.write_bytes(noise)
    sealed = audio.seal(audio.open_source(raw), tmp_path / "a.flac")
    assert sealed.pcm_sha256 == sealed.source_sha256 == hashlib.sha256(noise).hexdigest()
    assert audio.pcm_sha256(tmp_path / "a.flac") == sealed.pcm_sha256
    assert sealed.sha256 == hashlib.sha256((tmp_path / "a.flac").read_bytes()).hexdigest()
    assert sealed.bytes == (tmp_path / "a.flac").stat().st_size


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_frame_that_was_cut_off_is_left_out_and_nothing_else(tmp_path: Path, cut: int) -> None:
    raw = tmp_path / "call-1.2.raw"
    whole = tones(1, 300, 600)
    raw.write_bytes(whole + b"\x01" * cut)
    sealed = audio.seal(audio.open_source(raw), tmp_path / "a.flac")
    assert sealed.pcm_sha256 == hashlib.sha256(whole).hexdigest()
    assert sealed.source_bytes == len(whole) + cut


def test_a_wav_whose_lengths_were_never_filled_in_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "message-1.2.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.arange(4000, dtype="<i2").tobytes())
    whole = bytearray(path.read_bytes())
    whole[4:8] = whole[40:44] = b"\0\0\0\0"
    path.write_bytes(bytes(whole))
    sealed = audio.seal(audio.open_source(path), tmp_path / "a.flac")
    assert (sealed.channels, sealed.seconds) == (1, 0.5)


@pytest.mark.parametrize(
    "head",
    [b"RIFF", b"RIFF\0\0\0\0WAVE", b"ID3" + b"\0" * 60, b"RIFF\0\0\0\0WAVEdata\0\0\0\0"],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "message-1.2.wav"
    path.write_bytes(head)
    with pytest.raises(SpoolFileUnreadable):
        audio.open_source(path)


def test_an_archived_file_that_was_cut_or_changed_does_not_prove(tmp_path: Path) -> None:
    raw, flac = tmp_path / "call-1.2.raw", tmp_path / "a.flac"
    raw.write_bytes(tones(2, 440, 1000))
    sealed = audio.seal(audio.open_source(raw), flac)
    good = flac.read_bytes()
    flac.write_bytes(good[: len(good) // 2])
    assert audio.file_sha256(flac) != sealed.sha256
    flac.write_bytes(b"not a sound")
    with pytest.raises(SealMismatch):
        audio.pcm_sha256(flac)
