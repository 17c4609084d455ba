"""Saying and asking on a caller's line: what every dialogue by keypad does; see ivr.session."""

from collections.abc import Sequence
from pathlib import Path

from ivr.diary import Diary
from ivr.flow.acts import Say
from ivr.line import SAMPLES_A_SECOND, CallerGoneError, Line, seconds_of
from ivr.speech.speaker import Speaker
from tongdai.settings import HotlineTable

LEASE_SECONDS = 20
"""Beyond what a turn takes: after that the dialplan thinks that the service hangs, and goes on."""
_SHORTEST_PIECE = 200
_LEAST_SECONDS = 0.05
"""A file with less in it is played by itself, where it is noticed that nothing is heard."""


class NotHeardError(Exception):
    """A prompt was sent and nothing of it was played: the dialplan goes on alone."""


class Talk:
    """A dialogue on one line; what is pressed while something is said is kept for the question."""

    def __init__(
        self, line: Line, hotline: HotlineTable, *, speaker: Speaker, diary: Diary
    ) -> None:
        """Bring together what a dialogue needs.

        Args:
            line: The caller's line.
            hotline: Whose voice.
            speaker: Has the prompts.
            diary: Keeps what was said and pressed.
        """
        self.line, self.diary = line, diary
        self._hotline, self._speaker = hotline, speaker
        self._keys = ""
        self._late_hash = False
        """An entry was full before its hash key, which may come while the answer is said."""

    async def say(self, say: Say) -> None:
        """Say something; a key stops it and is kept. What no key may stop is said whole.

        Raises:
            PromptError: It is not there and cannot be spoken.
            NotHeardError: Nothing of it was played.
            CallerGoneError: There is nobody to hear it.
        """
        if self._keys and say.key:
            return  # the caller knows already what comes
        files = await self._speaker.files(self._hotline, say)
        await self.lease(sum(map(seconds_of, files)))
        await self.line.attend()  # whoever knows what comes may press before it is heard
        self.diary.said(say.text)
        for file in files:
            if not await self.play(file, to_the_end=not say.key):
                return

    async def play(self, file: Path, *, to_the_end: bool = False) -> bool:
        """Play a file; False when a key stopped it.

        Raises:
            NotHeardError, CallerGoneError: See `say`.
        """
        offset = 0
        while True:
            played = await self.line.play(file, offset=offset)
            if not played.key:
                if played.samples <= offset:
                    self._speaker.alarm(f"{file.name}: nothing was heard of it")
                    raise NotHeardError
                return True
            pressed = self._meant(played.key)
            self._keys += pressed
            if pressed and not to_the_end:
                return False
            offset = max(played.samples, offset + 1)
            if seconds_of(file) * SAMPLES_A_SECOND - offset < _SHORTEST_PIECE:
                return True

    async def key(self, seconds: float) -> str:
        """Return the next key, pressed before or now; empty when none came in time.

        Raises:
            CallerGoneError: The caller hung up.
        """
        press, self._keys = self._keys[:1], self._keys[1:]
        self._late_hash = False
        if not press:
            await self.lease(seconds)
            press = await self.line.key(seconds)
        self.diary.pressed(press or "-")
        return press

    async def entry(self, says: Sequence[Say], most: int, seconds: float) -> str:
        """Ask for keys up to the hash key; what is typed is not kept in the diary.

        The PBX itself gathers them, with the last prompt: it throws away what is pressed while it
        has nothing to do, so nothing is asked of it from the first key to the last.

        Args:
            says: What leads up to it; any key stops it and is the first of the entry.
            most: So many keys at the most.
            seconds: How long each is waited for.

        Raises:
            PromptError, NotHeardError, CallerGoneError: See `say`.
        """
        pieces = [] if self._keys else await self._pieces(says)
        lasts = sum(seconds_of(file) for _text, file in pieces)
        await self.lease(lasts + seconds * most)
        await self.line.attend()
        prompt = None
        for number, (text, file) in enumerate(pieces, start=1):
            if text:
                self.diary.said(text)
            last = number == len(pieces) and not self._late_hash
            if last and seconds_of(file) >= _LEAST_SECONDS:
                prompt = file
            elif not await self.play(file):
                break
        typed, self._keys = self._keys[:most], self._keys[most:]
        if len(typed) < most and "#" not in typed:
            typed += await self._gathered(most - len(typed), seconds, prompt)
        self._late_hash = len(typed) == most and "#" not in typed
        typed = typed.partition("#")[0]
        self.diary.pressed(f"{len(typed)} số")
        return typed

    async def record(self, path: Path, most_seconds: int) -> float:
        """Sound the tone, record, and return how many seconds; what was pressed before is gone.

        Raises:
            CallerGoneError: The caller hung up; what was recorded lies in the file.
        """
        self._keys = ""
        self.line.forget_keys()
        await self.lease(most_seconds)
        await self.line.play(self._speaker.tone)
        return await self.line.record(path, most_seconds)

    def _meant(self, pressed: str) -> str:
        """Leave out the hash key that ends the entry before, as the caller was told to; once."""
        late, self._late_hash = self._late_hash, False
        return pressed.removeprefix("#") if late else pressed

    async def _pieces(self, says: Sequence[Say]) -> list[tuple[str, Path]]:
        """Return the files of what is said; with the first of each, its words."""
        return [
            ("" if number else say.text, file)
            for say in says
            for number, file in enumerate(await self._speaker.files(self._hotline, say))
        ]

    async def _gathered(self, most: int, seconds: float, prompt: Path | None) -> str:
        try:
            return await self.line.digits(most, seconds, prompt)
        except CallerGoneError:
            if prompt is None:
                raise
            await self.play(prompt)  # says which it is: gone, or a file that cannot be played
            typed, self._keys = self._keys, ""
            return typed + await self.line.digits(most - len(typed), seconds)

    async def lease(self, seconds: float) -> None:
        """Renew the dialplan's patience: it goes on alone when the service hangs for longer."""
        await self.line.set("TIMEOUT(absolute)", str(int(seconds) + LEASE_SECONDS))
