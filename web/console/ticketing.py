"""The ticket form at work: opened by hand, kept while typed, filed, thrown away."""

from dataclasses import replace
from typing import Any

from aiohttp import BodyPartReader, web

from escalation.act import Act
from tickets import access, attachments, drafts
from tickets.errors import FormIncomplete
from tickets.model import Channel, TicketForm, TicketState
from tickets.tables import Ticket
from tongdai.accounts.model import Role
from tongdai.db import Tx
from tongdai.errors import Invalid
from web.auth import allowed, viewer
from web.console.ticket_view import ticket_json
from web.doors import ACTS, FILES
from web.forms import Form, parse, said
from web.keys import CLOCK, DB

routes = web.RouteTableDef()


class OpenForm(Form):
    """A ticket that comes in otherwise than by this call."""

    hotline: str
    channel: Channel


class DraftForm(Form):
    """What is typed so far."""

    form: dict[str, str]
    revision: int | None = None


class FileForm(Form):
    """The whole form and what becomes of it."""

    form: dict[str, str]
    event: str


@routes.post("/console/tickets")
@allowed(Role.OPERATOR)
async def open_blank(request: web.Request) -> web.StreamResponse:
    """Open a form without a call (CT-5.5, CT-8.1)."""
    form, who = parse(OpenForm, await said(request)), viewer(request)
    async with request.app[DB].write() as tx:
        ticket = await drafts.open_blank(tx, hotline=form.hotline, channel=form.channel, by=who)
        body = await ticket_json(tx.session, ticket, who, tx.now)
    return web.json_response(body)


@routes.get("/console/tickets")
@allowed(Role.OPERATOR)
async def mine(request: web.Request) -> web.StreamResponse:
    """Return the viewer's unfinished forms."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        found = await drafts.mine(session, who)
        items = [await ticket_json(session, t, who, request.app[CLOCK].now()) for t in found]
    return web.json_response({"items": items})


@routes.get("/console/tickets/{ticket}")
@allowed(Role.OPERATOR)
async def read(request: web.Request) -> web.StreamResponse:
    """Return a ticket."""
    who = viewer(request)
    async with request.app[DB].read() as session:
        ticket = await access.get(session, who, request.match_info["ticket"])
        body = await ticket_json(session, ticket, who, request.app[CLOCK].now())
    return web.json_response(body)


@routes.put("/console/tickets/{ticket}/draft")
@allowed(Role.OPERATOR)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep what is typed, whatever it is."""
    typed, who = parse(DraftForm, await said(request)), viewer(request)
    async with request.app[DB].write() as tx:
        draft = await drafts.save(
            tx,
            request.match_info["ticket"],
            TicketForm.of(typed.form),
            who,
            revision=typed.revision,
        )
        body = {"revision": draft.revision, "at": tx.now.isoformat()}
    return web.json_response(body)


@routes.delete("/console/tickets/{ticket}")
@allowed(Role.OPERATOR)
async def discard(request: web.Request) -> web.StreamResponse:
    """Throw a form away."""
    async with request.app[DB].write() as tx:
        await drafts.discard(tx, request.match_info["ticket"], viewer(request))
    return web.Response(status=204)


@routes.post("/console/tickets/{ticket}/file")
@allowed(Role.OPERATOR)
async def file(request: web.Request) -> web.StreamResponse:
    """File the ticket and answer it, refer it or refuse it (CT-9.1.1, CT-9.1.2b, CT-8.2).

    Asked again after the answer was lost, it says what became of the ticket.
    """
    sent, who = parse(FileForm, await said(request)), viewer(request)
    async with request.app[DB].write() as tx:
        ticket = await access.get(tx.session, who, request.match_info["ticket"])
        if ticket.state == TicketState.DRAFT:
            await _file(request, tx, ticket, sent)
        await tx.session.flush()  # what is shown below is what was written
        body = await ticket_json(tx.session, ticket, who, tx.now)
    return web.json_response(body)


@routes.post("/console/tickets/{ticket}/files")
@allowed(Role.OPERATOR)
async def attach(request: web.Request) -> web.StreamResponse:
    """Add pictures, sounds, videos or PDFs (CT-6.4); one file a part."""
    who, ticket_id = viewer(request), request.match_info["ticket"]
    found: list[tuple[str, bytes]] = [
        (part.filename, bytes(await part.read(decode=True)))
        async for part in await request.multipart()
        if isinstance(part, BodyPartReader) and part.filename
    ]
    async with request.app[DB].write() as tx:
        for name, data in found:
            await request.app[FILES].attach(tx, ticket_id, name, data, who)
        await tx.session.flush()  # the list below has them
        files = await attachments.of_ticket(tx.session, ticket_id)
        items = [{"id": f.id, "name": f.name, "bytes": f.bytes} for f in files]
    return web.json_response({"files": items})


async def _file(request: web.Request, tx: Tx, ticket: Ticket, sent: FileForm) -> None:
    law, who = request.app[ACTS], viewer(request)
    form = TicketForm.of(sent.form)
    act = _act(sent)
    faults = _faults(act)
    if act.event == "rejected":
        if faults:
            raise FormIncomplete(fields=faults, ticket=ticket.id)
        await drafts.save(tx, ticket.id, form, who)
        await law.perform(tx, ticket.id, act, who)
        return
    faults |= form.errors(law.lawbook.form_rules(ticket.hotline))
    if faults:
        raise FormIncomplete(fields=faults, ticket=ticket.id)
    if act.event != "answered_directly":
        form = replace(form, direct_answer="")
    await law.file(tx, ticket.id, form, who)
    if act.event == "referred" and act.event not in await law.allowed(tx.session, ticket.id, who):
        return  # HN-7.2: the unit that was chosen receives it first, and assigns it itself
    await law.perform(tx, ticket.id, act, who)


def _act(sent: FileForm) -> Act:
    def typed(name: str) -> str | None:
        return sent.form.get(name, "").strip() or None

    match sent.event:
        case "answered_directly":
            return Act(event="answered_directly", text=typed("direct_answer"))
        case "referred":
            return Act(event="referred", unit_id=typed("unit"), person_id=typed("person"))
        case "rejected":
            return Act(
                event="rejected",
                ground=typed("ground"),
                reason=typed("reason"),
                guidance=typed("guidance"),
            )
        case _:
            raise Invalid("act_unreadable", fields={"event": "not_known"})


def _faults(act: Act) -> dict[str, str]:
    """Return what the act itself lacks, by the name of the input."""
    needed: dict[str, Any] = {
        "answered_directly": {"direct_answer": act.text},
        "referred": {"unit": act.unit_id},
        "rejected": {"ground": act.ground, "guidance": act.guidance},
    }[act.event]
    return {name: "required" for name, value in needed.items() if not value}
