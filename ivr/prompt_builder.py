"""The hotlines' prompts: their texts (ivr/prompts/*.toml) spoken by espeak-ng, levelled by sox.

Made at set-up into the folder that the settings name: `<folder>/<hotline>/<prompt>.wav`, 8 kHz
16-bit mono, `<folder>/music/*.wav` for those who wait. A file is made again only when its text,
voice or recipe changed (`<prompt>.said` beside it keeps what it was made from). A province that has
its prompts spoken by a person puts the .wav there and deletes the .said: it is then left alone.
"""

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tongdai.settings import HotlineTable, Settings, SettingsError, load

TEXTS = Path(__file__).resolve().parent / "prompts"
RECIPE = "espeak-ng -s 150, sox 8 kHz mono, gain -n -4 (1)"
SMALL_RECIPE = "espeak-ng -s 165, sox 8 kHz mono, gain -n -4, trimmed (1)"
WORDS_A_MINUTE = "150"
ENGLISH = "en-us"
IN_ENGLISH = "en/"
"""Folder of what app_queue says to who chose English; so its prompts are named as well."""
# Texts with a {field} are spoken when they are needed (`say`), not at set-up.
_ON_DEMAND = "{field}"
# A second each, plucked: pentatonic, nobody's copyright.
_MELODY = "D4 E4 G4 A4 B4 A4 G4 E4 D4 G4 B4 D5 B4 A4 G4 E4 D4 E4 G4 A4 G4 E4 D4 D4"


class PromptError(RuntimeError):
    """A prompt could not be made; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt: what is said, in which voice, into which file (.wav)."""

    path: Path
    text: str
    voice: str
    small: bool = False
    """A piece of a number or a date: without the silence before and after."""

    @property
    def recipe(self) -> str:
        """What the file was made from, as it is kept beside it."""
        recipe = SMALL_RECIPE if self.small else RECIPE
        return f"{recipe}\n{self.voice}\n{self.text}\n"

    def is_current(self) -> bool:
        """Whether the file is there and was made from this text (or by a person)."""
        if not self.path.exists():
            return False
        said = self.path.with_suffix(".said")
        return not said.exists() or said.read_text(encoding="utf-8") == self.recipe


def texts(hotline: HotlineTable) -> dict[str, str]:
    """Return the hotline's texts by name, on one line each, place and title filled in."""
    merged: dict[str, str] = {}
    for file in (TEXTS / "common.toml", TEXTS / f"{hotline.id}.toml"):
        if file.exists():
            merged |= tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: " ".join(text.split())
        .replace("{name}", hotline.name)
        .replace("{title}", hotline.title)
        for name, text in merged.items()
    }


def prompts(settings: Settings) -> Iterator[Prompt]:
    """Yield every prompt of every hotline."""
    for hotline in settings.hotlines:
        folder = settings.prompts.folder.resolve() / hotline.id
        for name, text in texts(hotline).items():
            if _ON_DEMAND not in text:
                yield Prompt(path=folder / f"{name}.wav", text=text, voice=hotline.voice)
        yield from _of_flow(settings, hotline)
        yield from _of_those_who_wait(settings, hotline)


def prompt_in_pbx(settings: Settings, hotline: HotlineTable, name: str) -> Prompt | None:
    """Return the prompt that the dialplan plays by that name (`hold`, `en/hold`); None: none."""
    known, voice = texts(hotline), str(hotline.voice)
    if name.startswith(IN_ENGLISH):
        known = {f"{IN_ENGLISH}{short}": text for short, text in english_texts().items()}
        voice = ENGLISH
    text = known.get(name)
    if text is None or _ON_DEMAND in text:
        return None
    folder = settings.prompts.folder.resolve() / hotline.id
    return Prompt(path=folder / f"{name}.wav", text=text, voice=voice)


def english_texts() -> dict[str, str]:
    """Return what app_queue says in English by name, on one line each."""
    told = tomllib.loads((TEXTS / "en.toml").read_text(encoding="utf-8"))
    return {name: " ".join(text.split()) for name, text in told.items()}


def missing(settings: Settings) -> list[Path]:
    """Return the files that set-up has not made yet, for the doctor."""
    wanted = [prompt.path for prompt in prompts(settings)]
    made = (music_file(settings), tone_file(settings))
    return [path for path in (*wanted, *made) if not path.exists()]


