"""A unit asks to hear; a supervisor or auditor grants, narrows or refuses (CT-11.1b, GL-12.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.recordings.access import HEARERS
from telephony.recordings.errors import (
    GrantEnded,
    RecordingDeleted,
    RequestDecided,
    RequestOwn,
    RequestUnknown,
)
from telephony.recordings.hearing.tables import RecordingRequest
from telephony.recordings.model import RecordingState
from telephony.recordings.store import Listed
from tongdai import audit
from tongdai.accounts.model import Role, Viewer
from tongdai.db import Tx
from tongdai.errors import Invalid
from tongdai.text import clean

OF_UNIT = (Role.FOCAL_POINT, Role.UNIT_HEAD)
LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a unit asks for.

    Attributes:
        listed: The recording, with its call and ticket.
        unit: The asker's unit, which the ticket is at, or was.
        unit_name: Its name.
        reason: Why.
        basis: The legal basis.
        due_at: Until when it is to be decided.
    """

    listed: Listed
    unit: str
    unit_name: str
    reason: str
    basis: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided.

    Attributes:
        granted: Whether the unit may hear it.
        answer: Why not; with a grant it may stay empty.
        from_seconds: The part's beginning; None: the recording's.
        until_seconds: Its end; None: the recording's.
        days: How long the grant lasts.
    """

    granted: bool
    answer: str = ""
    from_seconds: float | None = None
    until_seconds: float | None = None
    days: int = 3


async def ask(tx: Tx, by: Viewer, wish: Wish) -> RecordingRequest:
    """Write a request down; that the unit has the ticket is asked before (tickets.access).

    Raises:
        Invalid: Reason or basis is missing or too long.
        RecordingDeleted: There is nothing to hear any more.
    """
    row = wish.listed.recording
    reason, basis = clean(wish.reason), clean(wish.basis)
    faults = {
        name: "too_long" if text else "required"
        for name, text in (("reason", reason), ("basis", basis))
        if not text or len(text) > LONGEST
    }
    if faults:
        raise Invalid(fields=faults)
    if row.state == RecordingState.DELETED:
        raise RecordingDeleted(recording=row.id)
    request = RecordingRequest(
        hotline=row.hotline or "",
        ticket=wish.listed.ticket or "",
        recording=row.id,
        unit=wish.unit,
        unit_name=wish.unit_name,
        asked_by=by.id,
        asked_name=by.name,
        asked_at=tx.now,
        reason=reason,
        basis=basis,
        due_at=wish.due_at,
    )
    tx.session.add(request)
    facts: dict[str, object] = {"unit": wish.unit_name, "reason": reason, "basis": basis}
    await _note(tx, request, "requested", by, facts | {"due_at": wish.due_at.isoformat()})
    return request


async def decide(
    tx: Tx, by: Viewer, request_id: str, decision: Decision, *, seconds: float, most_days: int
) -> RecordingRequest:
    """Grant a request, perhaps a part of it only, or refuse it with the reason.

    Args:
        tx: The open transaction.
        by: Supervisor or auditor of the hotline.
        request_id: Which.
        decision: What is decided.
        seconds: The recording's length.
        most_days: The longest that a grant may last.

    Raises:
        RequestUnknown: There is none, or it is none of the decider's hotlines.
        RequestOwn: The decider asked for it.
        RequestDecided: Somebody was faster.
        Invalid: A refusal without a reason, or a part that is none.
    """
    request = await _locked(tx.session, request_id)
    if request is None or not by.has_any(HEARERS, request.hotline):
        raise RequestUnknown(request=request_id)
    if request.asked_by == by.id:
        raise RequestOwn(request=request_id)
    if request.state != "open":
        raise RequestDecided(request=request_id)
    _check(decision, seconds, most_days)
    request.state = "granted" if decision.granted else "refused"
    request.answer = clean(decision.answer)
    request.decided_by, request.decided_name, request.decided_at = by.id, by.name, tx.now
    if decision.granted:
        request.from_seconds, request.until_seconds = decision.from_seconds, decision.until_seconds
        request.valid_until = tx.now + timedelta(days=decision.days)
    facts: dict[str, object] = {
        "unit": request.unit_name,
        "answer": request.answer,
        "from": request.from_seconds,
        "until": request.until_seconds,
        "valid_until": request.valid_until.isoformat() if request.valid_until else None,
        "late": tx.now > request.due_at,
    }
    await _note(tx, request, f"request_{request.state}", by, facts)
    return request


async def get(session: AsyncSession, viewer: Viewer, request_id: str) -> RecordingRequest:
    """Return a request to whoever may decide it, or to the unit that asked.

    Raises:
        RequestUnknown: There is none, or the viewer may not know that there is.
    """
    request = await session.get(RecordingRequest, request_id)
    if request is None or not (viewer.has_any(HEARERS, request.hotline) or _asked(viewer, request)):
        raise RequestUnknown(request=request_id)
    return request


async def to_hear(
    session: AsyncSession, viewer: Viewer, request_id: str, now: datetime
) -> RecordingRequest:
    """Return a grant to somebody of the unit that has it, while it lasts.

    Raises:
        RequestUnknown: There is none, or it is another unit's.
        GrantEnded: It is not granted, or its time is over.
    """
    request = await session.get(RecordingRequest, request_id)
    if request is None or not _asked(viewer, request):
        raise RequestUnknown(request=request_id)
    if request.state != "granted" or request.valid_until is None or now >= request.valid_until:
        raise GrantEnded(request=request_id)
    return request


def units_of(viewer: Viewer, hotline: str) -> tuple[str, ...]:
    """Return the units for which the viewer may ask at a hotline."""
    return tuple(
        sorted(
            {g.unit for g in viewer.grants if g.hotline == hotline and g.role in OF_UNIT and g.unit}
        )
    )


def _asked(viewer: Viewer, request: RecordingRequest) -> bool:
    return request.unit in units_of(viewer, request.hotline)


def _check(decision: Decision, seconds: float, most_days: int) -> None:
    faults: dict[str, str] = {}
    if len(decision.answer) > LONGEST:
        faults["answer"] = "too_long"
    if not decision.granted:
        if not clean(decision.answer):
            faults["answer"] = "required"
    else:
        begin = decision.from_seconds or 0.0
        end = seconds if decision.until_seconds is None else decision.until_seconds
        if not 0 <= begin < end or begin >= seconds:
            faults["from_seconds"] = "not_a_part"
        if not 1 <= decision.days <= most_days:
            faults["days"] = "out_of_range"
    if faults:
        raise Invalid(fields=faults)


async def _locked(session: AsyncSession, request_id: str) -> RecordingRequest | None:
    query = select(RecordingRequest).where(col(RecordingRequest.id) == request_id)
    found: RecordingRequest | None = (
        await session.execute(query.with_for_update())
    ).scalar_one_or_none()
    return found


async def _note(
    tx: Tx, request: RecordingRequest, kind: str, by: Viewer, facts: dict[str, object]
) -> None:
    """Write an act into the recording's chain, and into the ticket's history."""
    data = {"request": request.id, "by_name": by.name, "recording": request.recording, **facts}
    for chain, subject in (
        (audit.RECORDINGS, request.recording),
        (audit.ticket_chain(request.hotline), request.ticket),
    ):
        await audit.append(
            tx, chain=chain, subject=subject, kind=f"recording_{kind}", actor=by.id, data=data
        )
