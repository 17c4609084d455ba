"""What the desk's forms do; every act goes through the law's one door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from escalation.act import Act, parse_act
from escalation.errors import ActRefused
from tickets import notes
from tongdai.accounts.model import OF_UNIT, Role
from tongdai.errors import Conflict, Forbidden, Invalid
from web import words
from web.auth import allowed, viewer
from web.desk.forms import (
    AnswerForm,
    DoingForm,
    ExtensionForm,
    ReferForm,
    WishForm,
    WordsForm,
)
from web.desk.people import TICKET
from web.desk.requests import ExtensionWish
from web.desk.views import ticket_page
from web.doors import ACTS, FILES
from web.forms import parse
from web.keys import DB
from web.middleware.errors import status_of

routes = web.RouteTableDef()

Typed = MultiDictProxy[str | bytes | bytearray | FileField]


@dataclass(frozen=True, slots=True)
class _Upload:
    name: str
    data: bytes


@routes.post("/desk/tickets/{ticket}/answer")
@allowed(*TICKET)
async def answer(request: web.Request) -> web.StreamResponse:
    """Enter the written reply: its text, and its number or the document (CT-9.1.2c)."""

    async def act(typed: Typed) -> None:
        form, upload = parse(AnswerForm, typed), _upload(typed)
        reply = Act(
            event="answered",
            text=form.text or None,
            document_number=form.document_number or None,
        )
        await _perform(request, reply, upload)

    return await done(request, "answer", act)


@routes.post("/desk/tickets/{ticket}/wish")
@allowed(Role.FOCAL_POINT)
async def wish(request: web.Request) -> web.StreamResponse:
    """Ask for the one extension with its letter; an operator enters it (CT-9.1.2d)."""

    async def act(typed: Typed) -> None:
        form, upload = parse(WishForm, typed), _upload(typed)
        if upload is None:
            raise Invalid(fields={"file": "letter_missing"})
        asked = ExtensionWish(
            document=form.document,
            document_date=form.document_date,
            until=form.until,
            reason=form.reason,
        )
        await _noted(request, "extension_request", asked.as_text(), upload)

    return await done(request, "wish", act)


@routes.post("/desk/tickets/{ticket}/extend")
@allowed(*TICKET)
async def extend(request: web.Request) -> web.StreamResponse:
    """Enter the extension on the strength of the letter (CT-9.1.2d: the operator's act)."""

    async def act(typed: Typed) -> None:
        form = parse(ExtensionForm, typed)
        entered = Act(
            event="extended",
            until=form.until,
            document=form.document or None,
            document_date=form.document_date,
            reason=form.reason or None,
        )
        await _perform(request, entered, _upload(typed))

    return await done(request, "extend", act)


@routes.post("/desk/tickets/{ticket}/not-ours")
@allowed(*OF_UNIT)
async def not_ours(request: web.Request) -> web.StreamResponse:
    """Ask for another unit; the clock goes on until somebody decides (A-CT-15)."""

    async def act(typed: Typed) -> None:
        await _noted(request, "reroute_request", parse(WordsForm, typed).text)

    return await done(request, "not-ours", act)


@routes.post("/desk/tickets/{ticket}/refer")
@allowed(*TICKET)
async def refer(request: web.Request) -> web.StreamResponse:
    """Refer to another unit (CT-15B.3, A-CT-15)."""

    async def act(typed: Typed) -> None:
        form = parse(ReferForm, typed)
        await _perform(
            request,
            Act(
                event="referred",
                unit_id=form.unit_id or None,
                until=form.until,
                reason=form.reason or None,
            ),
        )

    return await done(request, "refer", act)


@routes.post("/desk/tickets/{ticket}/acts/{event}")
@allowed(*TICKET)
async def other(request: web.Request) -> web.StreamResponse:
    """Do any other act of the ticket's procedure; who may is the procedure's to say."""
    event = request.match_info["event"]

    async def act(typed: Typed) -> None:
        form = parse(DoingForm, typed)
        filled = {name: value for name, value in form.model_dump().items() if value}
        await _perform(request, parse_act({"event": event, **filled}))

    return await done(request, event, act)


@routes.post("/desk/tickets/{ticket}/note")
@allowed(*TICKET)
async def note(request: web.Request) -> web.StreamResponse:
    """Write a remark beside the ticket (CT-7.1)."""

    async def act(typed: Typed) -> None:
        await _noted(request, "note", parse(WordsForm, typed).text)

    return await done(request, "note", act)


async def done(
    request: web.Request, form: str, act: Callable[[Typed], Awaitable[None]]
) -> web.StreamResponse:
    """Do it and go back to the ticket, or show the page again with what was typed and why not."""
    typed = await request.post()
    kept = {name: value for name, value in typed.items() if isinstance(value, str)}
    try:
        await act(typed)
    except Invalid as refusal:
        faults = {name: words.of_code(_code(name, code)) for name, code in refusal.fields.items()}
        return await ticket_page(
            request,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            form=form,
            typed=kept,
            faults=faults,
            note=words.of(refusal),
        )
    except (Conflict, Forbidden) as refusal:
        why = refusal.why if isinstance(refusal, ActRefused) else ""
        return await ticket_page(
            request, status=status_of(refusal), form=form, typed=kept, note=why or words.of(refusal)
        )
    raise web.HTTPSeeOther(f"/desk/tickets/{request.match_info['ticket']}?done={form}")


async def _perform(request: web.Request, act: Act, upload: _Upload | None = None) -> None:
    """Do an act, its file with it in one transaction; a refusal is written into the history."""
    ticket, who, acts = request.match_info["ticket"], viewer(request), request.app[ACTS]
    if upload is not None:
        try:
            async with request.app[DB].write() as tx:
                file = await request.app[FILES].attach(tx, ticket, upload.name, upload.data, who)
                await acts.perform(tx, ticket, replace(act, attachment_id=file.id), who)
        except ActRefused:
            pass  # asked once more below, without the file, so that the refusal is written down
        else:
            return
    await acts.do(request.app[DB], ticket, act, who)


async def _noted(
    request: web.Request, kind: notes.Kind, text: str, upload: _Upload | None = None
) -> None:
    ticket, who = request.match_info["ticket"], viewer(request)
    async with request.app[DB].write() as tx:
        if upload is not None:
            await request.app[FILES].attach(tx, ticket, upload.name, upload.data, who)
        await notes.add(tx, ticket, kind=kind, text=text, by=who)


def _upload(typed: Typed) -> _Upload | None:
    """Return the chosen file; a browser sends an empty one when none was chosen."""
    field: Any = typed.get("file")
    if not isinstance(field, FileField) or not field.filename:
        return None
    return _Upload(field.filename, field.file.read())


def _code(name: str, code: str) -> str:
    """Say of a written reply that its number or the file will do (CT-9.1.2c)."""
    if code == "missing":
        return "required"
    return "document_missing" if (name, code) == ("document_number", "required") else code
