"""A regulation as data: reads a procedure file, or refuses it with the line and the reason."""

import hashlib
import tomllib
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from escalation.names import By, Event, Level, Purpose, Role
from tongdai.calendar import Limit, LimitError, line_of, parse_limit


class ProcedureError(ValueError):
    """The file cannot be used; the message is one sentence with file and line."""


def _limit(text: str) -> str:
    try:
        parse_limit(text)
    except LimitError as error:
        raise ValueError(str(error)) from error
    return text


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Source = Annotated[str, Field(pattern=r"^(CT|GL|TN|HB|HN|[A-Z]{2,4})-\S+$")]
LimitText = Annotated[str, AfterValidator(_limit)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source


class TicketType(_Row):
    """A kind of ticket; it decides the track (CT-9, A-CT-14)."""

    id: Id
    name: str
    track: Id
    unit: str | None = None


class Channel(_Row):
    """A way in which tickets come (CT-2.1, CT-5)."""

    id: Literal["phone", "portal", "email", "app", "zalo", "facebook", "in_person"]
    name: str
    address: str = ""


class RejectionGround(_Row):
    """Why a ticket may be refused, and how the sender can complete it (CT-3.6, CT-8.2)."""

    id: Id
    name: str
    guidance: str


class RatingLevel(_Row):
    """One mark of the sender's judgement, best first."""

    id: Literal["satisfied", "acceptable", "unsatisfied"]
    name: str


class ReportPeriod(_Row):
    """A report that the regulation asks for, and the day on which its period begins."""

    id: Literal["month", "quarter", "half_year", "nine_months", "year", "ad_hoc"]
    name: str
    first_day: int | None = Field(default=None, ge=1, le=28)


class Track(_Row):
    """A way through the ladder."""

    id: Id
    name: str


class Notice(_Row):
    """Somebody is told something."""

    by: By
    to: Role
    purpose: Purpose
    tracks: tuple[str, ...] = ()


class Expiry(_Row):
    """What the passing of a stage's limit brings."""

    start: Id | None = None
    overdue: bool = False
    report: tuple[Role, ...] = ()
    notify: tuple[Notice, ...] = ()


class Stage(_Row):
    """One rung: who is responsible, how long, and what then."""

    id: Id
    name: str
    responsible: Role
    limit: LimitText | None = None
    readings: tuple[str, ...] = ()
    expiry: Expiry | None = None

    def limit_at(self, level: Level) -> Limit | None:
        """Return the stage's limit for a level of severity; None: it has none."""
        del level
        return parse_limit(self.limit) if self.limit else None


class Extension(_Row):
    """The rules of asking for a later date."""

    stage: Id
    times: int | None = None
    at_most: LimitText | None = None
    counted_from: Literal["document_date", "stage_start"] = "document_date"
    needs: tuple[Literal["document", "reason"], ...] = ()
    readings: tuple[str, ...] = ()


class RefusalRule(_Row):
    """What is said to an act in a situation in which it may not be done."""

    when: tuple[str, ...]
    why: str


class ActRule(_Row):
    """What an act means, in the situations `when`, for the roles `by`."""

    event: Event
    name: str
    when: tuple[str, ...]
    by: tuple[Role, ...]
    needs: tuple[Literal["text", "written_reply", "unit_id"], ...] = ()
    start: Id | None = None
    extend: Extension | None = None
    close: bool = False
    notify: tuple[Notice, ...] = ()
    readings: tuple[str, ...] = ()
    refusal: tuple[RefusalRule, ...] = ()


class Procedure(BaseModel):
    """A whole regulation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    name: str
    decision: str
    effective_from: date
    source: Source
    responsible_before_referral: Role = "operator"
    refusal_of_unknown_acts: RefusalRule
    track: tuple[Track, ...] = Field(min_length=1)
    type: tuple[TicketType, ...] = Field(min_length=1)
    channel: tuple[Channel, ...] = Field(min_length=1)
    ground: tuple[RejectionGround, ...] = ()
    rating: tuple[RatingLevel, ...] = ()
    report: tuple[ReportPeriod, ...] = ()
    stage: tuple[Stage, ...] = Field(min_length=1)
    act: tuple[ActRule, ...] = Field(min_length=1)

    def stage_of(self, stage: str) -> Stage:
        """Return the stage of that id.

        Raises:
            KeyError: There is none.
        """
        return next(s for s in self.stage if s.id == stage)

    def order_of(self, stage: str) -> int:
        """Return a stage's place in the ladder."""
        return next(i for i, s in enumerate(self.stage) if s.id == stage)

    def track_of(self, ticket_type: str) -> str | None:
        """Return the track of a type of ticket, by the type alone (CT-9.1)."""
        return next((t.track for t in self.type if t.id == ticket_type), None)

    def ground_of(self, ground: str) -> RejectionGround | None:
        """Return the rejection ground of that id, if the regulation has it."""
        return next((g for g in self.ground if g.id == ground), None)

    def rules_for(self, event: str) -> tuple[ActRule, ...]:
        """Return what the regulation says of an act; empty: it does not know it."""
        return tuple(rule for rule in self.act if rule.event == event)

    @property
    def has_track(self) -> frozenset[str]:
        """The ids of its tracks."""
        return frozenset(track.id for track in self.track)


def parse_procedure(text: str, source: str) -> Procedure:
    """Read a procedure in the format of escalation/procedures/.

    Raises:
        ProcedureError: It is no procedure, or contradicts itself: file, line, reason.
    """
    from escalation.consistency import contradictions  # noqa: PLC0415 - it checks a Procedure

    try:
        procedure = Procedure.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: is not TOML: {error}"
        raise ProcedureError(message) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ProcedureError(_sentence(text, source, first["loc"], first["msg"])) from error
    for where, why in contradictions(procedure):
        raise ProcedureError(_sentence(text, source, where, why))
    return procedure


def version_of(text: str) -> str:
    """Return the hash by which a version of a procedure's text is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def _sentence(text: str, source: str, where: tuple[Any, ...], why: str) -> str:
    names = [part for part in where if isinstance(part, str)]
    index = next((part for part in where if isinstance(part, int)), 0)
    table = ".".join(names[:-1]) if len(names) > 1 else ""
    line = line_of(text, table, index, names[-1]) if names else 1
    if len(names) == 1 and len(where) > 1:
        line = line_of(text, names[0], index)
    return f"{source}, line {line}: {'.'.join(names)}: {why}"
