"""/admin/messages: a hotline's words for each purpose and language, with what they would cost."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, get_args

from aiohttp import web

from sms import texts, wording
from sms.preview import Preview, preview
from tongdai.accounts.model import Role
from tongdai.errors import Invalid, NotFound
from tongdai.i18n import LANGUAGES
from tongdai.settings import HotlineTable
from tongdai.settings_sms import Network
from tongdai.text import clean
from web.admin.common import chosen_hotline, faults_in_words, show
from web.auth import allowed, viewer
from web.desk.words import PURPOSES
from web.keys import DB, SETTINGS

routes = web.RouteTableDef()

_NUMBER = "0912345678"
NETWORKS: tuple[str, ...] = get_args(Network)


@routes.get("/admin/messages")
@allowed(Role.ADMINISTRATOR)
async def listed(request: web.Request) -> web.StreamResponse:
    """List the purposes with the words in use."""
    hotline = chosen_hotline(request)
    async with request.app[DB].read() as session:
        own = {(r.template, r.language): r for r in await wording.of_hotline(session, hotline.id)}
    lines = [
        (
            template,
            language,
            own.get((template, language)),
            _seen(request, hotline, template, language, own),
        )
        for template in texts.VARIABLES
        for language in LANGUAGES
    ]
    return show(
        request,
        "wordings.html",
        {"hotline": hotline, "lines": lines, "purposes": PURPOSES, "program": texts.shipped},
    )


@routes.get("/admin/messages/{template}/{language}")
@allowed(Role.ADMINISTRATOR)
async def one(request: web.Request) -> web.StreamResponse:
    """Show the words of one purpose, and what they would be on a telephone."""
    hotline, (template, language) = chosen_hotline(request), _which(request)
    async with request.app[DB].read() as session:
        rows = await wording.of_hotline(session, hotline.id)
    row = next((r for r in rows if (r.template, r.language) == (template, language)), None)
    words = row.text if row else texts.shipped(template, language)
    return _page(request, hotline, words, row.networks if row else [], own=row is not None)


@routes.post("/admin/messages/{template}/{language}")
@allowed(Role.ADMINISTRATOR)
async def change(request: web.Request) -> web.StreamResponse:
    """Keep other words."""
    hotline, (template, language) = chosen_hotline(request), _which(request)
    form = await request.post()
    words, networks = _words(form), _networks(form)
    try:
        async with request.app[DB].write() as tx:
            await wording.save(
                tx,
                hotline.id,
                template,
                language,
                words=words,
                networks=networks,
                by=viewer(request),
            )
    except Invalid as refusal:
        return _page(request, hotline, words, networks, refusal)
    raise web.HTTPSeeOther(f"/admin/messages?hotline={hotline.id}&done=saved")


@routes.post("/admin/messages/{template}/{language}/program")
@allowed(Role.ADMINISTRATOR)
async def back(request: web.Request) -> web.StreamResponse:
    """Go back to the program's own words."""
    hotline, (template, language) = chosen_hotline(request), _which(request)
    async with request.app[DB].write() as tx:
        await wording.reset(tx, hotline.id, template, language, by=viewer(request))
    raise web.HTTPSeeOther(f"/admin/messages?hotline={hotline.id}&done=saved")


@routes.post("/admin/messages/{template}/{language}/preview")
@allowed(Role.ADMINISTRATOR)
async def look(request: web.Request) -> web.StreamResponse:
    """Answer what the typed words would be; nothing is kept."""
    hotline, form = chosen_hotline(request), await request.post()
    context = _preview_context(request, hotline, _words(form), _networks(form))
    return show(request, "wording_preview.html", context)


def _page(
    request: web.Request,
    hotline: HotlineTable,
    words: str,
    networks: list[str],
    refusal: Invalid | None = None,
    *,
    own: bool = False,
) -> web.Response:
    template, language = _which(request)
    context = {
        "hotline": hotline,
        "template": template,
        "language_of": language,
        "words": words,
        "own": own,
        "networks": [(n, n in networks) for n in NETWORKS],
        "variables": list(texts.VARIABLES[template].items()),
        "purposes": PURPOSES,
        "faults": faults_in_words(refusal.fields) if refusal else {},
        **_preview_context(request, hotline, words, networks),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return show(request, "wording.html", context, status=status)


def _preview_context(
    request: web.Request, hotline: HotlineTable, words: str, networks: list[str]
) -> dict[str, Any]:
    template, language = _which(request)
    wrong = wording.fault(template, words)
    seen = None if wrong else _render(request, hotline, template, language, words, networks)
    return {"seen": seen, "wrong": faults_in_words({"text": wrong})["text"] if wrong else ""}


def _seen(
    request: web.Request, hotline: HotlineTable, template: str, language: str, own: dict[Any, Any]
) -> Preview:
    row = own.get((template, language))
    words, networks = (row.text, row.networks) if row else (None, [])
    return _render(request, hotline, template, language, words, networks)


def _render(
    request: web.Request,
    hotline: HotlineTable,
    template: str,
    language: str,
    words: str | None,
    networks: list[str],
) -> Preview:
    return preview(
        request.app[SETTINGS],
        hotline,
        to=_NUMBER,
        template=template,
        language=language,
        own=words,
        registered=networks,
    )


def _networks(form: Mapping[str, object]) -> list[str]:
    return [name for name in NETWORKS if f"network-{name}" in form]


def _words(form: Mapping[str, object]) -> str:
    return clean(str(form.get("text", "")))


def _which(request: web.Request) -> tuple[str, str]:
    template, language = request.match_info["template"], request.match_info["language"]
    if template not in texts.VARIABLES or language not in LANGUAGES:
        raise NotFound("no_such_wording")
    return template, language
