"""A path through a flow (ivr.flow.paths) as a caller goes it: what is said, what is done.

`written` plays it on paper, with the register's own answers; `played` goes it on a telephone and
returns what must have been heard. Who has heard a text before presses into it; who has not listens
to its end: so each text is heard whole at least once, and none twice for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ivr.desk import Desk, Visit
from ivr.flow import acts
from ivr.flow.acts import Effect, Input, Say
from ivr.flow.model import Flow
from ivr.flow.paths import Deed
from ivr.flow.paths import Path as Way
from ivr.flow.state import Facts, State
from ivr.flow.walk import advance, begin
from ivr.speech.reading import phone
from ivr.speech.speaker import Speaker
from tests.support.caller import Call
from tests.support.hearing import ALIKE, SLACK, Piece, best, samples_of
from tests.support.wait import until
from tongdai.phone import dial_digits
from tongdai.settings import HotlineTable

WRONG_CODE = "1000000009"
_INTO = 4000
"""Samples of a known text after which it is cut short."""
_CUT_LATE = 16000
"""How much more of a prompt may be heard after a key that ends it (a busy machine)."""
_BEGINNING = 2400
_HEARD_OUT = ("", Deed.NOTHING, Deed.SPEAK, Deed.SAY_NOTHING)
"""What is done only when everything was said."""
_LAST, _TAIL = 200, 800
"""Samples that may be missing when the end of a turn is looked for; the gap decides."""
_SPOKEN_SECONDS = 2.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A ticket that callers ask for: its code, its number (ten digits), its sender's number."""

    code: str
    number: str
    own: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A text, as files one after the other."""

    text: str
    files: tuple[Path, ...]

    @property
    def samples(self) -> int:
        return sum(len(samples_of(file)) for file in self.files)


@dataclass(slots=True, kw_only=True)
class Turn:
    """What is said, and what is done then.

    Attributes:
        step: Where the walk waits (step and phase), or has ended.
        said: What is heard, in order.
        deed: A key, a `Deed`, digits; empty at the end.
        led: Where the caller is led at the end: queue, desk <unit>, end.
        hurried: The last text is cut short.
    """

    step: str
    said: list[Heard] = field(default_factory=list)
    deed: str = ""
    led: str = ""
    hurried: bool = False

    @property
    def texts(self) -> list[str]:
        return [heard.text for heard in self.said if heard.text]


class Paper:
    """Writes scripts for one hotline."""

    def __init__(
        self, hotline: HotlineTable, flow: Flow, *, desk: Desk, speaker: Speaker, known: Known
    ) -> None:
        self._hotline, self._flow = hotline, flow
        self._desk, self._speaker, self._known = desk, speaker, known
        self._listened: set[str] = set()

    async def written(self, way: Way, facts: Facts, visit: Visit) -> list[Turn]:
        """Play a path on paper."""
        deeds = iter(way.deeds)
        state, effects = begin(self._flow, facts)
        turns = [Turn(step="")]
        while True:
            given = await self._turn(turns, state, effects, deeds, visit)
            if given is None:
                break
            state, effects = advance(state, given)
        assert list(deeds) == [], f"{way}: more is done than is asked for"
        for turn in turns:
            known = self._listened.issuperset(turn.texts)
            turn.hurried = known and turn.deed not in _HEARD_OUT
            self._listened.update(turn.texts)
        return turns

    async def _turn(
        self,
        turns: list[Turn],
        state: State,
        effects: tuple[Effect, ...],
        deeds: Iterator[str],
        visit: Visit,
    ) -> Input | None:
        for effect in effects:
            if isinstance(effect, Say):
                files = await self._speaker.files(self._hotline, effect)
                turns[-1].said.append(Heard(text=effect.text, files=tuple(files)))
        if isinstance(effects[-1], acts.Record):
            turns[-1].said.append(Heard(text="", files=(self._speaker.tone,)))
        turns[-1].step = f"{state.step} {state.phase}"
        given = await self._given(effects[-1], deeds, visit, turns[-1])
        if turns[-1].deed:
            turns.append(Turn(step=""))
        return given

    async def _given(  # noqa: C901, PLR0911 - one branch a question
        self, effect: Effect, deeds: Iterator[str], visit: Visit, turn: Turn
    ) -> Input | None:
        match effect:
            case acts.ReadKey():
                turn.deed = next(deeds)
                silent = turn.deed == Deed.NOTHING
                return acts.Silence() if silent else acts.Key(press=turn.deed)
            case acts.ReadDigits():
                deed = next(deeds)
                typed = self._digits(deed)
                turn.deed = deed if deed == Deed.NOTHING else typed
                return acts.Digits(typed=typed.rstrip("#"))
            case acts.Record():
                turn.deed = next(deeds)
                return acts.Recorded(seconds=2.0 * (turn.deed == Deed.SPEAK))
            case acts.FindTicket():
                return await self._desk.find_ticket(visit, effect.typed, effect.phone)
            case acts.KeepMessage() | acts.DropMessage():
                return acts.Done()
            case acts.NoteCallBack():
                e164 = visit.caller.e164
                if e164 is None:
                    return acts.NotDone()
                return acts.CallBackNoted(number=phone(dial_digits(e164)))
            case acts.ToDesk():
                if not await self._desk.desk_number(visit, effect.unit):
                    return acts.NotDone()
                turn.led = f"desk {effect.unit}"
                return None
            case acts.ToQueue():
                turn.led = "queue"
                return None
            case _:
                turn.led = "end"
                return None

    def _digits(self, deed: str) -> str:
        return {
            Deed.CODE: self._known.code,
            Deed.NUMBER: self._known.number,
            Deed.OWN_NUMBER: f"{self._known.own}#",
            Deed.WRONG_CODE: WRONG_CODE,
            Deed.NOTHING: "",
        }[Deed(deed)]


async def played(call: Call, turns: list[Turn], *, leave: bool = False) -> list[Piece]:
    """Go a script on a telephone; return what must have been heard.

    Args:
        call: Answered just now.
        turns: The script.
        leave: Hang up in the last turn's last text instead of doing what it says.
    """
    pieces: list[Piece] = []
    base, late = 0, False
    for turn in turns:
        cut = turn.hurried or (leave and turn is turns[-1])
        if late:
            base = await _begins(call, base, turn.said[0].files[0])
        for heard in turn.said:
            last = heard is turn.said[-1] and cut
            pieces += _pieces(heard, late=late, cut=last)
            late = last
            base += min(_INTO, heard.samples) if last else heard.samples
        if cut or turn.led:  # music follows, or the end
            await call.until_heard(base - _LAST)
        else:
            await call.quiet(base - _TAIL)
        if leave and turn is turns[-1]:
            await call.hang_up()
            break
        if turn.deed:
            base = await _do(call, turn.deed)
    return pieces


async def _begins(call: Call, after: int, file: Path) -> int:
    """Wait until a prompt begins behind one that was cut; return where it does."""
    wanted = samples_of(file)[:_BEGINNING]

    def found() -> int:
        sound = call.sound_of_last(max(call.heard - after, 0))
        where, alike = best(sound, wanted) if len(sound) >= len(wanted) else (0, 0.0)
        return after + where if alike >= ALIKE or call.over.is_set() else 0

    return int(await until(found, within=20, every=0.1))


async def _do(call: Call, deed: str) -> int:
    """Do it; return how much was heard when what follows can begin."""
    match deed:
        case Deed.NOTHING:
            return call.heard
        case Deed.SPEAK:
            await call.speak(_SPOKEN_SECONDS)
            deed = "#"
        case Deed.SAY_NOTHING:
            before = call.heard
            await call.say_nothing(until=before + _INTO)  # the tone's last may come after a gap
            return before
    if len(deed) > 1:
        await call.press(deed[:-1], pause=0)  # in one go: the first of them stops what is said
        deed = deed[-1]
    before = call.heard
    await call.press(deed)
    return before


def _pieces(heard: Heard, *, late: bool, cut: bool) -> list[Piece]:
    left = min(_INTO - _TAIL - _LAST, heard.samples) if cut else heard.samples
    found = []
    for number, file in enumerate(heard.files):
        count = min(len(samples_of(file)), left)
        left -= count
        if count > 0:
            slack = _CUT_LATE if late and number == 0 else SLACK
            found.append(Piece(file=file, most=count, slack=slack))
    return found
