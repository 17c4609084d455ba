"""/audit/reconciliation: what does not match, by day; recordings that are doubtful."""

from datetime import date
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from telephony.calls.tables import CallRow
from telephony.capture import lists
from telephony.capture.lists import FindingsWanted
from telephony.capture.reconcile import EXPLAINED, MOST, ItemKind
from telephony.capture.tables import ReconciliationDay, RecordingFinding
from telephony.recordings import access
from telephony.recordings.errors import HearingForbidden, RecordingUnknown
from telephony.recordings.tables import Recording
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.errors import Invalid
from tongdai.i18n import _
from web import words
from web.api import cursor
from web.audit.badges import badges
from web.audit.doubts import doubts, whys
from web.audit.find import SHOWN, hotlines, period, titles
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB
from web.render import page
from web.sides import sides

routes = web.RouteTableDef()
DAYS = 31


class SeenForm(Form):
    """What somebody found who looked at a doubtful recording."""

    note: str = Field(min_length=3, max_length=500)
    back: Literal["", "recording"] = ""
    """On whose page it was said: the recording's own, or the list."""
    where: str = Field(default="", max_length=2000)
    """The list's conditions and place, as its address has them."""


class ListForm(Form):
    """Which days, which day's items and which doubtful recordings are asked for."""

    day: str = ""
    until: date | None = None
    """Days before this one: where the page of days before ended."""
    items: str = ""
    kind: str = ""
    hotline: str = ""
    first: date | None = None
    last: date | None = None
    show: Literal["", "unseen"] = ""
    cursor: str = ""


@routes.get("/audit/reconciliation")
@allowed(*access.HEARERS)
async def show(request: web.Request) -> web.Response:
    """Show the days' results, one day's items, and the recordings that are doubtful."""
    who = viewer(request)
    typed = {name: value for name, value in request.query.items() if value.strip()}
    context: dict[str, Any] = {"faults": {}, "typed": typed, "days": [], "findings": []}
    async with request.app[DB].read() as session:
        try:
            form = parse(ListForm, typed)
            context |= await _days(session, who, typed, form)
            context |= await _doubtful(session, who, typed, form)
        except Invalid as invalid:
            faults = {name: words.of_code(code) for name, code in invalid.fields.items()}
            context["faults"] = faults
        context |= await badges(session, who, request.app[CLOCK].now())
    context |= {
        "titles": titles(request),
        "hotlines": hotlines(request, who),
        "kinds": _kinds(),
        "whys": whys(),
        "explained": EXPLAINED,
        "what": list(doubts(sides("call", "")).items()),
        "narrowed": typed.keys() & {"kind", "hotline", "first", "last", "show"},
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context["faults"] else HTTPStatus.OK
    return page(request, "audit/reconciliation.html", context, status=status)


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
    where = urlencode(parse_qsl(form.where))  # the same page of the list, with its conditions
    raise web.HTTPSeeOther(f"/audit/reconciliation?{where}#doubtful".replace("?#", "#"))


async def _days(
    session: AsyncSession, who: Viewer, typed: dict[str, str], form: ListForm
) -> dict[str, Any]:
    """Return a page of days, and a page of the items of the day that is chosen."""
    days = await lists.days(session, limit=DAYS + 1, before=form.until)
    chosen = _chosen(form.day, days)
    after = cursor.to_moment(form.items) if form.items else None
    mine = access.heard_hotlines(who)
    found = await lists.items(session, mine, chosen, limit=SHOWN + 1, after=after) if chosen else []
    older = {**typed, "until": days[DAYS - 1].day.isoformat()} if len(days) > DAYS else None
    last = found[SHOWN - 1] if len(found) > SHOWN else None
    kept = {k: v for k, v in typed.items() if k not in ("day", "items")}
    more = {**kept, "day": str(chosen), "items": cursor.of_moment(last.at, last.id)} if last else 0
    return {
        "days": days[:DAYS],
        "older": older and {k: v for k, v in older.items() if k not in ("day", "items")},
        "chosen": chosen,
        "items": found[:SHOWN],
        "more_items": more,
        "full": [_kinds()[k] for k in (await lists.full(session, chosen) if chosen else [])],
        "most": MOST,
        "kept": kept,
    }


def _chosen(typed: str, days: list[ReconciliationDay]) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return days[0].day if days else None


async def _doubtful(
    session: AsyncSession, who: Viewer, typed: dict[str, str], form: ListForm
) -> dict[str, Any]:
    """Return a page of the doubtful recordings that are asked for, with what is wrong in words."""
    since, until = period((form.first, None), (form.last, None))
    wanted = FindingsWanted(
        hotlines=access.heard_hotlines(who),
        hotline=form.hotline or None,
        kind=form.kind or None,
        since=since,
        until=until,
        unseen=form.show == "unseen",
    )
    before = cursor.to_moment(form.cursor) if form.cursor else None
    found = await lists.findings(session, wanted, limit=SHOWN + 1, before=before)
    last = found[SHOWN - 1] if len(found) > SHOWN else None
    following = {**typed, "cursor": cursor.of_moment(last.created_at, last.id)} if last else None
    return {
        "findings": found[:SHOWN],
        "doubts": await _in_words(session, found[:SHOWN]),
        "following": following,
    }


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
