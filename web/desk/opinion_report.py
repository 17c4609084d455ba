"""/desk/opinions: what senders said by telephone in a month, by unit (CT-10.2, GL-14, TN-11.3)."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from escalation import editions
from ivr.survey_report import Count, counted, together
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import HCM
from tongdai.i18n import _
from web.auth import allowed, viewer
from web.desk.doing import SCORES
from web.desk.people import ABOVE, DESK, own_units
from web.desk.tray import DECIDERS
from web.doors import ACTS
from web.keys import CLOCK, DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()
READERS = (*ABOVE, Role.SUPERVISOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A hotline's month.

    Attributes:
        name: The hotline's.
        scale: Mark and its name, in the order of the procedure (its own scale).
        counts: By unit.
        total: All of them.
    """

    name: str
    scale: tuple[tuple[str, str], ...]
    counts: list[Count]
    total: Count


@routes.get("/desk/opinions")
@allowed(*READERS)
async def month(request: web.Request) -> web.Response:
    """Show a month: how many were asked, how many answered, each mark."""
    who, start = viewer(request), _month(request)
    context = {
        "groups": await _groups(request, start),
        "month": start,
        "before": _later(start, -1),
        "after": _later(start, 1),
        "lists": who.has_any(DESK),
        "above": who.has_any(ABOVE),
        "decides": who.has_any(DECIDERS),
    }
    return page(request, "desk/opinions.html", context)


@routes.get("/desk/opinions.csv")
@allowed(*READERS)
async def as_csv(request: web.Request) -> web.Response:
    """Answer the month as a table for a spreadsheet, a line a unit and mark."""
    start, text = _month(request), io.StringIO()
    lines = csv.writer(text)
    lines.writerow([_("Tháng"), _("Tổng đài"), _("Đơn vị xử lý"), _("Mục"), _("Số lượt")])
    for group in await _groups(request, start):
        for one in group.counts:
            figures = [
                (_("Đã hỏi"), one.asked),
                (_("Có trả lời"), one.answered),
                *((name, one.marks[mark]) for mark, name in group.scale),
                (_("Ghi vào phiếu"), one.on_ticket),
            ]
            unit = one.unit or _("không thuộc đơn vị nào")
            for name, number in figures:
                lines.writerow([f"{start:%m/%Y}", group.name, unit, name, number])
    return web.Response(
        body=b"\xef\xbb\xbf" + text.getvalue().encode(),  # a spreadsheet reads it as UTF-8
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="y-kien-{start:%Y-%m}.csv"'},
    )


async def _groups(request: web.Request, start: datetime) -> list[Group]:
    who, lawbook, groups = viewer(request), request.app[ACTS].lawbook, []
    mine = who.hotlines_for(*READERS)
    async with request.app[DB].read() as session:
        await editions.refresh(session, lawbook)
        for hotline in (h for h in request.app[SETTINGS].hotlines if h.id in mine):
            counts = await counted(
                session, hotline.id, start, _later(start, 1), units=_units(who, hotline.id)
            )
            procedure, total = lawbook.procedure(hotline.id), together(counts)
            rating = procedure.rating if procedure else ()
            scale: list[tuple[str, str]] = [(mark.id, mark.name) for mark in rating]
            known = {mark for mark, _name in scale}
            scale += [(m, _(w)) for m, w in SCORES if total.marks[m] and m not in known]
            if scale:  # the text of Hòa Bình has none: nobody is asked there
                group = Group(name=hotline.name, scale=tuple(scale), counts=counts, total=total)
                groups.append(group)
    return groups


def _units(who: Viewer, hotline: str) -> tuple[str, ...] | None:
    """Return the units whose opinions a viewer sees; None: all of the hotline."""
    return None if who.has(Role.SUPERVISOR, hotline) else own_units(who, hotline)


def _month(request: web.Request) -> datetime:
    """Return the first moment of the month that was asked for (2026-11), else of this one."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", request.query.get("month", ""))
    local = request.app[CLOCK].now().astimezone(HCM)
    year, number = (int(found[1]), int(found[2])) if found else (local.year, local.month)
    return datetime(year, number, 1, tzinfo=HCM)


def _later(start: datetime, months: int) -> datetime:
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)
