"""/audit/recordings/{id}: hear one recording, see its call, prove its seal."""

import asyncio
import secrets
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.calls import store as calls
from telephony.recordings import access, audio
from telephony.recordings.archive import Archive
from telephony.recordings.errors import AudioMissing, SealMismatch, StoredDamaged
from telephony.recordings.hearing import plays
from telephony.recordings.hearing.plays import PlaysWanted
from telephony.recordings.store import Listed, of_call
from telephony.recordings.tables import Recording
from telephony.transfers import store as transfers
from tickets import access as ticket_access
from tickets.errors import NoSuchTicket
from tickets.tables import SubjectField, Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.i18n import _
from tongdai.ids import CallId
from web.api.ranges import must_be_there, send
from web.api.sound import archive_of, must_hear, to_hear
from web.audit import menus, people
from web.audit.doubts import checked, doubts, whys
from web.audit.legs import drawing
from web.audit.opinion import opinion_of
from web.audit.words import WAYS, player
from web.auth import allowed, viewer
from web.forms import Form, parse
from web.keys import CLOCK, DB, SETTINGS, STYLE_NONCE
from web.render import page
from web.sides import kinds, sides_of
from web.words import N_

routes = web.RouteTableDef()
REASONS = (
    N_("Xác minh nội dung phản ánh"),
    N_("Đơn vị yêu cầu cung cấp ghi âm"),
    N_("Giải quyết khiếu nại về cuộc gọi"),
    N_("Kiểm tra chất lượng phục vụ"),
)
"""What is offered; whatever is typed will do."""


class ReasonForm(Form):
    """Why somebody hears a recording."""

    reason: Annotated[str, Field(min_length=1, max_length=plays.LONGEST_REASON)]


class HeardForm(Form):
    """Seconds of sound played so far."""

    seconds: Annotated[float, Field(ge=0, le=7 * 86400)]


@routes.get("/audit/recordings/{id}")
@allowed(*access.HEARERS)
async def show(request: web.Request) -> web.Response:
    """Show one recording; nothing is heard yet."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, request.match_info["id"])
        must_hear(request, who, listed)
        context = await _about(session, who, listed)
    told = sides_of(listed)
    context |= {
        "listed": listed,
        "row": listed.recording,
        "kinds": kinds(),
        "doubts": doubts(told),
        "sides": told,
        "whys": whys(),
        "ways": WAYS,
        "catalogue": player(),
        "reasons": [_(words) for words in REASONS],
        "titles": {h.id: h.name for h in request.app[SETTINGS].hotlines},
    }
    request[STYLE_NONCE] = context["nonce"] = secrets.token_urlsafe(16)
    return page(request, "audit/recording.html", context)


@routes.post("/audit/recordings/{id}/plays")
@allowed(*access.HEARERS)
async def begin(request: web.Request) -> web.Response:
    """Take the reason for hearing; the sound is given out under the play that this begins."""
    who, form = viewer(request), parse(ReasonForm, await _said(request))
    listed = await to_hear(request, who, request.match_info["id"])
    await must_be_there(archive_of(request.app), listed.recording)
    async with request.app[DB].write() as tx:
        play = await plays.begin(tx, listed, who, how="page", reason=form.reason)
    return web.json_response({"play": play.id}, status=HTTPStatus.CREATED)


@routes.post("/audit/recordings/{id}/plays/{play}")
@allowed(*access.HEARERS)
async def heard(request: web.Request) -> web.Response:
    """Note how many seconds of sound the player has really played."""
    who, form = viewer(request), parse(HeardForm, await _said(request))
    async with request.app[DB].write() as tx:
        listed = await access.get(tx.session, who, request.match_info["id"])
        row = await plays.heard(
            tx, who, listed.recording.id, request.match_info["play"], form.seconds
        )
    return web.json_response({"heard": row.heard_seconds})


@routes.get("/audit/recordings/{id}/audio")
@allowed(*access.HEARERS)
async def sound(request: web.Request) -> web.StreamResponse:
    """Answer the sound, or a part of it, to whoever has said why."""
    who, recording_id = viewer(request), request.match_info["id"]
    listed = await to_hear(request, who, recording_id)
    async with request.app[DB].read() as session:
        now = request.app[CLOCK].now()
        await plays.running(session, who, recording_id, request.query.get("play", ""), now)
    archive = archive_of(request.app)
    await must_be_there(archive, listed.recording)
    return await send(request, archive, listed.recording)


@routes.post("/audit/recordings/{id}/proof")
@allowed(*access.HEARERS)
async def prove(request: web.Request) -> web.Response:
    """Work the archived file's digests out anew and hold them against what was sealed."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, request.match_info["id"])
        history = await audit.history(session, audit.RECORDINGS, listed.recording.id)
    must_hear(request, who, listed)
    row = listed.recording
    sealed = next((e for e in history if e.kind == "archived"), None)
    digest, good = await _proved(archive_of(request.app), row)
    good = good and sealed is not None and sealed.data.get("sha256") == row.sha256
    async with request.app[DB].write() as tx:
        await audit.append(
            tx,
            chain=audit.RECORDINGS,
            subject=row.id,
            kind="proved",
            actor=who.id,
            data={"good": good, "name": who.name, "sha256": digest},
        )
    return page(request, "audit/proof.html", {"good": good, "row": row, "digest": digest})


