"""Spool file -> FLAC, WAV or Opus, proven what it was. Blocking: called in a thread."""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile

from telephony.recordings.errors import SealMismatch, SpoolFileUnreadable
from telephony.recordings.model import Format, Sealed

RATE = 8000
"""Hertz of a raw spool file (docs/recordings-spool.md)."""
_BLOCK = 1 << 18
_SAMPLE_BYTES = 2
RATES = range(4000, 192_001)
"""Hertz that a WAV header is believed; beyond them no length would be true."""
_CODINGS = {"flac": ("FLAC", "PCM_16"), "wav": ("WAV", "PCM_16"), "opus": ("OGG", "OPUS")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the samples lie in a spool file.

    Attributes:
        path: The file.
        offset: Bytes before the first sample.
        length: Bytes of whole frames; what a cut-off write left behind them is not counted.
        channels: 1 or 2.
        sample_rate: Hertz.
    """

    path: Path
    offset: int
    length: int
    channels: int
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return self.length / (_SAMPLE_BYTES * self.channels * self.sample_rate)


def open_source(path: Path) -> Source:
    """Say where the samples of a spool file are; a half-written end is left out.

    A WAV header is believed for format only: Asterisk fills its lengths in when it closes the
    file, so after a crash they are wrong and everything up to the file's end is sound.

    Raises:
        SpoolFileUnreadable: It is no 16-bit PCM.
    """
    size = path.stat().st_size
    if path.suffix == ".raw" or size == 0:
        offset, channels, rate = 0, 2, RATE
    else:
        offset, channels, rate = _wav_header(path)
    frame = _SAMPLE_BYTES * channels
    return Source(
        path=path,
        offset=offset,
        length=max(0, size - offset) // frame * frame,
        channels=channels,
        sample_rate=rate,
    )


def seal(source: Source, target: Path, sound_format: Format = "flac") -> Sealed:
    """Write the source into `target`, read it back, and say what it is.

    FLAC and WAV must decode to the same samples; Opus to the same length.

    Raises:
        SealMismatch: What was written does not decode to what was read.
        OSError: The disk refuses.
    """
    pcm = hashlib.sha256()
    container, coding = _CODINGS[sound_format]
    with soundfile.SoundFile(
        target, "w", source.sample_rate, source.channels, subtype=coding, format=container
    ) as sound:
        for block in _samples(source):
            pcm.update(block)
            sound.buffer_write(block, dtype="int16")
    _sync(target)
    size = source.path.stat().st_size
    whole = (source.offset, source.length) == (0, size)  # then its samples are the file
    sealed = Sealed(
        format=sound_format,
        channels=source.channels,
        sample_rate=source.sample_rate,
        seconds=source.seconds,
        bytes=target.stat().st_size,
        sha256=file_sha256(target),
        source_bytes=size,
        source_sha256=pcm.hexdigest() if whole else file_sha256(source.path),
        pcm_sha256=pcm.hexdigest(),
    )
    good = (
        frames(target) == source.length // (_SAMPLE_BYTES * source.channels)
        if sound_format == "opus"
        else pcm_sha256(target) == sealed.pcm_sha256
    )
    if not good:
        raise SealMismatch(file=target.name)
    return sealed


def frames(path: Path) -> int:
    """Return how many frames a sound decodes to.

    Raises:
        SealMismatch: It does not decode.
    """
    count = 0
    try:
        with soundfile.SoundFile(path) as sound:
            while block := bytes(sound.buffer_read(_BLOCK // _SAMPLE_BYTES, dtype="int16")):
                count += len(block) // (_SAMPLE_BYTES * sound.channels)
    except soundfile.LibsndfileError as error:
        raise SealMismatch(file=path.name) from error
    return count


def pcm_sha256(path: Path) -> str:
    """Return the SHA-256 of the decoded samples (16-bit little-endian, interleaved).

    Raises:
        SealMismatch: It does not decode.
    """
    digest = hashlib.sha256()
    try:
        with soundfile.SoundFile(path) as audio:
            frames = _BLOCK // (_SAMPLE_BYTES * audio.channels)
            while block := bytes(audio.buffer_read(frames, dtype="int16")):
                digest.update(block)
    except soundfile.LibsndfileError as error:
        raise SealMismatch(file=path.name) from error
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as sha256sum prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _samples(source: Source) -> Iterator[bytes]:
    with source.path.open("rb") as file:
        file.seek(source.offset)
        left = source.length
        while left > 0:
            block = file.read(min(_BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block


def _wav_header(path: Path) -> tuple[int, int, int]:
    """Return offset of the samples, channels and rate of a PCM WAV file.

    Raises:
        SpoolFileUnreadable: It is none.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise SpoolFileUnreadable(file=path.name)
    at, found = 12, None
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 24 <= len(head):
            coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
            if coding != 1 or bits != 16 or channels not in (1, 2) or rate not in RATES:
                raise SpoolFileUnreadable(file=path.name)
            found = (channels, rate)
        elif name == b"data" and found:
            return at + 8, *found
        at += 8 + length + length % 2
    raise SpoolFileUnreadable(file=path.name)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
