"""The ear of the tests refuses what was not said: one that cannot fail would prove nothing."""

import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.prompt_builder import speak
from tests.support.g711 import decoded, encoded
from tests.support.hearing import NotHeardError, Piece, Sound, follow, samples_of

TEXTS = (
    "Tổng đài 1022 thành phố Cần Thơ xin chào.",
    "Cuộc gọi này được ghi âm.",
    "Gặp tổng đài viên, giữ máy hoặc bấm 1.",
    "Gặp tổng đài viên, giữ máy hoặc bấm 2.",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("said")
    found = [folder / f"{number}.wav" for number in range(len(TEXTS))]
    for text, path in zip(TEXTS, found, strict=True):
        speak(text, "vi-vn-x-south", path)
    return found


def line(*parts: Sound) -> Sound:
    """Send sounds over a telephone line: A-law there and back."""
    return decoded(encoded(np.concatenate(parts)))


def test_what_was_said_is_heard_in_its_order_over_a_telephone_line(files: list[Path]) -> None:
    first, second, third, _ = map(samples_of, files)
    heard = line(first, second, third)
    assert abs(follow(heard, [Piece(file=file) for file in files[:3]]) - len(heard)) < 2
    quieter = line(first * 0.7, second * 0.7, third * 0.7)
    follow(quieter, [Piece(file=file) for file in files[:3]])


def test_a_prompt_that_was_cut_and_a_moment_that_was_lost_are_allowed(files: list[Path]) -> None:
    first, second, third, _ = map(samples_of, files)
    heard = line(first[:6000], second[:9000], second[9160:], third)
    cut = Piece(file=files[0], most=4000)
    follow(heard, [cut, *(Piece(file=file) for file in files[1:3])])


def test_another_prompt_is_refused(files: list[Path]) -> None:
    first, second, third, fourth = map(samples_of, files)
    wanted = [Piece(file=file) for file in files[:3]]
    for wrong in (
        line(first, third, second),  # another order
        line(first, third),  # one left out
        line(first, second, fourth),  # "bấm 2" for "bấm 1" and nothing else
        line(first, second, second, third),  # one said twice
        line(first, second),  # the last one never said
        line(first, second, third[: len(third) // 2]),
    ):
        with pytest.raises(NotHeardError):
            follow(wrong, wanted)


def test_silence_and_faintness_are_refused(files: list[Path]) -> None:
    first, second, third, _ = map(samples_of, files)
    wanted = [Piece(file=file) for file in files[:3]]
    for wrong in (
        line(first, np.zeros(len(second)), third),
        line(first, second * 0.2, third),
        line(first, np.zeros(8000), second, third),  # a second of silence between
        line(first[:8000], np.zeros(len(first) - 8000), second, third),
        np.zeros(0),
    ):
        with pytest.raises(NotHeardError):
            follow(wrong, wanted)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(b"\0" * 64)
    with pytest.raises(AssertionError):
        samples_of(path)
