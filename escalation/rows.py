"""The rows of a procedure file: what a regulation can say, in the words of a few tables."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from escalation.names import By, Event, Ground, Level, Purpose, Role, Score
from tongdai.calendar import Limit, LimitError, parse_limit


def _limit(text: str) -> str:
    try:
        parse_limit(text)
    except LimitError as error:
        raise ValueError(str(error)) from error
    return text


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Source = Annotated[str, Field(pattern=r"^(CT|GL|TN|HB|HN|[A-Z]{2,4})-\S+$")]
LimitText = Annotated[str, AfterValidator(_limit)]


class Row(BaseModel):
    """Every rule names the row of REQUIREMENTS.md that it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source


class TicketType(Row):
    """A kind of ticket; it decides the track (CT-9, A-CT-14)."""

    id: Id
    name: str
    track: Id
    unit: str | None = None


class Channel(Row):
    """A way in which tickets come (CT-2.1, CT-5)."""

    id: Literal["phone", "portal", "email", "app", "zalo", "facebook", "in_person"]
    name: str
    address: str = ""


class RejectionGround(Row):
    """Why a ticket may be refused, and how the sender can complete it (CT-3.6, CT-8.2)."""

    id: Id
    name: str
    guidance: str


class RatingLevel(Row):
    """One mark of the sender's judgement, best first."""

    id: Literal["satisfied", "acceptable", "unsatisfied"]
    name: str


class ReportPeriod(Row):
    """A report that the regulation asks for, and the day on which its period begins."""

    id: Literal["month", "quarter", "half_year", "nine_months", "year", "ad_hoc"]
    name: str
    first_day: int | None = Field(default=None, ge=1, le=28)


class Setting(BaseModel):
    """What a switch puts in place; see escalation.switches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: Literal["stage", "act", "ground", "rating", "report", "type", "channel"]
    match: dict[str, str] = Field(default_factory=dict)
    key: str
    value: Any = None


class Switch(Row):
    """A reading that a province may settle otherwise; its id is the ambiguity's."""

    id: Annotated[str, Field(pattern=r"^A-[A-Z]{1,4}-[0-9]+[a-z]?$")]
    name: str
    on: bool = False
    set: tuple[Setting, ...] = Field(min_length=1)


class Track(Row):
    """A way through the ladder."""

    id: Id
    name: str


class Notice(Row):
    """Somebody is told something."""

    by: By
    to: Role
    purpose: Purpose
    tracks: tuple[str, ...] = ()


class Expiry(Row):
    """What the passing of a stage's limit brings."""

    start: Id | None = None
    overdue: bool = False
    overdue_when_extended: bool = False
    """Also where the limit alone would not do it: a date that was given has lapsed."""
    report: tuple[Role, ...] = ()
    notify: tuple[Notice, ...] = ()


class StageLimit(Row):
    """A limit for some tracks and levels of severity; empty means all of them."""

    tracks: tuple[Id, ...] = ()
    levels: tuple[Level, ...] = ()
    limit: LimitText

    def fits(self, track: str, level: Level) -> bool:
        """Say whether it is meant for this track and level."""
        return (not self.tracks or track in self.tracks) and (
            not self.levels or level in self.levels
        )


class Stage(Row):
    """One rung: who is responsible, how long, and what then.

    `writes` is the name that the lines use, where one stage of the text is two situations here.
    """

    id: Id
    name: str
    writes: Id | None = None
    responsible: Role
    responsible_in: dict[Id, Role] = Field(default_factory=dict)
    limit: LimitText | None = None
    limits: tuple[StageLimit, ...] = ()
    pausable: bool = True
    readings: tuple[str, ...] = ()
    expiry: Expiry | None = None

    @property
    def shown(self) -> str:
        """The name in the lines."""
        return self.writes or self.id

    def limit_at(self, track: str, level: Level) -> Limit | None:
        """Return the stage's limit for a track and a level of severity; None: it has none."""
        text = next((li.limit for li in self.limits if li.fits(track, level)), self.limit)
        return parse_limit(text) if text else None


class Reminder(Row):
    """Who is reminded how long before a date that was given; `responsible` is whose stage it is."""

    before: LimitText
    to: tuple[Role | Literal["responsible"], ...]


class Extension(Row):
    """The rules of asking for a later date; never once the stage's limit has passed."""

    stages: tuple[Id, ...] = Field(min_length=1)
    times: int | None = None
    at_most: LimitText | None = None
    counted_from: Literal["document_date", "stage_start"] = "document_date"
    needs: tuple[Literal["document", "reason"], ...] = ()
    remind: Reminder | None = None
    readings: tuple[str, ...] = ()


class RefusalRule(Row):
    """What is said to an act in a situation in which it may not be done."""

    when: tuple[str, ...]
    why: str


class Window(Row):
    """An act may be done until some time after another one."""

    after: Event
    limit: LimitText
    why: str


class Condition(Row):
    """A flag that must, or must not, stand; and what is said when it is otherwise."""

    flag: Id
    stands: bool = True
    why: str


class ActRule(Row):
    """What an act means, in the situations `when`, for the roles `by`.

    Of several rules for an act the first that fits is taken. It fits by situation, track, level,
    ground and score; conditions and windows that do not hold refuse the act.

    Attributes:
        after_close: Only after the end; else only before it, unless `when` names `closed`.
        unless: Situations in which it may not be done all the same.
        needs: What the live service asks for besides.
        needs_reason: The act is refused without a reason.
        appointment: It may say what date was promised to the sender; nothing moves by it (HB).
        stops: Stages that end, the oldest of each name; nothing said: all, where one begins.
        start: The stage that begins.
        start_after: Its limit counts from so much later.
        resume: It goes on with the due time that it had first.
        count_from_here: A stage begun with `start_after` counts from this act, if it is earlier.
        set_level: The level of severity changes.
        pause: Force majeure begins or ends.
        mark: The moment is kept, for windows.
    """

    event: Event
    name: str
    when: tuple[str, ...]
    unless: tuple[str, ...] = ()
    after_close: bool = False
    tracks: tuple[Id, ...] = ()
    levels: tuple[Level, ...] = ()
    grounds: tuple[Ground, ...] = ()
    scores: tuple[Score, ...] = ()
    by: tuple[Role, ...]
    condition: tuple[Condition, ...] = ()
    within: Window | None = None
    needs_reason: bool = False
    appointment: bool = False
    stops: tuple[Id, ...] | None = None
    start_after: LimitText | None = None
    resume: bool = False
    count_from_here: Id | None = None
    set_flags: tuple[Id, ...] = ()
    clear_flags: tuple[Id, ...] = ()
    set_level: bool = False
    pause: Literal["begin", "end"] | None = None
    mark: bool = False
    needs: tuple[Literal["text", "written_reply", "unit_id"], ...] = ()
    start: Id | None = None
    extend: Extension | None = None
    close: bool = False
    notify: tuple[Notice, ...] = ()
    readings: tuple[str, ...] = ()
    refusal: tuple[RefusalRule, ...] = ()
