"""/admin/procedure and /admin/calendar: the regulation and the working days, to be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from aiohttp import web

from escalation.editions import CALENDAR, PROCEDURE, Kind
from escalation.procedure import Procedure
from escalation.rows import Stage
from tongdai.accounts.model import Role
from tongdai.calendar import parse_limit
from tongdai.calendar.rules import Hours, Rules, Spans
from tongdai.clock import HCM
from tongdai.i18n import _
from web.admin.common import chosen_hotline, law, show
from web.admin.law_edit import past, ways
from web.admin.words import RESPONSIBLE
from web.auth import allowed
from web.keys import CLOCK
from web.words import N_

routes = web.RouteTableDef()
_DAYS = (
    N_("thứ hai"),
    N_("thứ ba"),
    N_("thứ tư"),
    N_("thứ năm"),
    N_("thứ sáu"),
    N_("thứ bảy"),
    N_("chủ nhật"),
)
_LEVELS: Mapping[str, str] = {
    "urgent": N_("khẩn cấp"),
    "normal": N_("bình thường"),
    "complex": N_("phức tạp"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A stage in words.

    Attributes:
        name: What it is.
        responsible: Whose turn it is.
        limits: For whom which limit holds; one without a name holds for all.
        then: What happens when it has passed.
        source: Rows of the requirements.
        readings: How ambiguities were settled.
    """

    name: str
    responsible: str
    limits: tuple[tuple[str, str], ...]
    then: tuple[str, ...]
    source: str
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """Days of the same name that follow each other."""

    first: date
    last: date
    name: str


@routes.get("/admin/procedure")
@allowed(Role.ADMINISTRATOR)
async def procedure(request: web.Request) -> web.StreamResponse:
    """Show the regulation of a hotline in words."""
    hotline = chosen_hotline(request)
    known = law(request).lawbook.procedure(hotline.id)
    context = {
        "hotline": hotline,
        "procedure": known,
        "rungs": [rung(known, stage) for stage in known.stage] if known else [],
        "extensions": extensions(known) if known else [],
        "tracks": {t.id: t.name for t in known.track} if known else {},
        "ways": ways(request, hotline.id),
        **await _editions(request, hotline.id, PROCEDURE),
    }
    return show(request, "procedure.html", context)


@routes.get("/admin/calendar")
@allowed(Role.ADMINISTRATOR)
async def calendar(request: web.Request) -> web.StreamResponse:
    """Show the working hours of a hotline and the days off of a year."""
    hotline = chosen_hotline(request)
    known = law(request).lawbook.calendar(hotline.id)
    rules = known.rules if known else None
    years = sorted(rules.confirmed | rules.unconfirmed) if rules else []
    typed = request.query.get("year", "")
    now = request.app[CLOCK].now().astimezone(HCM).year
    year = int(typed) if typed in map(str, years) else now
    context: dict[str, Any] = {
        "hotline": hotline,
        "rules": rules,
        "years": years,
        "year": year,
        "confirmed": bool(rules and year in rules.confirmed),
        **await _editions(request, hotline.id, CALENDAR),
        **(_days(rules, year) if rules else {"hours": [], "free": [], "made_up": []}),
    }
    return show(request, "calendar.html", context)


async def _editions(request: web.Request, hotline: str, kind: Kind) -> dict[str, Any]:
    rows, people, units = await past(request, hotline, kind)
    return {"editions": rows, "people": people, "unit_names": units}


def rung(whole: Procedure, stage: Stage) -> Rung:
    """Return a stage in words."""
    tracks = {t.id: t.name for t in whole.track}
    limits = [
        (
            "; ".join([*(tracks[t] for t in li.tracks), *(_(_LEVELS[x]) for x in li.levels)]),
            _limit(li.limit),
        )
        for li in stage.limits
    ]
    if stage.limit:
        limits.append((_("còn lại") if limits else "", _limit(stage.limit)))
    others = [
        _("{who} ({track})").format(who=_(RESPONSIBLE[role]), track=tracks.get(track, track))
        for track, role in stage.responsible_in.items()
    ]
    return Rung(
        name=stage.name,
        responsible="; ".join([_(RESPONSIBLE[stage.responsible]), *others]),
        limits=tuple(limits),
        then=tuple(_then(whole, stage)),
        source=stage.source,
        readings=stage.readings,
    )


