"""agi://.../survey: one key after the call, or after the result (CT-10.2, GL-14, TN-11.3, HN-13-2).

Asked with the procedure's own scale, in the caller's language; the reason is spoken where the
regulation refuses a mark without one. Whatever happens here the dialplan says goodbye:
TONGDAI_NEXT is `end` when that was done.
"""

import re
from pathlib import Path

import structlog
from panoramisk.fast_agi import Request

from ivr.diary import Diary, DiaryWriter
from ivr.flow.walk import LEAST_MESSAGE_SECONDS, TRIES
from ivr.line import Line, seconds_of
from ivr.presses import Keypads
from ivr.prompt_builder import PromptError
from ivr.session import NEXT
from ivr.speech.speaker import Speaker
from ivr.survey_book import Asked, Heard, SurveyBook
from ivr.survey_words import Level, Wording
from ivr.talk import NotHeardError, Talk
from ivr.visits import recorded, spool_file, visit_of
from tongdai.clock import Clock
from tongdai.db import DatabaseAway
from tongdai.errands import Errands
from tongdai.settings import Settings

log = structlog.get_logger()
KEY_SECONDS = 5
REASON_SECONDS = 60
FIRST_LINE = 1_000
"""Lines of a call's diary before it are the menus'."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Surveys:
    """Asks callers for their opinion."""

    def __init__(
        self,
        settings: Settings,
        book: SurveyBook,
        clock: Clock,
        *,
        speaker: Speaker,
        writer: DiaryWriter,
        keypads: Keypads | None = None,
    ) -> None:
        """Bring the parts together.

        Args:
            settings: The hotlines and the PBXs' spools.
            book: Says whether to ask, keeps what is answered.
            clock: For the diary.
            speaker: Has the prompts.
            writer: Writes the diary.
            keypads: Know of keys that the PBX throws away; see ivr.presses.
        """
        self._keypads = keypads
        self._settings, self._book, self._clock = settings, book, clock
        self._speaker, self._writer = speaker, writer
        self._errands = Errands()

    async def run(self) -> None:
        """Have the sentences spoken, then write what waits for the database, until cancelled."""
        try:
            await self.prepare()
        except (DatabaseAway, PromptError):
            log.warning("survey.not_prepared")  # they are spoken when somebody is asked
        await self._errands.run()

    async def prepare(self) -> None:
        """Speak what the hotlines that ask will need.

        Raises:
            DatabaseAway, PromptError: Some of it is not spoken yet.
        """
        for hotline in self._settings.hotlines:
            if hotline.survey:
                wording = Wording.of("vi")
                for text in wording.texts(await self._book.scale(hotline.id)):
                    await self._speaker.files(hotline, wording.say(text))

    async def answer(self, request: Request) -> None:
        """Serve one caller; arguments: linkedid, PBX, ticket (call-back only), language."""
        line = Line(request, self._keypads)
        hotline = self._settings.hotline_by_id(line.header("agi_extension"))
        visit = visit_of(self._settings, line, hotline) if hotline else None
        ticket = line.header("agi_arg_3")
        if hotline is None or visit is None or (ticket and not _ID.fullmatch(ticket)):
            return
        try:
            asked = await self._book.begin(visit, ticket)
        except DatabaseAway:
            log.warning("survey.database_away", call=visit.call)
            return
        if asked is None:
            return
        diary = Diary(visit, "", self._clock, self._writer, first=FIRST_LINE)
        diary.at("survey")
        talk = Talk(line, hotline, speaker=self._speaker, diary=diary)
        path = spool_file(self._settings, visit, f"message-{visit.linkedid}-1.wav")
        dialogue = _Dialogue(talk, Wording.of(line.header("agi_arg_4")), path)
        try:
            await self._ask(dialogue, asked, calls=bool(ticket))
            await dialogue.thank()
            await line.set(NEXT, "end")
            diary.led("end")
        except OSError as error:
            log.info("survey.left", call=visit.call, why=repr(error))
        except (PromptError, NotHeardError):
            diary.led("dialplan")  # the speaker has raised the alarm

    async def _ask(self, dialogue: "_Dialogue", asked: Asked, *, calls: bool) -> None:
        """Ask, and keep what was answered however it ends."""
        try:
            await dialogue.ask(asked, calls=calls)
        except OSError:
            await dialogue.hung_up()
            raise
        finally:
            await self._kept(asked, dialogue.heard)

    async def _kept(self, asked: Asked, heard: Heard) -> None:
        try:
            await self._book.finish(asked, heard)
        except DatabaseAway:
            self._errands.give("survey answer", lambda: self._book.finish(asked, heard))


class _Dialogue:
    """The questions to one caller."""

    def __init__(self, talk: Talk, wording: Wording, path: Path) -> None:
        self._talk, self._wording, self._path = talk, wording, path
        self.heard = Heard()

    async def ask(self, asked: Asked, *, calls: bool) -> None:
        """Ask for the mark, three times at most, and for the reason where one is needed."""
        for said in self._wording.opening(asked.number, calls=calls):
            await self._talk.say(said)
        level = await self._mark(asked.scale)
        self.heard.level = level
        if level is not None and level.needs_reason:
            await self._reason()

    async def thank(self) -> None:
        """Say goodbye."""
        words = self._wording.words
        done = self.heard.level is not None
        await self._talk.say(self._wording.say(words.thanks if done else words.farewell))

    async def hung_up(self) -> None:
        """Take what was recorded until the caller hung up."""
        if self.heard.level is not None and self.heard.level.needs_reason:
            await self._measure()

    async def _mark(self, scale: tuple[Level, ...]) -> Level | None:
        usual = self._wording.usual
        for _try in range(TRIES):
            for said in self._wording.choices(scale):
                await self._talk.say(said)
            press = await self._talk.key(KEY_SECONDS)
            if press.isdecimal() and 1 <= int(press) <= len(scale):
                return scale[int(press) - 1]
            await self._talk.say(self._wording.say(usual.wrong_key if press else usual.no_key))
        return None

    async def _reason(self) -> None:
        for again in (True, False):
            await self._talk.say(self._wording.say(self._wording.words.reason))
            seconds = await self._talk.record(self._path, REASON_SECONDS)
            if seconds >= LEAST_MESSAGE_SECONDS:
                self.heard.reason_seconds = seconds
                return
            self._path.unlink(missing_ok=True)
            if again:
                await self._talk.say(self._wording.say(self._wording.usual.nothing_heard))

    async def _measure(self) -> None:
        if not self.heard.reason_seconds and await recorded(self._path):
            self.heard.reason_seconds = seconds_of(self._path)
