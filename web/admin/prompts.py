"""A hotline's prompts: what is said and by whom, heard, spoken by a person, taken back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from aiohttp.web_request import FileField

from ivr import voices
from ivr.flow.acts import Say
from ivr.flow.model import Flow
from ivr.heard import GROUPS, everything, group_of
from ivr.orders import RECORD
from ivr.prompt_builder import PromptError, make, prompt_in_pbx
from ivr.speech.levelling import MOST_BYTES, prompt_of
from ivr.survey_words import Level
from ivr.tables import PhoneOrder, PromptEdition
from ivr.voices import PBX, Entry
from telephony.control import Place
from tongdai.accounts.model import Role
from tongdai.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from tongdai.ids import HotlineId
from tongdai.settings import HotlineTable
from web import words
from web.admin.common import chosen_hotline, leaf, show
from web.admin.flows import FLOWBOOK, SPEAKER
from web.admin.unit_forms import text
from web.auth import allowed, viewer
from web.desk.people import account_names
from web.doors import ACTS, CONTROL
from web.keys import CLOCK, DB, SETTINGS
from web.words import N_

routes = web.RouteTableDef()
SIZE = 25
KINDS: Mapping[str, str] = {
    "greeting": N_("Lời chào"),
    "notice": N_("Báo ghi âm"),
    "step": N_("Bước"),
    "sentence": N_("Câu dùng chung"),
    "wait": N_("Câu khi chờ"),
    "survey": N_("Câu hỏi ý kiến"),
    "pbx": N_("Câu của tổng đài"),
}
TITLES: Mapping[str, str] = {
    "menus": N_("Lời chào, menu"),
    "queue": N_("Trong hàng chờ"),
    "survey": N_("Hỏi ý kiến"),
    "pbx": N_("Tổng đài tự phát"),
}
SOURCES: Mapping[str, str] = {
    "machine": N_("máy đọc"),
    "uploaded": N_("tệp tải lên"),
    "recorded": N_("thu qua điện thoại"),
}
REFUSALS: Mapping[str, str] = {
    "not_a_prompt": N_("Chưa dùng được tệp này làm lời thoại."),
    "no_sound": N_("Tệp này không phải âm thanh, hoặc không đọc được."),
    "sound_silent": N_("Tệp này không có tiếng nói."),
    "sound_too_short": N_("Bản thu ngắn quá (dưới 0,3 giây)."),
    "sound_too_long": N_("Bản thu dài quá (trên hai phút)."),
    "sound_too_large": N_("Tệp lớn quá (trên 20 MB)."),
    "no_such_prompt": N_("Không có lời thoại này, hoặc lời vừa được sửa. Hãy tải lại trang."),
    "not_reached": N_("Máy được gọi chưa nghe."),
    "busy_number": N_("Máy được gọi đang bận."),
    "no_number": N_("Không có số để gọi, hoặc số không đúng."),
    "number_not_allowed": N_("Số này không gọi được từ tổng đài."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A prompt as the page shows it.

    Attributes:
        entry: What is said.
        group: Where callers hear it (ivr.heard).
        kind: In words, with the step's id.
        source: Whose voice is heard now.
        edition: The latest edition, if there is one.
        outdated: A person has recorded it, and the words have changed since.
    """

    entry: Entry
    group: str
    kind: str
    place: str
    source: str
    edition: PromptEdition | None
    outdated: bool


@routes.get("/admin/prompts")
@allowed(Role.ADMINISTRATOR)
async def prompts(request: web.Request) -> web.StreamResponse:
    """List a hotline's prompts."""
    return await _page(request)


@routes.get("/admin/prompts/sound")
@allowed(Role.ADMINISTRATOR)
async def sound(request: web.Request) -> web.StreamResponse:
    """Let a prompt be heard as a caller hears it; what was never spoken is spoken now."""
    hotline = chosen_hotline(request)
    entry = _entry(request, hotline, request.query.get("name", ""))
    path = await _file(request, hotline, entry)
    data = await asyncio.to_thread(path.read_bytes)
    headers = {"Cache-Control": "private, no-store"}
    return web.Response(body=data, content_type="audio/wav", headers=headers)


@routes.post("/admin/prompts/upload")
@allowed(Role.ADMINISTRATOR)
async def upload(request: web.Request) -> web.StreamResponse:
    """Put a person's recording in force for the next call."""
    hotline, typed = chosen_hotline(request), await request.post()
    entry = _entry(request, hotline, text(typed, "name"))
    file = typed.get("file")
    data = b""
    if isinstance(file, FileField):
        data = await asyncio.to_thread(file.file.read, MOST_BYTES + 1)
    try:
        made = await asyncio.to_thread(prompt_of, data)
    except Invalid as refusal:
        why = words.of_code(refusal.fields["file"])
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await _page(request, trouble=why, opened=entry.name, status=status)
    await _put(request, hotline, entry, "uploaded", made)
    raise web.HTTPSeeOther(_back(request, hotline, "prompt_taken"))


@routes.post("/admin/prompts/machine")
@allowed(Role.ADMINISTRATOR)
async def machine(request: web.Request) -> web.StreamResponse:
    """Give a prompt back to the machine's voice."""
    hotline, typed = chosen_hotline(request), await request.post()
    entry = _entry(request, hotline, text(typed, "name"))
    await _put(request, hotline, entry, "machine", None)
    raise web.HTTPSeeOther(_back(request, hotline, "prompt_returned"))


