"""agi://.../trial and /prompt: an administrator hears a flow that is not in force, or records.

What is wanted was written down (PhoneOrder) before the telephone rang. A trial is marked as one,
and is no call of the hotline's: nothing of it reaches the register, the queue or the spool.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from panoramisk.fast_agi import Request

from ivr.desk import Found, Visit
from ivr.diary import Diary, DiaryWriter
from ivr.flow.acts import Say, TicketUnknown
from ivr.flow.parse import FlowError, read_version
from ivr.flow.report import facts_at
from ivr.flow.walk import LEAST_MESSAGE_SECONDS, TRIES
from ivr.line import Line
from ivr.presses import Keypads
from ivr.prompt_builder import PromptError
from ivr.session import Session
from ivr.speech.levelling import NotAPrompt, prompt_of
from ivr.speech.reading import phone
from ivr.speech.speaker import Speaker
from ivr.tables import PhoneOrder
from ivr.talk import NotHeardError, Talk
from ivr.visits import recorded, spool_file, visit_of
from ivr.voices import Entry, put, write_sound
from telephony.calls.choice import Choice
from telephony.calls.model import CallView
from tongdai.accounts.model import Viewer
from tongdai.calendar import Calendar
from tongdai.clock import Clock
from tongdai.db import Database, DatabaseAway
from tongdai.ids import AccountId
from tongdai.phone import dial_digits
from tongdai.settings import HotlineTable, Settings

log = structlog.get_logger()
KEY_SECONDS = 6
RECORD_SECONDS = 120
TRIAL, RECORD = "trial", "record"
_ID = re.compile(r"[0-9a-f]{32}")
IS_TRIAL = "Đây là cuộc gọi thử, không tính là cuộc gọi của người dân."
TO_QUEUE = "Hết cuộc gọi thử. Tại đây người gọi vào hàng đợi tổng đài viên."
TO_DESK = "Hết cuộc gọi thử. Tại đây người gọi được nối với bộ phận một cửa."
ENDED = "Hết cuộc gọi thử."
READ_THIS = "Xin đọc câu sau khi nghe tiếng bíp, rồi bấm phím thăng."
CONFIRM = "Để dùng bản thu này, bấm một. Để thu lại, bấm hai. Để hủy, bấm phím sao."
NOTHING = "Chưa thu được tiếng nào."
KEPT = "Đã lưu. Cuộc gọi tiếp theo nghe bản thu này."
CANCELLED = "Đã hủy, lời cũ giữ nguyên."


class _Silent(DiaryWriter):
    """Writes nothing: what an administrator tries is no caller's diary."""

    def note(self, row: object) -> None:
        """Forget it."""


@dataclass(slots=True)
class TrialDesk:
    """Carries nothing out; see ivr.desk.Desk. What would have been done stands in `led`."""

    settings: Settings
    led: str = ENDED

    async def find_ticket(self, visit: Visit, typed: str, own: str) -> Found:
        """Know no ticket: nothing of a sender is told in a trial."""
        del visit, typed, own
        return TicketUnknown()

    def message_file(self, visit: Visit) -> Path:
        """Return a hidden file: the recordings' intake leaves it alone."""
        return spool_file(self.settings, visit, f".trial-{visit.call}.wav")

    async def keep_message(self, visit: Visit) -> bool:
        """Throw the message away, and say that it was kept."""
        there = await recorded(self.message_file(visit))
        self.message_file(visit).unlink(missing_ok=True)
        return there

    async def drop_message(self, visit: Visit) -> None:
        """Throw the message away."""
        self.message_file(visit).unlink(missing_ok=True)

    async def note_call_back(self, visit: Visit, number: str = "") -> str:
        """Note nothing."""
        own = visit.caller.e164
        return phone(number or (dial_digits(own) if own else ""))

    async def desk_number(self, visit: Visit, unit: str) -> str:
        """Be led to a unit's desk; the dialplan of a trial connects nobody."""
        del visit, unit
        self.led = TO_DESK
        return "0"

    async def cut_off_before(self, visit: Visit) -> CallView | None:
        """Know of no call before."""
        del visit
        return None

    def led_on(self, visit: Visit, choice: Choice) -> None:
        """Note that the caller would wait now."""
        del visit, choice
        self.led = TO_QUEUE


