"""/audit/reconciliation: what does not match, by day; recordings that are doubtful."""

from datetime import date
from typing import Any, Literal

from aiohttp import web
from pydantic import Field
from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.capture.reconcile import EXPLAINED, ItemKind
from telephony.capture.tables import ReconciliationDay, ReconciliationItem, RecordingFinding
from telephony.recordings import access
from telephony.recordings.errors import HearingForbidden, RecordingUnknown
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.i18n import _
from web.audit.doubts import doubts, whys
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import DB, SETTINGS
from web.render import page
from web.sides import sides

routes = web.RouteTableDef()
DAYS, SHOWN = 31, 100


class SeenForm(Form):
    """What somebody found who looked at a doubtful recording."""

    note: str = Field(min_length=3, max_length=500)
    back: Literal["", "recording"] = ""
    """On whose page it was said: the recording's own, or the list."""


@routes.get("/audit/reconciliation")
@allowed(*access.HEARERS)
async def show(request: web.Request) -> web.Response:
    """Show the days' results, one day's items, and the recordings that are doubtful."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        days = list(
            (
                await session.execute(
                    select(ReconciliationDay)
                    .order_by(col(ReconciliationDay.day).desc())
                    .limit(DAYS)
                )
            ).scalars()
        )
        chosen = _chosen(request.query.get("day", ""), days)
        context: dict[str, Any] = {
            "days": days,
            "chosen": chosen,
            "items": await _items(session, who, chosen) if chosen else [],
            "findings": (found := await _findings(session, who)),
            "doubts": await _in_words(session, found),
        }
    titles = {h.id: h.name for h in request.app[SETTINGS].hotlines}
    context |= {"titles": titles, "kinds": _kinds(), "whys": whys()}
    context["explained"] = EXPLAINED
    return page(request, "audit/reconciliation.html", context)


@routes.post("/audit/findings/{id}/seen")
@allowed(*access.HEARERS)
async def seen(request: web.Request) -> web.Response:
    """Note that somebody has looked at a doubtful recording, and what was found."""
    form, who = parse(SeenForm, dict(await request.post())), viewer(request)
    async with request.app[DB].write() as tx:
        row = await tx.session.get(RecordingFinding, request.match_info["id"])
        if row is None:
            raise RecordingUnknown(finding=request.match_info["id"])
        if row.hotline is not None and row.hotline not in access.heard_hotlines(who):
            raise HearingForbidden(recording=row.recording)
        row.seen_at, row.seen_by, row.note = tx.now, who.id, form.note
        await audit.append(
            tx,
            chain=audit.RECORDINGS,
            subject=row.recording,
            kind="doubt_seen",
            actor=who.id,
            data={"what": row.kind, "note": form.note, "name": who.name},
        )
        recording = row.recording
    if form.back == "recording":
        raise web.HTTPSeeOther(f"/audit/recordings/{recording}#of-checks")
    raise web.HTTPSeeOther("/audit/reconciliation#doubtful")


def _chosen(typed: str, days: list[ReconciliationDay]) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return days[0].day if days else None


async def _items(session: AsyncSession, who: Viewer, day: date) -> list[ReconciliationItem]:
    mine = access.heard_hotlines(who)
    rows = await session.execute(
        select(ReconciliationItem)
        .where(
            col(ReconciliationItem.day) == day,
            or_(
                col(ReconciliationItem.hotline).in_(mine),
                col(ReconciliationItem.hotline).is_(None),
            ),
        )
        .order_by(col(ReconciliationItem.id))
        .limit(SHOWN)
    )
    return sorted(rows.scalars(), key=lambda item: item.at)


async def _findings(session: AsyncSession, who: Viewer) -> list[RecordingFinding]:
    mine = col(RecordingFinding.hotline).in_(access.heard_hotlines(who))
    rows = await session.execute(
        select(RecordingFinding)
        .where(or_(mine, col(RecordingFinding.hotline).is_(None)))
        .order_by(col(RecordingFinding.created_at).desc(), col(RecordingFinding.id).desc())
        .limit(SHOWN)
    )
    return list(rows.scalars())


async def _in_words(session: AsyncSession, found: list[RecordingFinding]) -> dict[str, str]:
    """Return finding id -> what is wrong; whose silence it is depends on the recording."""
    rows = await session.execute(
        select(Recording.id, Recording.kind, CallRow.direction)
        .join(CallRow, col(CallRow.id) == col(Recording.call), isouter=True)
        .where(col(Recording.id).in_({one.recording for one in found}))
    )
    heard = {recording: sides(kind, direction or "") for recording, kind, direction in rows}
    return {one.id: doubts(heard.get(one.recording, sides("call")))[one.kind] for one in found}


def _kinds() -> dict[str, str]:
    return {
        ItemKind.CALL: _("Cuộc gọi không có ghi âm"),
        ItemKind.RECORDING: _("Bản ghi âm chưa rõ cuộc gọi"),
        ItemKind.INCOMPLETE: _("Bản ghi âm không đủ như cuộc gọi"),
        ItemKind.FILE: _("Tệp còn ở thư mục chờ"),
    }
