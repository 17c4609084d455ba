"""Those who wait: told their place, called back on key 1, led on when the longest wait is over.

Three FastAGI routes. `/waiting` speaks into the ear of one who stays in app_queue (its line is a
Local channel of ours, see telephony.announcer); `/callback` and `/waited` have the caller himself,
out of the queue, and walk him through ivr/queue_flows/. Without an answer the dialplan goes on:
back to his place in the queue, or the apology.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import structlog
from panoramisk.fast_agi import Request

from ivr.agi import Route
from ivr.desk import Desk, Visit
from ivr.diary import Diary, DiaryWriter
from ivr.flow.acts import Say
from ivr.flow.graph import languages_of
from ivr.flow.parse import Version, of_hotline, read_version
from ivr.flow.state import Facts
from ivr.flow.walk import resume
from ivr.line import Line
from ivr.presses import Keypads
from ivr.prompt_builder import Prompt, PromptError
from ivr.session import Session
from ivr.speech.numbers import number
from ivr.speech.speaker import Speaker, prompt, prompts_of, voice_of
from ivr.talk import NotHeardError
from ivr.visits import visit_of
from telephony.waits import Place, Waits
from tongdai.clock import Clock
from tongdai.phone import dial_digits
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()
LANGUAGES = ("vi", "en")
PLACE_STEP = "hang-cho"
"""The step under which announcements stand in the prompt log."""


def flows() -> dict[str, Version]:
    """Return what those hear who leave the queue, by language.

    Raises:
        FlowError: One contradicts itself.
    """
    home = resources.files("ivr").joinpath("queue_flows")
    return {
        language: read_version(
            home.joinpath(f"{language}.toml").read_text(encoding="utf-8"), f"{language}.toml"
        )
        for language in LANGUAGES
    }


def words(place: Place, hotline: HotlineTable) -> tuple[Say, ...]:
    """Return what a caller is told of his place: short pieces, each of which may be the last."""
    if place.language == "en":
        return tuple(Say(text=text, language="en") for text in _english(place, hotline))
    return tuple(_vietnamese(place, hotline))


def fixed_words(language: str) -> tuple[str, ...]:
    """Return what `words` may say whole, to be spoken at set-up."""
    if language == "en":
        return (*(_english_place(n) for n in range(1, 21)), _ENGLISH_KEY)
    return (_NEXT, _PLACE, _IN_QUEUE, _WAIT, _KEY)


def languages(hotline: HotlineTable, folder: Path | None = None) -> tuple[str, ...]:
    """Return in which languages a hotline's callers may wait.

    Args:
        hotline: Without menus nobody chooses one.
        folder: `[law] folder`, where the installation's own flow may lie.
    """
    version = of_hotline(hotline.id, folder) if hotline.menu else None
    spoken = set().union(*languages_of(version.flow).values()) if version else set()
    return tuple(language for language in LANGUAGES if language in spoken | {"vi"})


def prompts_of_waiting(
    hotline: HotlineTable, folder: Path, spoken: Iterable[str]
) -> Iterator[Prompt]:
    """Give every prompt that those who wait may hear from the service."""
    known = flows()
    for language in spoken:
        yield from prompts_of(known[language].flow, hotline, folder)
        for text in fixed_words(language):
            yield prompt(folder, voice_of(hotline, language), text)


class WaitingRoom:
    """Answers for those who wait."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        waits: Waits,
        desk: Desk,
        speaker: Speaker,
        writer: DiaryWriter,
        keypads: Keypads | None = None,
    ) -> None:
        """Bring the parts together.

        Args:
            settings: The hotlines.
            clock: The service's clock.
            waits: Who stands where.
            desk: Writes wishes and messages down.
            speaker: Has the prompts.
            writer: Of the prompt log.
            keypads: Know of keys that the PBX throws away; see ivr.presses.
        """
        self._keypads = keypads
        self._settings, self._clock, self._waits = settings, clock, waits
        self._desk, self._speaker, self._writer = desk, speaker, writer
        self._flows = flows()

    def routes(self) -> dict[str, Route]:
        """Return the FastAGI routes."""
        return {
            "waiting": self.announce,
            "callback": self.call_back,
            "waited": self.waited_long_enough,
        }

    async def announce(self, request: Request) -> None:
        """Tell one who waits his place; stop when a telephone rings for him, or he is gone."""
        line = Line(request)
        hotline = self._settings.hotline_by_id(line.header("agi_extension"))
        visit = visit_of(self._settings, line, hotline) if hotline else None
        place = self._waits.place(visit.call, self._clock.now()) if visit else None
        if hotline is None or visit is None or place is None:
            return
        diary = Diary(visit, "waiting", self._clock, self._writer)
        diary.at(PLACE_STEP)
        try:
            for say in words(place, hotline):
                if not await self._speak(line, visit, hotline, say):
                    return
                diary.said(say.text)
        except PromptError:
            log.warning("wait.not_said", call=visit.call)  # the speaker has raised the alarm

    async def call_back(self, request: Request) -> None:
        """Note the wish of one who pressed 1, or lead him back to his place."""
        await self._walk(request, pressed=True)

    async def waited_long_enough(self, request: Request) -> None:
        """Offer a message or to be called back to one who has waited as long as one waits."""
        await self._walk(request, pressed=False)

    async def _speak(self, line: Line, visit: Visit, hotline: HotlineTable, say: Say) -> bool:
        """Say a piece; False when nothing more is to be said to him."""
        for file in await self._speaker.files(hotline, say):
            if self._waits.place(visit.call, self._clock.now()) is None:
                return False
            await line.play(file)
        return True

    async def _walk(self, request: Request, *, pressed: bool) -> None:
        line = Line(request, self._keypads)
        hotline = self._settings.hotline_by_id(line.header("agi_arg_5"))
        visit = visit_of(self._settings, line, hotline) if hotline else None
        if hotline is None or visit is None:
            return
        since = self._waits.since(visit.call) or _moment(line.header("agi_arg_3"))
        visit = replace(visit, waiting_since=since)
        version = self._flows[line.header("agi_arg_4") if _is_known(line) else "vi"]
        own = visit.caller.e164
        facts = Facts(open=pressed, number=dial_digits(own) if own else "")
        diary = Diary(visit, version.id, self._clock, self._writer)
        session = Session(line, visit, hotline, desk=self._desk, speaker=self._speaker, diary=diary)
        try:
            await session.run(version, facts, resume)
        except (PromptError, NotHeardError):
            diary.led("dialplan")  # the speaker has raised the alarm


