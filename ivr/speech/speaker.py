"""Files for what is said: made at set-up, spoken now when one is missing, an alarm when it cannot.

`<prompts>/spoken/<voice>/<digest>.wav`: a text of a flow, or a small piece ("hai", "mươi", "tư")
of which numbers, dates and codes are put together. A province that has a text spoken by a person
puts its file in that place and removes the .said beside it.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import structlog

from ivr.flow.acts import Say
from ivr.flow.model import Flow
from ivr.prompt_builder import Prompt, PromptError, make, tone_file
from ivr.speech.cleaning import clean
from ivr.speech.numbers import DIGITS
from ivr.speech.reading import LETTERS
from ivr.voices import Voices, of_flow
from tongdai.clock import Clock
from tongdai.health import Condition, State
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()
PAUSE = ","
"""The piece that is a short silence."""
AT_ONCE = 2
"""How many texts are spoken at the same time: each takes a processor for a moment."""
_LINKS = (
    "mười mươi mốt tư lăm linh trăm nghìn triệu tỷ âm giờ phút ngày mùng tháng năm thứ chủ nhật"
)
_BY_LANGUAGE = {"en": "en-us"}


def voice_of(hotline: HotlineTable, language: str) -> str:
    """Return the voice of a hotline: of its region in Vietnamese."""
    return _BY_LANGUAGE.get(language, hotline.voice)


def pieces() -> tuple[str, ...]:
    """Return every small piece."""
    letters = " ".join(LETTERS.values()).split()
    return tuple(dict.fromkeys([PAUSE, *DIGITS, *_LINKS.split(), *letters]))


def in_pieces(text: str) -> list[str]:
    """Split words into pieces: "bảy giờ, thứ hai" has a pause in it."""
    return text.replace(",", f" {PAUSE} ").split()


def prompt(folder: Path, voice: str, text: str, *, small: bool = False) -> Prompt:
    """Return the prompt of a text or of a piece."""
    words = text
    if not small:  # English is left to the voice; a full stop at the end changes nothing
        words = (text if voice in _BY_LANGUAGE.values() else clean(text)).strip(" .,;")
    digest = hashlib.sha256(f"{'small' if small else 'whole'} {words}".encode()).hexdigest()[:20]
    path = folder / "spoken" / voice / f"{digest}.wav"
    return Prompt(path=path, text=words, voice=voice, small=small)


def prompts_of(flow: Flow, hotline: HotlineTable, folder: Path) -> Iterator[Prompt]:
    """Give every prompt that a flow needs: its texts by language, the pieces, the sentences."""
    for language, text in dict.fromkeys(
        (language, text) for _name, language, text in of_flow(flow)
    ):
        yield prompt(folder, voice_of(hotline, language), text)
    for piece in pieces():
        yield prompt(folder, hotline.voice, piece, small=True)


class Speaker:
    """Finds or makes the files of what is said."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._folder = settings.prompts.folder.resolve()
        self.condition = Condition(clock, State.OK)
        """Degraded once a prompt was missing; shown with the part `agi`."""
        self.tone = tone_file(settings)
        """Sounds before a message is recorded."""
        self.voices = Voices(settings)
        """Persons' own recordings, which come before the machine's."""
        self._slots = asyncio.Semaphore(AT_ONCE)

    def alarm(self, why: str) -> None:
        """Note that a prompt was missing or not heard."""
        log.error("prompt.missing", why=why)
        self.condition.set(State.DEGRADED, f"{why} (run: make prompts)")

    async def files(self, hotline: HotlineTable, say: Say) -> list[Path]:
        """Return the files of what is said, in order; what is missing is spoken now.

        Raises:
            PromptError: A file is missing and nothing here can speak it.
        """
        voice = voice_of(hotline, say.language)
        own = None if say.small else self.voices.file(hotline.id, say.language, say.text)
        if own is not None:
            return [own]
        texts = in_pieces(say.text) if say.small else [say.text]
        found = []
        for text in texts:
            wanted = prompt(self._folder, voice, text, small=say.small)
            if not wanted.path.exists():
                await self._make(wanted)
            found.append(wanted.path)
        return found

    async def make_all(self, flow: Flow, hotline: HotlineTable) -> None:
        """Speak everything that a flow needs and that is not there.

        Raises:
            PromptError: It cannot be spoken.
        """
        for wanted in prompts_of(flow, hotline, self._folder):
            if not wanted.path.exists():
                await self._make(wanted)

    async def _make(self, wanted: Prompt) -> None:
        try:
            async with self._slots:
                if not wanted.path.exists():
                    await asyncio.to_thread(make, wanted)
        except PromptError as error:
            self.alarm(f"{wanted.text[:60]!r} cannot be spoken: {error}")
            raise