async def _proved(archive: Archive, row: Recording) -> tuple[str, bool]:
    """Return the sound's digest, and whether object, sound and samples are as they were sealed."""
    try:
        async with archive.sound_file(row) as path:
            digest = await asyncio.to_thread(audio.file_sha256, path)
            if row.format == "opus":  # its samples are not those that the PBX wrote
                await asyncio.to_thread(audio.frames, path)
            elif await asyncio.to_thread(audio.pcm_sha256, path) != row.pcm_sha256:
                return digest, False
        return digest, digest == row.sha256 and await archive.proves(row)
    except (OSError, SealMismatch, AudioMissing, StoredDamaged):
        return "", False


async def _said(request: web.Request) -> dict[str, Any]:
    """Return the JSON object, or the form, that was sent."""
    if request.content_type != "application/json":
        return dict(await request.post())
    try:
        said = await request.json()
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


async def _about(session: AsyncSession, who: Viewer, listed: Listed) -> dict[str, Any]:
    row, call = listed.recording, listed.call
    legs = await calls.legs(session, CallId(row.call))
    names = await people.names(
        session, {leg.operator for leg in legs} | ({call.operator} if call else set())
    )
    called = {str(t.id): t.label or t.number for t in await transfers.of_call(session, row.call)}
    every = await of_call(session, row.call)
    return {
        "call": call,
        "names": names,
        "drawing": drawing(legs, call, names, called) if call else None,
        "checked": await checked(session, row.id),
        "others": [r for r in every if r.id != row.id],
        "opinion": await opinion_of(session, row.call, every),
        "plays": await plays.page(session, PlaysWanted(recording=row.id), limit=20),
        "menu_lines": await menus.lines_of(session, row.call),
        "chosen": menus.chosen_words(call.menu if call else None),
        **await _ticket(session, who, listed.ticket),
    }


async def _ticket(session: AsyncSession, who: Viewer, ticket_id: str | None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"ticket": None, "sender": None, "field": "", "unit": ""}
    if ticket_id is None:
        return nothing
    try:
        ticket: Ticket = await ticket_access.get(session, who, ticket_id)
    except NoSuchTicket:
        return nothing
    field = await session.get(SubjectField, ticket.field_id) if ticket.field_id else None
    unit = await session.get(Unit, ticket.unit_id) if ticket.unit_id else None
    return {
        "ticket": ticket,
        "sender": ticket_access.sender(who, ticket),
        "field": field.name if field else "",
        "unit": unit.name if unit else "",
    }
