"""How a ticket stands, as it is read out by telephone; pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from ivr.flow.acts import Say
from ivr.speech.reading import code, moment
from tickets.model import TicketState

LONGEST = 400
"""Letters of a result that are read out; the whole is on the public page."""
_STATES = {
    TicketState.OPEN: "đang được xử lý",
    TicketState.ANSWERED: "đã có kết quả",
    TicketState.CLOSED: "đã kết thúc",
    TicketState.REJECTED: "không được tiếp nhận",
}
NUMBER, DUE = "Phiếu số", "Hạn trả lời là"
LATE = "đang được xử lý và đã quá hạn"
_PENDING = "chưa được tiếp nhận xong"
WHOLE = (NUMBER, DUE, LATE, _PENDING, *_STATES.values())
"""What is spoken whole, at set-up: nobody waits for it while a ticket is read out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be told of a ticket; see web.portal.lookup.Status."""

    number: str
    state: TicketState
    overdue: bool
    due_at: datetime | None
    answer: str = ""
    guidance: str = ""


def told(standing: Standing) -> tuple[Say, ...]:
    """Return what is read out: number, state, due time, then the result as far as it is short."""
    said = [Say(text=NUMBER), Say(text=code(standing.number), small=True)]
    late = standing.overdue and standing.state is TicketState.OPEN
    said.append(Say(text=LATE if late else _STATES.get(standing.state, _PENDING)))
    if standing.due_at is not None and not late:
        said += [Say(text=DUE), Say(text=moment(standing.due_at, year=True), small=True)]
    longer = standing.answer or standing.guidance
    if longer.strip():
        said.append(Say(text=summary(longer)))
    return tuple(said)


def summary(text: str) -> str:
    """Return the beginning of a text, cut at the end of a sentence, else at a word."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    whole = re.match(rf".{{40,{LONGEST}}}[.!?](?=\s)", text)
    return whole[0] if whole else text[:LONGEST].rsplit(" ", 1)[0]
