"""A caller in the menus: carries out what the walk asks, on a line; async, no thread a call."""

from collections.abc import Callable
from typing import assert_never

import structlog

from ivr.desk import Desk, Visit
from ivr.diary import Diary
from ivr.first import to_queue
from ivr.flow import acts
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.model import Flow
from ivr.flow.parse import Version
from ivr.flow.state import Facts, State
from ivr.flow.walk import LEAST_MESSAGE_SECONDS, advance, begin
from ivr.line import Line
from ivr.speech.speaker import Speaker
from ivr.talk import Talk
from telephony.calls.choice import Choice
from telephony.calls.model import Outcome
from tongdai.db import DatabaseAway
from tongdai.settings import HotlineTable

log = structlog.get_logger()
GREETED, NEXT, DESK = "TONGDAI_GREETED", "TONGDAI_NEXT", "TONGDAI_DESK"
LANGUAGE = "TONGDAI_LANGUAGE"
Begin = Callable[[Flow, Facts], tuple[State, tuple[Effect, ...]]]
_WORTH = (Outcome.ABANDONED, Outcome.SELF_SERVICE, Outcome.CALLBACK, Outcome.MESSAGE)


class Session:
    """One walk through a flow."""

    def __init__(
        self,
        line: Line,
        visit: Visit,
        hotline: HotlineTable,
        *,
        desk: Desk,
        speaker: Speaker,
        diary: Diary,
    ) -> None:
        """Bring together what a walk needs; nothing is sent before `run`.

        Args:
            line: The caller's line.
            visit: Who calls.
            hotline: Which hotline: its voice.
            desk: Carries out what the caller chooses.
            speaker: Has the prompts.
            diary: Keeps what was said and pressed.
        """
        self._line, self._visit = line, visit
        self._desk, self._diary = desk, diary
        self._outcome = Outcome.ABANDONED
        self._talk = Talk(line, hotline, speaker=speaker, diary=diary)

    async def run(self, version: Version, facts: Facts, first: Begin = begin) -> None:
        """Walk until the caller is led on, or is gone.

        Args:
            version: The flow.
            facts: What it may say of this call.
            first: How it begins: `begin` greets, `resume` goes on with who was greeted.

        Raises:
            PromptError, NotHeardError: It cannot go on; the dialplan does.
        """
        state, effects = first(version.flow, facts)
        self._diary.at(state.step)
        try:
            while True:
                given = await self._turn(effects)
                if given is None:
                    return
                state, effects = advance(state, given)
                self._diary.at(state.step)
        except OSError as error:  # hung up, or a peer that says nothing any more
            _state, last = advance(state, acts.HungUp())
            if acts.KeepMessage() in last:
                await self._desk.keep_message(self._visit)
            self._diary.led("hung_up")
            log.info("menu.left", call=self._visit.call, why=repr(error))

    async def _turn(self, effects: tuple[Effect, ...]) -> Input | None:
        """Carry out a turn; return the answer to its question, None at the end."""
        asked = effects[-1] if effects else None
        if isinstance(asked, acts.ReadDigits):
            before, says = _leading_up(effects[:-1])
            for effect in before:
                await self._carry(effect)
            typed = await self._talk.entry(says, asked.most, asked.seconds)
            return acts.Digits(typed=typed)
        given: Input | None = None
        for effect in effects:
            given = await self._carry(effect)
        return given

    async def _carry(  # noqa: C901, PLR0911, PLR0912 - one branch an effect
        self, effect: Effect
    ) -> Input | None:
        match effect:
            case Say():
                await self._talk.say(effect)
            case acts.Told():
                await self._line.set(GREETED, "1")
            case acts.Served():
                await self._ends(Outcome.SELF_SERVICE)
            case acts.ReadKey():
                return await self._read_key(effect.seconds)
            case acts.ReadDigits():
                return None  # with what leads up to it, in `_turn`
            case acts.FindTicket():
                return await self._find(effect)
            case acts.Record():
                return await self._record(effect.most_seconds)
            case acts.KeepMessage():
                return await self._keep_message()
            case acts.DropMessage():
                await self._drop_message()
                return acts.Done()
            case acts.NoteCallBack():
                return await self._note_call_back(effect.number)
            case acts.ToQueue():
                await self._queue(effect)
            case acts.ToDesk():
                return await self._to_desk(effect.unit)
            case acts.Leave():
                await self._line.set(NEXT, "end")
                self._diary.led("end")
            case _:
                assert_never(effect)
        return None

    async def _read_key(self, seconds: float) -> Input:
        press = await self._talk.key(seconds)
        return acts.Key(press=press) if press else acts.Silence()

    async def _find(self, effect: acts.FindTicket) -> Input:
        try:
            return await self._desk.find_ticket(self._visit, effect.typed, effect.phone)
        except DatabaseAway:
            return acts.NotDone()

    async def _record(self, most_seconds: int) -> Input:
        path = self._desk.message_file(self._visit)
        await self._say_outcome(Outcome.MESSAGE)  # most callers hang up when they have spoken
        seconds = await self._talk.record(path, most_seconds)
        if seconds < LEAST_MESSAGE_SECONDS:
            await self._drop_message()
        return acts.Recorded(seconds=seconds)

    async def _keep_message(self) -> Input:
        if not await self._desk.keep_message(self._visit):
            await self._say_outcome(self._outcome)
            return acts.NotDone()
        await self._ends(Outcome.MESSAGE)
        return acts.Done()

    async def _drop_message(self) -> None:
        await self._desk.drop_message(self._visit)
        await self._say_outcome(self._outcome)

    async def _ends(self, outcome: Outcome) -> None:
        """Remember what the caller has got; a wish or a message is more than an information."""
        if _WORTH.index(outcome) > _WORTH.index(self._outcome):
            self._outcome = outcome
            await self._say_outcome(outcome)

    async def _say_outcome(self, outcome: Outcome) -> None:
        """Tell the bridge how the call ends when the caller hangs up from here on."""
        await self._line.tell("TongdaiOutcome", f"Outcome: {outcome.value}")

    async def _note_call_back(self, typed: str) -> Input:
        try:
            number = await self._desk.note_call_back(self._visit, typed)
        except DatabaseAway:
            return acts.NotDone()
        if not number:
            return acts.NotDone()
        await self._ends(Outcome.CALLBACK)
        return acts.CallBackNoted(number=number)

    async def _queue(self, effect: acts.ToQueue) -> None:
        if effect.again:
            await self._line.set(NEXT, "queue")
            self._diary.led("queue")
            return
        if effect.language != "vi":
            await self._line.set(LANGUAGE, effect.language)
        choice = Choice(
            field=effect.field,
            skill=effect.skill,
            priority=effect.priority,
            language="" if effect.language == "vi" else effect.language,
        )
        await to_queue(self._desk, self._line, self._visit, choice)
        await self._line.set(NEXT, "queue")
        self._diary.led("queue")

    async def _to_desk(self, unit: str) -> Input | None:
        """Let the dialplan connect with a unit's desk."""
        try:
            number = await self._desk.desk_number(self._visit, unit)
        except DatabaseAway:
            number = ""
        if not number:
            return acts.NotDone()
        await self._line.set(DESK, number)
        await self._line.set(NEXT, "desk")
        self._diary.led(f"desk {unit}")
        return None


def _leading_up(effects: tuple[Effect, ...]) -> tuple[tuple[Effect, ...], list[Say]]:
    """Part what is done before an entry from what is said right before it, that a key may stop."""
    says: list[Say] = []
    for effect in reversed(effects):
        if not isinstance(effect, Say) or not effect.key:
            break
        says.insert(0, effect)
    return effects[: len(effects) - len(says)], says