@routes.post("/admin/prompts/record")
@allowed(Role.ADMINISTRATOR)
async def record(request: web.Request) -> web.StreamResponse:
    """Call a telephone at which the prompt is recorded."""
    hotline, typed, who = chosen_hotline(request), await request.post(), viewer(request)
    entry = _entry(request, hotline, text(typed, "name"))
    number = text(typed, "number") or who.extension or ""
    order = PhoneOrder(
        kind=RECORD,
        hotline=hotline.id,
        text=entry.words,
        name=entry.name,
        language=entry.language,
        at=request.app[CLOCK].now(),
        by=who.id,
    )
    async with request.app[DB].write() as tx:
        tx.session.add(order)
    control = request.app[CONTROL]
    try:
        await control.lead(who, HotlineId(hotline.id), Place.RECORD, number, order.id)
    except (Conflict, Forbidden, Invalid, Unavailable) as refusal:
        status = HTTPStatus.CONFLICT
        return await _page(request, trouble=words.of(refusal), opened=entry.name, status=status)
    raise web.HTTPSeeOther(_back(request, hotline, "prompt_calls"))


async def _page(
    request: web.Request, *, trouble: str = "", opened: str = "", status: int = HTTPStatus.OK
) -> web.Response:
    hotline = chosen_hotline(request)
    async with request.app[DB].read() as session:
        await request.app[FLOWBOOK].refresh(session)
        await request.app[SPEAKER].voices.refresh(session)
        newest = await voices.newest_of(session, hotline.id)
        people = await account_names(session, [row.by for row in newest.values()])
    rows = [_row(entry, newest.get(entry.name)) for entry in _known(request, hotline)]
    own, group = request.query.get("own") == "1", request.query.get("group", "")
    shown = [r for r in rows if r.edition and r.edition.sound] if own else rows
    if group in GROUPS:
        shown = [r for r in shown if r.group == group]
    context = {
        "hotline": hotline,
        "leaf": leaf(request, shown, SIZE),
        "own": own,
        "group": group if group in GROUPS else "",
        "groups": [(g, w, sum(r.group == g for r in rows)) for g, w in TITLES.items()],
        "titles": TITLES,
        "outdated": sum(r.outdated for r in rows),
        "persons": sum(r.source != "machine" for r in rows),
        "people": people,
        "sources": SOURCES,
        "kinds": KINDS,
        "opened": opened,
        "extension": viewer(request).extension or "",
        **({"trouble": trouble} if trouble else {}),
    }
    return show(request, "prompts.html", context, status=status)


def _row(entry: Entry, edition: PromptEdition | None) -> Row:
    kind, _, place = entry.name.partition(":")
    spoken = edition is not None and edition.sound is not None
    same = edition is not None and (edition.language, edition.words) == (
        entry.language,
        entry.words,
    )
    return Row(
        entry=entry,
        group=group_of(entry),
        kind=kind,
        place=place,
        source=edition.source if edition is not None and spoken and same else "machine",
        edition=edition,
        outdated=spoken and not same,
    )


def _known(request: web.Request, hotline: HotlineTable) -> list[Entry]:
    """Return everything that callers hear, in groups."""
    procedure = request.app[ACTS].lawbook.procedure(hotline.id)
    rating = procedure.rating if procedure else ()
    scale = tuple(Level(id=mark.id, name=mark.name) for mark in rating)
    return everything(hotline, _flow(request, hotline), scale)


def _flow(request: web.Request, hotline: HotlineTable) -> Flow | None:
    version = request.app[FLOWBOOK].versions.get(hotline.id)
    return version.flow if version and hotline.menu else None


def _entry(request: web.Request, hotline: HotlineTable, name: str) -> Entry:
    """Return a prompt by its name.

    Raises:
        NotFound: The hotline has none of that name.
    """
    for entry in _known(request, hotline):
        if entry.name == name:
            return entry
    raise NotFound("no_such_prompt")


async def _file(request: web.Request, hotline: HotlineTable, entry: Entry) -> Path:
    """Return the file that a caller hears.

    Raises:
        Unavailable: It is not there and cannot be spoken.
    """
    try:
        if not entry.name.startswith(PBX):
            said = Say(text=entry.words, language=entry.language)
            return (await request.app[SPEAKER].files(hotline, said))[0]
        name = entry.name.removeprefix(PBX)
        found = prompt_in_pbx(request.app[SETTINGS], hotline, name)
        if found is not None and not found.path.exists():
            await asyncio.to_thread(make, found)
    except PromptError as error:
        raise Unavailable from error
    if found is None:
        raise NotFound("no_such_prompt")
    return found.path


async def _put(
    request: web.Request, hotline: HotlineTable, entry: Entry, source: str, made: bytes | None
) -> None:
    async with request.app[DB].write() as tx:
        await voices.put(tx, hotline.id, entry, source=source, sound=made, by=viewer(request))
    async with request.app[DB].read() as session:
        await request.app[SPEAKER].voices.refresh(session)


def _back(request: web.Request, hotline: HotlineTable, done: str) -> str:
    page, group = request.query.get("page", ""), request.query.get("group", "")
    place = f"&page={page}" if page.isdecimal() else ""
    place += f"&group={group}" if group in GROUPS else ""
    return f"/admin/prompts?hotline={hotline.id}{place}&done={done}"
