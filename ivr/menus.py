"""agi://.../greeting: the hotline's menus; without them, or where they fail, the plain greeting.

Whatever happens here, the dialplan goes on: TONGDAI_GREETED says that the notice of recording was
heard, TONGDAI_NEXT where the caller chose to go; unset, the caller is queued.
"""

from collections.abc import Callable

import structlog
from panoramisk.fast_agi import Request

from ivr.agi import Route
from ivr.book import Flowbook
from ivr.desk import Desk
from ivr.diary import Diary, DiaryWriter
from ivr.first import to_queue
from ivr.flow.report import facts_at
from ivr.greeting import greeting
from ivr.line import Line
from ivr.presses import Keypads
from ivr.prompt_builder import PromptError
from ivr.session import Session
from ivr.speech.speaker import Speaker
from ivr.talk import NotHeardError
from ivr.visits import visit_of
from telephony.calls.choice import Choice
from tongdai.calendar import Calendar
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.settings import Settings

log = structlog.get_logger()


class Menus:
    """Answers a call with its hotline's flow."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        clock: Clock,
        *,
        book: Flowbook,
        desk: Desk,
        speaker: Speaker,
        calendar: Callable[[str], Calendar | None],
        keypads: Keypads | None = None,
    ) -> None:
        """Bring the parts together.

        Args:
            settings: The hotlines.
            db: Where editions are read and the diaries are written.
            clock: Says whether it is open.
            book: The flows in force.
            desk: Carries out what callers choose.
            speaker: Has the prompts.
            calendar: A hotline's working calendar, the one of its deadlines.
            keypads: Know of keys that the PBX throws away; see ivr.presses.
        """
        self._keypads = keypads
        self._settings, self._db, self._clock = settings, db, clock
        self._book, self._desk, self._speaker = book, desk, speaker
        self._calendar = calendar
        self.writer = DiaryWriter(db)
        self._plain: Route = greeting(settings)
        self.inside = 0
        """Callers in the menus now."""

    async def run(self) -> None:
        """Write down what callers hear and press, until cancelled."""
        await self.writer.run()

    async def settled(self) -> None:
        """Return when everything that was heard and pressed so far is written."""
        await self.writer.settled()

    async def answer(self, request: Request) -> None:
        """Serve one call; see the module's docstring."""
        line = Line(request, self._keypads)
        hotline = self._settings.hotline_by_id(line.header("agi_extension"))
        version = await self._book.now(self._db, hotline.id) if hotline and hotline.menu else None
        visit = visit_of(self._settings, line, hotline) if hotline else None
        if hotline is None or version is None or visit is None:
            await self._plain(request)
            if visit is not None:
                await to_queue(self._desk, line, visit, Choice())
            return
        diary = Diary(visit, version.id, self._clock, self.writer)
        facts = facts_at(version.flow, self._calendar(hotline.id), self._clock.now())
        session = Session(line, visit, hotline, desk=self._desk, speaker=self._speaker, diary=diary)
        self.inside += 1
        try:
            await session.run(version, facts)
        except (PromptError, NotHeardError):
            diary.led("dialplan")  # the speaker has raised the alarm
        finally:
            self.inside -= 1

    def text_of(self, hotline: str) -> str:
        """Return the flow in force as it is written; empty: the hotline has none."""
        version = self._book.versions.get(hotline)
        return version.text if version else ""