_NEXT = "Quý vị là người tiếp theo được phục vụ"
_PLACE = "Quý vị đang ở vị trí số"
_IN_QUEUE = "trong hàng chờ"
_WAIT = "Thời gian chờ dự kiến khoảng"
_KEY = "Để được gọi lại mà vẫn giữ vị trí, bấm một"
_ENGLISH_KEY = "To be called back and keep your place, press 1"


def _vietnamese(place: Place, hotline: HotlineTable) -> list[Say]:
    said = [Say(text=_NEXT)]
    if place.number > 1:
        said = [
            Say(text=_PLACE),
            Say(text=number(place.number), small=True),
            Say(text=_IN_QUEUE),
        ]
    if place.minutes is not None and hotline.queue.announce_wait:
        said += [Say(text=_WAIT), Say(text=f"{number(place.minutes)} phút", small=True)]
    return [*said, Say(text=_KEY)] if hotline.queue.call_back else said


def _english(place: Place, hotline: HotlineTable) -> list[str]:
    said = [_english_place(place.number)]
    if place.minutes is not None and hotline.queue.announce_wait:
        minutes = "1 minute" if place.minutes == 1 else f"{place.minutes} minutes"
        said.append(f"The expected wait is about {minutes}")
    return [*said, _ENGLISH_KEY] if hotline.queue.call_back else said


def _english_place(place: int) -> str:
    return "You are the next caller" if place == 1 else f"You are number {place} in the queue"


def _is_known(line: Line) -> bool:
    return line.header("agi_arg_4") in LANGUAGES


def _moment(seconds: str) -> datetime | None:
    """Return the moment at which a caller began to wait, as the dialplan has it."""
    known = seconds.isdecimal() and len(seconds) <= 11
    return datetime.fromtimestamp(int(seconds), UTC) if known else None