class Orders:
    """Serves administrators by telephone."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        clock: Clock,
        *,
        speaker: Speaker,
        calendar: Callable[[str], Calendar | None],
        keypads: Keypads | None = None,
    ) -> None:
        """Bring the parts together.

        Args:
            settings: The hotlines.
            db: Has what is wanted, gets what is recorded.
            clock: For a trial of this moment.
            speaker: Has the prompts.
            calendar: A hotline's working calendar.
            keypads: Know of keys that the PBX throws away; see ivr.presses.
        """
        self._keypads = keypads
        self._settings, self._db, self._clock = settings, db, clock
        self._speaker, self._calendar = speaker, calendar
        self._writer = _Silent(db)

    async def trial(self, request: Request) -> None:
        """Play the flow that was ordered, at the hour that was ordered."""
        found = await self._found(request, TRIAL)
        if found is None:
            return
        line, hotline, visit, order = found
        try:
            version = read_version(order.text, f"{hotline.id}.toml")
        except FlowError:
            log.warning("trial.not_a_flow", hotline=hotline.id)
            return
        desk = TrialDesk(self._settings)
        diary = Diary(visit, version.id, self._clock, self._writer)
        talk = Talk(line, hotline, speaker=self._speaker, diary=diary)
        when = order.when or self._clock.now()
        facts = facts_at(version.flow, self._calendar(hotline.id), when)
        session = Session(line, visit, hotline, desk=desk, speaker=self._speaker, diary=diary)
        try:
            await talk.say(Say(text=IS_TRIAL, key=False))
            await session.run(version, facts)
            await talk.say(Say(text=desk.led, key=False))
        except (PromptError, NotHeardError, OSError) as error:
            log.info("trial.ended", hotline=hotline.id, why=repr(error))
        finally:
            await desk.drop_message(visit)

    async def prompt(self, request: Request) -> None:
        """Record a prompt: read out, recorded, played back, kept or given up by key."""
        found = await self._found(request, RECORD)
        if found is None:
            return
        line, hotline, visit, order = found
        diary = Diary(visit, "", self._clock, self._writer)
        talk = Talk(line, hotline, speaker=self._speaker, diary=diary)
        path = spool_file(self._settings, visit, f".prompt-{visit.call}.wav")
        try:
            done = await self._recorded(talk, order, path)
            await talk.say(Say(text=KEPT if done else CANCELLED))
        except (PromptError, NotHeardError, OSError) as error:
            log.info("prompt.recording_left", hotline=hotline.id, why=repr(error))
        finally:
            path.unlink(missing_ok=True)

    async def _recorded(self, talk: Talk, order: PhoneOrder, path: Path) -> bool:
        for _try in range(TRIES):
            await talk.say(Say(text=READ_THIS))
            await talk.say(Say(text=order.text, language=order.language))
            seconds = await talk.record(path, RECORD_SECONDS)
            sound = await self._levelled(path) if seconds >= LEAST_MESSAGE_SECONDS / 2 else None
            if sound is None:
                await talk.say(Say(text=NOTHING))
                continue
            await asyncio.to_thread(write_sound, path, sound)
            await talk.play(path, to_the_end=True)
            await talk.say(Say(text=CONFIRM))
            key = await talk.key(KEY_SECONDS)
            if key == "1":
                await self._keep(order, sound)
                return True
            if key != "2":
                return False
        return False

    async def _levelled(self, path: Path) -> bytes | None:
        await recorded(path)
        try:
            return await asyncio.to_thread(lambda: prompt_of(path.read_bytes()))
        except (NotAPrompt, OSError):
            return None

    async def _keep(self, order: PhoneOrder, sound: bytes) -> None:
        entry = Entry(name=order.name, language=order.language, words=order.text)
        by = Viewer(id=AccountId(order.by), name="")
        async with self._db.write() as tx:
            await put(tx, order.hotline, entry, source="recorded", sound=sound, by=by)
        async with self._db.read() as session:
            await self._speaker.voices.refresh(session)

    async def _found(
        self, request: Request, kind: str
    ) -> tuple[Line, HotlineTable, Visit, PhoneOrder] | None:
        line = Line(request, self._keypads)
        hotline = self._settings.hotline_by_id(line.header("agi_extension"))
        visit = visit_of(self._settings, line, hotline) if hotline else None
        wanted = line.header("agi_arg_3")
        if hotline is None or visit is None or not _ID.fullmatch(wanted):
            return None
        try:
            async with self._db.read() as session:
                order = await session.get(PhoneOrder, wanted)
        except DatabaseAway:
            return None
        if order is None or order.kind != kind or order.hotline != hotline.id:
            return None
        return line, hotline, visit, order
