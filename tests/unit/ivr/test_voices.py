"""Persons' own prompts, as files."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ivr.voices import write_sound

SOUND = bytes(range(256)) * 64


def test_several_may_put_the_same_prompt_in_place_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own" / "prompt.wav"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_sound(path, SOUND), range(200)))
    assert path.read_bytes() == SOUND
    assert list(path.parent.iterdir()) == [path]
