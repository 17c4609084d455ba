"""What everybody sees of a transfer, and whom it goes to."""

from dataclasses import dataclass
from datetime import datetime

from telephony.calls.transfer import Kind, Reason, State
from tongdai.ids import AccountId, CallId, HotlineId, PersonId, TicketId, TransferId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who is to be called: a number, or a seat of ours.

    Attributes:
        number: As the directory has it, or as it was typed; digits are made of it here.
        extension: A seat (`1003`), instead of a number.
        person_id: The directory's person, if it is one.
        unit_id: The person's unit.
        label: How people call whoever it is: "Phạm Văn An, Sở Xây dựng".
        field: The ticket's field, which the person called is told.
        typed: The operator typed the number: allowed where the hotline says so.
    """

    number: str | None = None
    extension: str | None = None
    person_id: PersonId | None = None
    unit_id: UnitId | None = None
    label: str = ""
    field: str = ""
    typed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferView:
    """One transfer as it is: an immutable snapshot. Moments are aware, UTC.

    Attributes:
        reason: Why it ended so; None while it runs and when it went as it was meant to.
        detail: For `not_accepted`: refused, later, no_key or hung_up.
        by: The operator who began it.
        joined: Caller, operator and person are in one room.
        operator_there: The operator's leg is up: a caller who returns comes to him, else he is
            first in the queue.
        number: The number called, E.164, or the extension.
    """

    id: TransferId
    pbx: str
    call_id: CallId
    ticket_id: TicketId | None
    hotline: HotlineId
    kind: Kind
    state: State
    reason: Reason | None
    detail: str
    number: str
    label: str
    person_id: PersonId | None
    unit_id: UnitId | None
    by: AccountId
    by_name: str
    joined: bool
    operator_there: bool
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
