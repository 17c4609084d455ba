"""/audit/retention: what is due, lists that two people decide on, holds, checks of the archive."""

from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from telephony.recordings import access
from telephony.recordings.proof import check
from telephony.recordings.retention import holds, lists, schedule
from telephony.recordings.retention.model import KEEPERS
from tongdai.accounts.model import Role
from tongdai.errors import NotFound
from tongdai.settings import RetentionTable
from web.api import cursor
from web.audit import problem_words
from web.audit.badges import badges
from web.audit.retention_words import LISTS, WHYS
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS
from web.render import page
from web.sides import kinds

routes = web.RouteTableDef()
SHOWN = 200
LISTED = 50
Reason = Annotated[str, Field(max_length=holds.LONGEST_REASON)]


class RuleUnknown(NotFound):
    """The settings name no such rule."""

    code = "retention_rule_unknown"


class ProposeForm(Form):
    """A list is proposed."""

    hotline: str
    kind: str
    reason: Reason = ""


class DecideForm(Form):
    """A list is proposed by the first person, or approved or rejected."""

    decision: Literal["propose", "approve", "reject"]
    reason: Reason = ""


class HoldForm(Form):
    """A recording is held, or released."""

    reason: Reason = ""


@routes.get("/audit/retention")
@allowed(*KEEPERS)
async def show(request: web.Request) -> web.Response:
    """Show the rules and what is due, the lists, and what is held."""
    who = viewer(request)
    hotlines = tuple(who.hotlines_for(*KEEPERS))
    typed = {name: value for name, value in request.query.items() if name in ("lists", "held")}
    async with request.app[DB].read() as session:
        found = await lists.page(session, hotlines, LISTED + 1, _before(typed, "lists"))
        held = await holds.held(session, hotlines, SHOWN + 1, _before(typed, "held"))
        context = {
            "due": [
                await lists.due(session, rule, request.app[CLOCK].now())
                for rule in request.app[SETTINGS].recordings.retention
                if rule.hotline in hotlines
            ],
            "lists": found[:LISTED],
            "mine": {one.id for one in found if schedule.waits_for(who, one)},
            "holds": held[:SHOWN],
        }
    ends = [(one.proposed_at, one.id) for one in found[:LISTED]]
    context["older_lists"] = _older(typed, "lists", ends) if len(found) > LISTED else None
    ends = [(one.placed_at, one.id) for one in held[:SHOWN]]
    context["older_holds"] = _older(typed, "held", ends) if len(held) > SHOWN else None
    return await _page(request, "audit/retention.html", context)


@routes.post("/audit/retention")
@allowed(*KEEPERS)
async def propose(request: web.Request) -> web.Response:
    """Take a proposal to delete what a rule says."""
    form = parse(ProposeForm, await request.post())
    rule = _rule(request, form)
    async with request.app[DB].write() as tx:
        made = await lists.propose(tx, viewer(request), rule, form.reason)
    raise web.HTTPSeeOther(f"/audit/retention/{made.id}")


@routes.get("/audit/retention/{id}")
@allowed(*KEEPERS)
async def one(request: web.Request) -> web.Response:
    """Show a list: what would go, and afterwards the certificate of what went."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        found = await lists.get(session, who, request.match_info["id"])
        after = request.query.get("after", "")[:64]
        items = await lists.items(session, found.id, after=after, limit=SHOWN + 1)
    context = {
        "list": found,
        "items": items[:SHOWN],
        "following": {"after": items[SHOWN - 1][1].id} if len(items) > SHOWN else None,
        "may_decide": lists.may_decide(who, found),
    }
    return await _page(request, "audit/deletion.html", context)


@routes.post("/audit/retention/{id}")
@allowed(*KEEPERS)
async def decide(request: web.Request) -> web.Response:
    """Take a list up, or the second person's decision; what is approved goes in half a minute."""
    form, deletion = parse(DecideForm, await request.post()), request.match_info["id"]
    who = viewer(request)
    async with request.app[DB].write() as tx:
        if form.decision == "propose":
            await schedule.take_up(tx, who, deletion, form.reason)
        else:
            approve = form.decision == "approve"
            await lists.decide(tx, who, deletion, approve=approve, reason=form.reason)
    raise web.HTTPSeeOther(f"/audit/retention/{deletion}")


@routes.get("/audit/recordings/{id}/hold")
@allowed(*KEEPERS)
async def hold(request: web.Request) -> web.Response:
    """Show whether and why a recording is held."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, request.match_info["id"])
        history = await holds.history(session, listed.recording.id)
    context = {
        "row": listed.recording,
        "history": history,
        "may_hold": who.has_any((Role.AUDITOR,), listed.recording.hotline),
    }
    return await _page(request, "audit/hold.html", context)


@routes.post("/audit/recordings/{id}/hold")
@allowed(Role.AUDITOR)
async def place(request: web.Request) -> web.Response:
    """Hold a recording."""
    form, recording = parse(HoldForm, await request.post()), request.match_info["id"]
    async with request.app[DB].write() as tx:
        await holds.place(tx, viewer(request), recording, form.reason)
    raise web.HTTPSeeOther(f"/audit/recordings/{recording}/hold")


@routes.post("/audit/recordings/{id}/release")
@allowed(Role.AUDITOR)
async def release(request: web.Request) -> web.Response:
    """Release a recording."""
    form, recording = parse(HoldForm, await request.post()), request.match_info["id"]
    async with request.app[DB].write() as tx:
        await holds.release(tx, viewer(request), recording, form.reason)
    raise web.HTTPSeeOther(f"/audit/recordings/{recording}/hold")


@routes.get("/audit/checks")
@allowed(*KEEPERS)
async def checks(request: web.Request) -> web.Response:
    """Show what the last walk through the archive found."""
    db = request.app[DB]
    last = await check.latest(db, ended=True)
    walk, after = request.query.get("check", ""), 0
    if last and walk == last.id and "cursor" in request.query:
        after = cursor.to_number(request.query["cursor"])
    found = await check.findings(db, last.id, SHOWN + 1, after) if last else []
    context = {
        "check": last,
        "findings": found[:SHOWN],
        "following": {
            "check": found[0].archive_check,
            "cursor": cursor.of_number(found[SHOWN - 1].n),
        }
        if len(found) > SHOWN
        else None,
        "running": await check.latest(db),
        "whys": WHYS,
        "place": problem_words.place,
        "detail": problem_words.detail,
    }
    return await _page(request, "audit/checks.html", context)


def _before(typed: dict[str, str], name: str) -> tuple[datetime, str] | None:
    return cursor.to_moment(typed[name]) if name in typed else None


def _older(typed: dict[str, str], name: str, ends: list[tuple[datetime, str]]) -> dict[str, str]:
    """Return the conditions of the next page of one of the two lists; the other stays."""
    return {**typed, name: cursor.of_moment(*ends[-1])}


async def _page(request: web.Request, template: str, context: dict[str, Any]) -> web.Response:
    """Answer a page with what every page of these has."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        context |= await badges(session, who, request.app[CLOCK].now())
    common = {
        "kinds": kinds(),
        "titles": {h.id: h.name for h in request.app[SETTINGS].hotlines},
        "hears": who.has_any(access.HEARERS),
        "states": LISTS,
    }
    return page(request, template, context | common)


def _rule(request: web.Request, form: ProposeForm) -> RetentionTable:
    for rule in request.app[SETTINGS].recordings.retention:
        if (rule.hotline, rule.kind) == (form.hotline, form.kind):
            return rule
    raise RuleUnknown(hotline=form.hotline)
