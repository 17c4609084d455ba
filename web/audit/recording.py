"""/audit/recordings/{id}: hear one recording, see its call, prove its seal."""

import asyncio
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from telephony.calls import store as calls
from telephony.recordings import access, audio
from telephony.recordings.archive import Archive
from telephony.recordings.errors import AudioMissing, SealMismatch, StoredDamaged
from telephony.recordings.store import Listed, of_call
from telephony.recordings.tables import Recording
from telephony.transfers import store as transfers
from tickets import access as ticket_access
from tickets.errors import NoSuchTicket
from tickets.tables import SubjectField, Ticket, Unit
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.ids import CallId, new_id
from web.api.sound import archive_of, play
from web.audit import people
from web.audit.find import kinds
from web.audit.legs import drawing
from web.audit.plays import PLAYS
from web.auth import allowed, viewer
from web.keys import DB, SETTINGS
from web.render import page

routes = web.RouteTableDef()


@routes.get("/audit/recordings/{id}")
@allowed(*access.HEARERS)
async def show(request: web.Request) -> web.Response:
    """Show one recording; nothing is heard yet."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, request.match_info["id"])
        access.must_hear(who, listed)
        context = await _about(session, who, listed)
    context |= {
        "listed": listed,
        "row": listed.recording,
        "play": new_id(),
        "kinds": kinds(),
        "titles": {h.id: h.name for h in request.app[SETTINGS].hotlines},
    }
    return page(request, "audit/recording.html", context)


@routes.get("/audit/recordings/{id}/audio")
@allowed(*access.HEARERS)
async def sound(request: web.Request) -> web.StreamResponse:
    """Answer the sound, or a part of it; the first request of a play is noted."""
    recording_id, name = request.match_info["id"], request.query.get("play", "")[:64]
    plays, account = request.app[PLAYS], viewer(request).id
    is_new = plays.is_new(account, recording_id, name)
    answer = await play(request, recording_id, how="page", log=is_new)
    plays.noted(account, recording_id, name)
    return answer


@routes.post("/audit/recordings/{id}/plays")
@allowed(*access.HEARERS)
async def again(request: web.Request) -> web.Response:
    """Note that a recording is heard once more from what the browser has kept."""
    who = viewer(request)
    async with request.app[DB].write() as tx:
        listed = await access.get(tx.session, who, request.match_info["id"])
        access.must_hear(who, listed)
        await access.log_play(tx, listed, who, how="page", span="again")
    return web.json_response({"noted": True})


@routes.post("/audit/recordings/{id}/proof")
@allowed(*access.HEARERS)
async def prove(request: web.Request) -> web.Response:
    """Work the archived file's digests out anew and hold them against what was sealed."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        listed = await access.get(session, who, request.match_info["id"])
        history = await audit.history(session, audit.RECORDINGS, listed.recording.id)
    access.must_hear(who, listed)
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


async def _about(session: AsyncSession, who: Viewer, listed: Listed) -> dict[str, Any]:
    row, call = listed.recording, listed.call
    legs = await calls.legs(session, CallId(row.call))
    names = await people.names(
        session, {leg.operator for leg in legs} | ({call.operator} if call else set())
    )
    called = {str(t.id): t.label or t.number for t in await transfers.of_call(session, row.call)}
    return {
        "call": call,
        "names": names,
        "drawing": drawing(legs, call, names, called) if call else None,
        "others": [r for r in await of_call(session, row.call) if r.id != row.id],
        "plays": await access.plays(session, recording=row.id, limit=20),
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
