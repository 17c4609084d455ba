"""A regulation as data: reads a procedure file, or refuses it with the line and the reason."""

import hashlib
import tomllib
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from escalation.names import Role
from escalation.rows import (
    ActRule,
    Channel,
    RatingLevel,
    RefusalRule,
    RejectionGround,
    ReportPeriod,
    Source,
    Stage,
    Switch,
    TicketType,
    Track,
)
from escalation.switches import SwitchError, switched
from tongdai.calendar import line_of


class ProcedureError(ValueError):
    """The file cannot be used; the message is one sentence with file and line."""


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
    switch: tuple[Switch, ...] = ()

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
    def has_levels(self) -> bool:
        """Severity changes its limits (HN)."""
        return any(limit.levels for stage in self.stage for limit in stage.limits)

    @property
    def has_track(self) -> frozenset[str]:
        """The ids of its tracks."""
        return frozenset(track.id for track in self.track)


@lru_cache(maxsize=64)
def parse_procedure(text: str, source: str) -> Procedure:
    """Read a procedure in the format of escalation/procedures/; it is frozen, one serves everybody.

    Raises:
        ProcedureError: It is no procedure, or contradicts itself: file, line, reason.
    """
    from escalation.consistency import contradictions  # noqa: PLC0415 - it checks a Procedure

    try:
        procedure = Procedure.model_validate(switched(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        message = f"{source}: is not TOML: {error}"
        raise ProcedureError(message) from error
    except SwitchError as error:
        raise ProcedureError(_sentence(text, source, error.where, str(error))) from error
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
