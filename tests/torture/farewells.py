"""What a caller hears at the end: a person, or one of the texts that end a call."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from ivr.flow.model import HangUp
from ivr.flow.parse import find_flow
from ivr.prompt_builder import texts
from ivr.speech.speaker import prompt
from ivr.waiting import flows
from tests.support.caller import Call
from tests.support.hearing import NotHeardError, Piece, Sound, best, follow, samples_of
from tests.support.world import World

PERSON_HERTZ = 1230
"""What is said at the operators' telephones."""
RATE = 8000
SLACK = 400
"""Samples before the last prompt that are something else."""


def hears_person(call: Call) -> bool:
    """Whether the last half second is the tone of an operator's telephone."""
    sound = call.sound_of_last(min(RATE // 2, call.heard))
    if len(sound) < RATE // 2 or np.abs(sound).mean() < 500:
        return False
    return abs(int(np.abs(np.fft.rfft(sound)).argmax()) * 2 - PERSON_HERTZ) <= 6


def said_one(said: Sequence[Path], sound: Sound) -> bool:
    """Whether the last that was heard is one of these prompts, the likeliest tried first."""
    end = sound[-RATE - SLACK :]
    alike = {file: best(end, samples_of(file)[-RATE:])[1] for file in said}
    for file in sorted(said, key=lambda one: -alike[one]):
        start = max(len(sound) - len(samples_of(file)) - SLACK, 0)
        with suppress(NotHeardError):
            follow(sound, [Piece(file=file)], start=start)
            return True
    return False


def farewells(world: World) -> list[Path]:
    """Return the files of the flows' last texts, and the dialplan's own."""
    folder, found = world.settings.prompts.folder.resolve(), list[Path]()
    waiting = flows()["vi"].flow
    for hotline in world.settings.hotlines:
        for step in (*find_flow(hotline.id).step, *waiting.step):
            if isinstance(step, HangUp):
                last = step.say.split("}")[-1].strip(" .,;")
                found.append(prompt(folder, hotline.voice, last).path)
        said = [name for name in texts(hotline) if name in ("apology", "goodbye")]
        found += [folder / hotline.id / f"{name}.wav" for name in said]
    return sorted({file for file in found if file.exists()})
