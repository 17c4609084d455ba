"""Pages from templates: autoescaped, strict about names, in the reader's language and time."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from jinja2.bccache import Bucket

from tongdai import i18n
from tongdai.accounts.model import Role, Viewer
from tongdai.clock import HCM
from tongdai.phone import national
from web.assets_index import Assets
from web.keys import CSRF, SESSION, SETTINGS, VIEWER
from web.lengths import clock
from web.words import N_

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = web.AppKey("assets", Assets)
_DAYS = (
    N_("thứ hai"),
    N_("thứ ba"),
    N_("thứ tư"),
    N_("thứ năm"),
    N_("thứ sáu"),
    N_("thứ bảy"),
    N_("chủ nhật"),
)


class _Compiled(jinja2.BytecodeCache):
    """Compiled templates, once a process: a node has several applications, tests have many."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of this very text; the bucket refuses it when the text changed."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def setup(app: web.Application, assets: Assets) -> None:
    """Give `app` its template environment.

    A package of pages keeps its templates in web/templates/<package>/.
    """
    app[ASSETS] = assets
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        bytecode_cache=_COMPILED,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension's
        i18n._, i18n.ngettext, newstyle=True
    )
    environment.filters |= {
        "moment": moment,
        "clock_time": clock_time,
        "sound_length": clock,
        "day": day,
        "until": until,
        "national": lambda number: national(number) if number else "",
    }
    environment.globals |= {"asset": assets.url, "Role": Role, "languages": i18n.LANGUAGES}


def page(
    request: web.Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """Return a page.

    Args:
        request: Whose page.
        template: Path below web/templates.
        context: Names for the template, besides viewer, csrf, language, path, settings.
        status: HTTP status.
    """
    everything = {
        "viewer": request.get(VIEWER),
        "csrf": request.get(CSRF, ""),
        "language": i18n.language(),
        "path": request.path,
        "settings": request.app[SETTINGS],
        "landing": landing(request.get(VIEWER)),
        "places": places(request.get(VIEWER)),
        "place_here": _nearest(request.path, places(request.get(VIEWER))),
        **(context or {}),
    }
    response = aiohttp_jinja2.render_template(template, request, everything, status=status)
    if SESSION not in request and CSRF in request and "csrf" not in request.cookies:
        response.set_cookie("csrf", request[CSRF], httponly=True, samesite="Strict", path="/")
    return response


_PLACES: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("/console", N_("Bàn trực"), (Role.OPERATOR,)),
    ("/floor", N_("Điều hành ca trực"), (Role.SUPERVISOR,)),
    (
        "/desk",
        N_("Xử lý phiếu"),
        (
            Role.FOCAL_POINT,
            Role.UNIT_HEAD,
            Role.COORDINATOR,
            Role.ONE_STOP,
            Role.CITY_OFFICE,
            Role.LEADERSHIP,
        ),
    ),
    (
        "/desk/requests",
        N_("Đề nghị của đơn vị"),
        (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR, Role.CITY_OFFICE),
    ),
    ("/messages", N_("Tin nhắn"), (Role.SUPERVISOR, Role.ADMINISTRATOR)),
    ("/audit", N_("Ghi âm"), (Role.AUDITOR, Role.SUPERVISOR)),
    ("/audit/retention", N_("Thời hạn ghi âm"), (Role.ADMINISTRATOR,)),
    ("/admin", N_("Quản trị"), (Role.ADMINISTRATOR,)),
)


def places(viewer: Viewer | None) -> list[tuple[str, str]]:
    """Return the pages that `viewer` may open: address and name, in order of the work."""
    if viewer is None:
        return []
    return [(path, name) for path, name, roles in _PLACES if viewer.has_any(roles)]


def _nearest(path: str, found: list[tuple[str, str]]) -> str:
    """Return the address of the one page of `found` that `path` is, or lies below; or nothing."""
    above = [href for href, _name in found if f"{path}/".startswith(f"{href}/")]
    return max(above, key=len, default="")


def landing(viewer: Viewer | None) -> str:
    """Return where `viewer` begins."""
    found = places(viewer)
    return found[0][0] if found else "/"


def moment(at: datetime | None) -> str:
    """Return 14:05 25/11/2026, in Vietnam's time; empty for None."""
    return f"{at.astimezone(HCM):%H:%M %d/%m/%Y}" if at else ""


def clock_time(at: datetime | None) -> str:
    """Return 14:05:09, in Vietnam's time; empty for None."""
    return f"{at.astimezone(HCM):%H:%M:%S}" if at else ""


def day(at: datetime | None) -> str:
    """Return 25/11/2026, in Vietnam's time; empty for None."""
    return f"{at.astimezone(HCM):%d/%m/%Y}" if at else ""


def until(at: datetime | None) -> str:
    """Return a due time as it is read aloud: 16:05 thứ năm, 26/11/2026; empty for None."""
    if at is None:
        return ""
    local = at.astimezone(HCM)
    return f"{local:%H:%M} {i18n._(_DAYS[local.weekday()])}, {local:%d/%m/%Y}"