def extensions(whole: Procedure) -> list[tuple[str, str, str]]:
    """Return how a limit may be extended: during which stages, the conditions, the source."""
    found = []
    for rule in whole.act:
        if rule.extend is None:
            continue
        asked = rule.extend
        stages = ", ".join(whole.stage_of(s).name for s in asked.stages)
        said = []
        if asked.times is not None:
            said.append(_("nhiều nhất {n} lần").format(n=asked.times))
        if asked.at_most:
            said.append(_("không quá {limit}").format(limit=_limit(asked.at_most)))
        if "document" in asked.needs:
            said.append(_("có văn bản"))
        if "reason" in asked.needs:
            said.append(_("nêu lý do"))
        if asked.remind:
            before = _limit(asked.remind.before)
            said.append(_("nhắc trước hạn {limit}").format(limit=before))
        found.append((stages, "; ".join(said), rule.source))
    return found


def days_of(hours: Hours) -> str:
    """Return weekdays in words: thứ hai đến thứ sáu."""
    there = sorted(hours.weekdays)
    if len(there) > 2 and there == list(range(there[0], there[-1] + 1)):
        ends = _(_DAYS[there[0]]), _(_DAYS[there[-1]])
        return _("{first} đến {last}").format(first=ends[0], last=ends[1])
    return ", ".join(_(_DAYS[d]) for d in there)


def spans_of(spans: Spans) -> str:
    """Return spans of a day: 07:00-11:00, 13:00-17:00."""
    if not spans:
        return _("nghỉ")
    return ", ".join(f"{_time(begin)}–{_time(end)}" for begin, end in spans)


def season_of(hours: Hours) -> str:
    """Return the part of the year for which hours hold; empty: all of it."""
    if hours.season is None:
        return ""
    (month, day), (last_month, last_day) = hours.season.first, hours.season.last
    words = _("từ {first} đến {last}")
    return words.format(first=f"{day:02d}/{month:02d}", last=f"{last_day:02d}/{last_month:02d}")


def free_days(rules: Rules, year: int) -> list[Freed]:
    """Return the days off of a year, those that follow each other under one name together."""
    days = sorted((d, name) for d, name in rules.holidays.items() if d.year == year)
    numbered = [(d.toordinal() - n, d, name) for n, (d, name) in enumerate(days)]
    runs = [list(run) for _key, run in groupby(numbered, key=lambda x: (x[0], x[2]))]
    return [Freed(first=run[0][1], last=run[-1][1], name=run[0][2]) for run in runs]


def weekday(day: date) -> str:
    """Return the name of a date's weekday."""
    return _(_DAYS[day.weekday()])


def _days(rules: Rules, year: int) -> dict[str, Any]:
    made_up = sorted((d, spans) for d, spans in rules.workdays.items() if d.year == year)
    return {
        "hours": [(days_of(h), spans_of(h.spans), season_of(h)) for h in rules.hours],
        "free": free_days(rules, year),
        "made_up": [(d, weekday(d), spans_of(spans)) for d, spans in made_up],
    }


def _then(whole: Procedure, stage: Stage) -> list[str]:
    if stage.expiry is None:
        return []
    found, after = [], stage.expiry
    if after.start:
        name = whole.stage_of(after.start).name
        found.append(_("chuyển sang: {stage}").format(stage=name))
    if after.overdue:
        found.append(_("ghi trễ hạn"))
    if after.report:
        who = ", ".join(_(RESPONSIBLE[r]) for r in after.report)
        found.append(_("báo cáo {who}").format(who=who))
    if after.notify:
        told = dict.fromkeys(_(RESPONSIBLE[n.to]) for n in after.notify)
        found.append(_("báo tin cho {who}").format(who=", ".join(told)))
    return found


def _limit(text: str) -> str:
    return parse_limit(text).vietnamese


def _time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