def build(settings: Settings) -> list[Path]:
    """Make what is missing or changed, and return what was made.

    Raises:
        PromptError: espeak-ng or sox is missing or failed.
    """
    wanted = {prompt.path: prompt for prompt in prompts(settings) if not prompt.is_current()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _done in pool.map(make, wanted.values()):
            pass  # the first PromptError ends it
    made = list(wanted)
    music = music_file(settings)
    if not music.exists():
        _melody(music)
        made.append(music)
    tone = tone_file(settings)
    if not tone.exists():
        _tone(tone)
        made.append(tone)
    return made


def say(settings: Settings, hotline: HotlineTable, name: str, field: str) -> Path:
    """Return a prompt that names a field, spoken now if it was never spoken before.

    Args:
        settings: Where the prompts lie.
        hotline: Whose voice and text.
        name: The text's name: `called_field`.
        field: The field's name, as people say it. It reaches espeak-ng on its standard input and
            never a file's name (the name is a digest).

    Raises:
        PromptError: espeak-ng or sox is missing or failed; play `called_general` then.
    """
    text = texts(hotline)[name].replace(_ON_DEMAND, " ".join(field.split()))
    digest = hashlib.sha256(f"{RECIPE}{hotline.voice}{text}".encode()).hexdigest()[:20]
    path = settings.prompts.folder.resolve() / hotline.id / "said" / f"{digest}.wav"
    prompt = Prompt(path=path, text=text, voice=hotline.voice)
    if not prompt.is_current():
        make(prompt)
    return path


def music_file(settings: Settings) -> Path:
    """Return the melody for those who wait."""
    return settings.prompts.folder.resolve() / "music" / "waiting.wav"


def tone_file(settings: Settings) -> Path:
    """Return the tone after which a message is recorded."""
    return settings.prompts.folder.resolve() / "tone.wav"


def speak(text: str, voice: str, path: Path) -> None:
    """Speak `text` into `path` (.wav, 8 kHz mono 16-bit), replacing it in one step.

    Raises:
        PromptError: espeak-ng or sox is missing or failed.
    """
    say = ["espeak-ng", "-v", voice, "-s", WORDS_A_MINUTE, "-b", "1", "--stdin", "--stdout"]
    with in_one_step(path) as partial:
        level = ["sox", "-t", "wav", "-", "-r", "8000", "-b", "16", "-c", "1", str(partial)]
        sound = _run(say, path, text.encode())
        _run([*level, "gain", "-n", "-4", "pad", "0.2", "0.3"], path, sound)


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Give a name to make a file under that nobody else uses; whole, it takes the file's place.

    Two processes may speak one prompt at the same time: the second replaces what is the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".partial-", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        yield partial
        partial.chmod(0o644)
        partial.replace(path)


def make(prompt: Prompt) -> None:
    """Speak a prompt into its file and keep beside it what it was made from.

    Raises:
        PromptError: espeak-ng or sox is missing or failed.
    """
    if prompt.small:
        _speak_piece(prompt)
    else:
        speak(prompt.text, prompt.voice, prompt.path)
    with in_one_step(prompt.path.with_suffix(".said")) as partial:
        partial.write_text(prompt.recipe, encoding="utf-8")


def _speak_piece(prompt: Prompt) -> None:
    """Speak one word, close at both ends; a comma is a pause."""
    path = prompt.path
    say = ["espeak-ng", "-v", prompt.voice, "-s", "165", "-b", "1", "--stdin", "--stdout"]
    cut = ["silence", "1", "0.01", "0.5%", "reverse"]
    with in_one_step(path) as partial:
        into = ["-r", "8000", "-b", "16", "-c", "1", str(partial)]
        if prompt.text == ",":
            _run(["sox", "-n", *into, "trim", "0", "0.22"], path)
            return
        sound = _run(say, path, prompt.text.encode())
        effects = ["gain", "-n", "-4", *cut, *cut, "pad", "0", "0.04"]
        _run(["sox", "-t", "wav", "-", *into, *effects], path, sound)


def _of_flow(settings: Settings, hotline: HotlineTable) -> Iterator[Prompt]:
    """Give the prompts of a hotline's menus, when it has any."""
    from ivr.flow.parse import FlowError, of_hotline  # noqa: PLC0415 - they need a Prompt
    from ivr.speech.speaker import prompts_of  # noqa: PLC0415

    try:
        version = of_hotline(hotline.id, settings.law.folder) if hotline.menu else None
    except FlowError as error:
        raise PromptError(str(error)) from error
    if version is not None:
        yield from prompts_of(version.flow, hotline, settings.prompts.folder.resolve())


def _of_those_who_wait(settings: Settings, hotline: HotlineTable) -> Iterator[Prompt]:
    """Give what is said in the queue; app_queue's own reminders in English in a folder `en`."""
    from ivr.waiting import languages, prompts_of_waiting  # noqa: PLC0415 - they need a Prompt

    folder = settings.prompts.folder.resolve()
    spoken = languages(hotline, settings.law.folder)
    yield from prompts_of_waiting(hotline, folder, spoken)
    if "en" in spoken:
        for name, text in english_texts().items():
            path = folder / hotline.id / f"{IN_ENGLISH}{name}.wav"
            yield Prompt(path=path, text=text, voice=ENGLISH)


def _tone(path: Path) -> None:
    wave = ["synth", "0.4", "sine", "880", "fade", "0.02", "0.4", "0.02", "gain", "-10"]
    with in_one_step(path) as partial:
        _run(["sox", "-n", "-r", "8000", "-b", "16", "-c", "1", str(partial), *wave], path)


def _melody(path: Path) -> None:
    """Make the quiet melody for those who wait."""
    parts = []
    with in_one_step(path) as partial:
        for number, note in enumerate(_MELODY.split()):
            part = partial.with_name(f"note-{number}.wav")
            wave = ["synth", "1.0", "pluck", note, "fade", "0", "1.0", "0.1", "gain", "-n", "-14"]
            _run(["sox", "-R", "-n", "-r", "8000", "-b", "16", "-c", "1", str(part), *wave], path)
            parts.append(part)
        _run(["sox", *map(str, parts), str(partial)], path)


def _run(command: list[str], path: Path, given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{path.name}: {command[0]} cannot be run ({error})"
        raise PromptError(message) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        message = f"{path.name}: {command[0]} failed: {said}"
        raise PromptError(message)
    return done.stdout


def main() -> None:
    """`make prompts`: make what is missing or changed, and name it."""
    try:
        made = build(load())
    except (PromptError, SettingsError) as error:
        sys.exit(f"make prompts: {error}")
    sys.stdout.write("".join(f"{path}\n" for path in made) or "all prompts are there\n")


if __name__ == "__main__":
    main()
