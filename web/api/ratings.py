"""A ticket's ratings as the API answers them: each with how it came (CT-10.2, GL-14, TN-11.3)."""

from sqlalchemy.ext.asyncio import AsyncSession

from escalation import place
from escalation.acts import Acts
from ivr import survey_book
from ivr.tables import SurveyAnswer
from tickets import ratings
from tickets.tables import Ticket
from tongdai.i18n import _
from web.api.models import RatingOut, SurveyOut
from web.desk.doing import SCORES


async def ratings_of(session: AsyncSession, acts: Acts, ticket: Ticket) -> list[RatingOut]:
    """Return a ticket's ratings, oldest first, named as its own procedure names them."""
    rows = await ratings.of_ticket(session, ticket.id)
    if not rows:
        return []
    here = await place.find(session, acts.lawbook, ticket)
    names = {mark: _(words) for mark, words in SCORES}
    if here is not None:
        names |= {mark.id: mark.name for mark in here.ladder.procedure.rating}
    answers = await survey_book.of_ticket(session, ticket.id)
    return [
        RatingOut.model_validate(
            {
                "score": row.score,
                "name": names[row.score],
                "reason": row.reason,
                "at": row.at,
                "survey": _survey(survey_book.of_rating(answers, row.at)),
            }
        )
        for row in rows
    ]


def _survey(answer: SurveyAnswer | None) -> SurveyOut | None:
    return SurveyOut.model_validate(answer) if answer is not None else None
