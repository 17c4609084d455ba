"""What the benchmarks of the archive record."""

import subprocess
from pathlib import Path

import numpy as np

from tests.support.recordings import RATE

SECONDS = 60


def sound(folder: Path) -> bytes:
    """Return a minute of two people who speak in turns, as the PBX writes it."""
    wav, raw = folder / "voice.wav", folder / "voice.raw"
    words = "Xin chào, tổng đài một không hai hai nghe, anh chị cần phản ánh việc gì ạ? " * 4
    subprocess.run(["espeak-ng", "-v", "vi", "-w", str(wav), words], check=True)
    subprocess.run(
        [
            "sox",
            "-V1",
            str(wav),
            "-t",
            "raw",
            "-r",
            str(RATE),
            "-e",
            "signed",
            "-b",
            "16",
            str(raw),
        ],
        check=True,
    )
    voice = np.resize(np.frombuffer(raw.read_bytes(), dtype="<i2"), SECONDS * RATE)
    hiss = np.random.default_rng(1).normal(0, 12, (2, len(voice)))
    turn = (np.arange(len(voice)) // (5 * RATE)) % 2
    sides = np.stack([voice * (turn == 0), np.roll(voice, 3 * RATE) * (turn == 1)]) + hiss
    return sides.T.astype("<i2").tobytes()
