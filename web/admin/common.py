"""What every page of the administration needs: whose hotlines, the look, the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from escalation.acts import Acts
from tickets.tables import Unit
from tongdai.accounts.held import reach
from tongdai.errors import Forbidden, Refusal
from tongdai.settings import HotlineTable
from tongdai.text import fold
from web import words
from web.admin.words import DONE
from web.auth import viewer
from web.doors import ACTS
from web.keys import SETTINGS
from web.render import page
from web.words import N_

SECTIONS = (
    ("/admin", N_("Tổng quan")),
    ("/admin/accounts", N_("Tài khoản")),
    ("/admin/units", N_("Đơn vị, con người")),
    ("/admin/fields", N_("Lĩnh vực")),
    ("/admin/messages", N_("Mẫu tin nhắn")),
    ("/admin/procedure", N_("Quy chế")),
    ("/admin/calendar", N_("Lịch làm việc")),
    ("/admin/flows", N_("Lời chào, menu")),
    ("/admin/prompts", N_("Lời thoại")),
    ("/admin/changes", N_("Nhật ký thay đổi")),
)
SHOWN = 40
"""Lines of a page of a list."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A page of a list: what stands on it, and where to go on.

    Attributes:
        items: What stands on this page.
        number: This page's number, from 1.
        pages: How many there are.
        total: How many items there are.
    """

    items: Sequence[Any]
    number: int
    pages: int
    total: int


def my_hotlines(request: web.Request) -> list[HotlineTable]:
    """Return the hotlines that the viewer administers, in the settings' order."""
    mine = reach(viewer(request))
    return [h for h in request.app[SETTINGS].hotlines if h.id in mine]


def chosen_hotline(request: web.Request) -> HotlineTable:
    """Return the hotline that the address names, else the viewer's first.

    Raises:
        Forbidden: He does not administer it, or the settings do not know any of his.
    """
    mine, named = my_hotlines(request), request.query.get("hotline", "")
    found = [h for h in mine if not named or h.id == named]
    if not found:
        raise Forbidden("no_such_hotline", hotline=named)
    return found[0]


def must_reach(request: web.Request, hotline: str) -> None:
    """Refuse what belongs to a hotline that the viewer does not administer.

    Raises:
        Forbidden: It does.
    """
    if hotline not in reach(viewer(request)):
        raise Forbidden("no_such_hotline", hotline=hotline)


def show(
    request: web.Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """Return a page of the administration."""
    here = max((p for p, _ in SECTIONS if request.path.startswith(p)), key=len)
    everything = {
        "sections": SECTIONS,
        "section": here,
        "hotlines": [(h.id, h.name) for h in my_hotlines(request)],
        "names": {h.id: h.name for h in request.app[SETTINGS].hotlines},
        "done": DONE.get(request.query.get("done", ""), ""),
        "faults": {},
        "trouble": "",
        **(context or {}),
    }
    return page(request, f"admin/{template}", everything, status=status)


def law(request: web.Request) -> Acts:
    """Return the law."""
    return request.app[ACTS]


def faults_in_words(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the faults of a form as its template shows them."""
    return {name: words.of_code(code) for name, code in fields.items()}


def trouble(refusal: Refusal) -> str:
    """Return the words for a refusal that is shown above a form."""
    return words.of(refusal)


def leaf(request: web.Request, items: Sequence[T], size: int = SHOWN) -> Leaf:
    """Return the page of a list that the address asks for; beyond the end: the last one."""
    pages = max(1, -(-len(items) // size))
    typed = request.query.get("page", "1")
    number = min(max(1, int(typed) if typed.isdecimal() and len(typed) < 7 else 1), pages)
    shown = items[(number - 1) * size : number * size]
    return Leaf(items=shown, number=number, pages=pages, total=len(items))


def unit_label(unit: Unit) -> str:
    """Return how a unit is written in a field with suggestions: its name and its code."""
    return f"{unit.name} ({unit.code})"


def unit_meant(units: Sequence[Unit], typed: str) -> tuple[Unit | None, str]:
    """Return the unit that was typed (label, code, or name without diacritics), or the fault."""
    key = fold(typed)
    found = [u for u in units if key == fold(unit_label(u)) or key == u.code]
    found = found or [u for u in units if key == fold(u.name)]
    if not found:
        found = [u for u in units if key in u.folded]
    if len(found) == 1:
        return found[0], ""
    return None, "unit_ambiguous" if found else "unit_unknown"
