"""Opinions given by telephone (ivr) under the law (escalation): the two do not see each other."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from escalation import editions, place
from escalation.act import Act
from escalation.acts import Acts
from escalation.errors import ActRefused, NoProcedure
from escalation.names import Score
from escalation.procedure import Procedure
from ivr.survey_words import Level
from tickets.tables import Ticket
from tongdai.accounts.model import SYSTEM
from tongdai.db import Tx

log = structlog.get_logger()


class LawOfOpinions:
    """What a hotline's procedure says of opinions; see ivr.survey_book.Opinions."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def scale(
        self, session: AsyncSession, hotline: str, ticket: Ticket | None
    ) -> tuple[Level, ...]:
        """Return the scale: of the version that the ticket began with, else the one in force."""
        lawbook = self._acts.lawbook
        await editions.refresh(session, lawbook)
        here = await place.find(session, lawbook, ticket) if ticket else None
        procedure = here.ladder.procedure if here else lawbook.procedure(hotline)
        return _levels(procedure) if procedure else ()

    async def may_rate(self, session: AsyncSession, ticket: Ticket) -> bool:
        """Say whether `rated` fits where the ticket stands: after its result in every text."""
        await editions.refresh(session, self._acts.lawbook)
        here = await place.find(session, self._acts.lawbook, ticket)
        return here is not None and bool(here.ladder.allowed(here.state, "rated"))

    async def rate(self, tx: Tx, ticket_id: str, score: str, reason: str) -> bool:
        """Do the act `rated`, as the desk does it for a sender."""
        marks: dict[str, Score] = {m: m for m in ("satisfied", "acceptable", "unsatisfied")}
        act = Act(event="rated", score=marks[score], reason=reason or None)
        try:
            await self._acts.perform(tx, ticket_id, act, SYSTEM)
        except (ActRefused, NoProcedure) as refusal:  # before anything was written
            log.info("survey.not_on_ticket", ticket=ticket_id, why=str(refusal))
            return False
        return True


def _levels(procedure: Procedure) -> tuple[Level, ...]:
    rules = procedure.rules_for("rated")
    return tuple(
        Level(
            id=mark.id,
            name=mark.name,
            needs_reason=any(
                rule.needs_reason for rule in rules if not rule.scores or mark.id in rule.scores
            ),
        )
        for mark in procedure.rating
    )
