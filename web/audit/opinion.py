"""What a caller said when the service asked for an opinion in the call, for an auditor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ivr import survey_book
from telephony.recordings.tables import Recording
from tongdai.i18n import _
from web.desk.doing import SCORES


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What was asked, and answered.

    Attributes:
        at: When it was asked.
        about: What it is about, in words.
        score: The mark in words; empty: none was given.
        on_ticket: It stands as the rating of the ticket.
        reason: The recording of the spoken reason; None: there is none.
    """

    at: datetime
    about: str
    score: str
    on_ticket: bool
    reason: str | None


async def opinion_of(
    session: AsyncSession, call: str, recordings: Sequence[Recording]
) -> Opinion | None:
    """Return the opinion that was asked for in a call; None: nobody was asked.

    Args:
        session: To read with.
        call: The call.
        recordings: Its recordings.
    """
    answer = await survey_book.of_call(session, call)
    if answer is None:
        return None
    spoken = [r.id for r in recordings if r.kind == "message"] if answer.reason_seconds else []
    of_result = answer.about.startswith("ticket:")
    return Opinion(
        at=answer.asked_at,
        about=_("kết quả xử lý") if of_result else _("cuộc gọi"),
        score={mark: _(words) for mark, words in SCORES}.get(answer.score, answer.score),
        on_ticket=answer.on_ticket,
        reason=spoken[-1] if spoken else None,
    )
