"""/admin/changes: who changed what and when, newest first, from the chain that nobody rewrites."""

from collections.abc import Collection, Iterator
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.tables import Person, SubjectField, Unit
from tongdai import audit
from tongdai.accounts.held import reach
from tongdai.accounts.model import Role
from tongdai.accounts.tables import Account
from tongdai.audit import AuditEntry
from web.admin.common import SHOWN, my_hotlines, show
from web.admin.sentences import Names, differences, sentence
from web.auth import allowed, viewer
from web.keys import DB

routes = web.RouteTableDef()
_BATCH = 200


@routes.get("/admin/changes")
@allowed(Role.ADMINISTRATOR)
async def listed(request: web.Request) -> web.StreamResponse:
    """List the changes at the viewer's hotlines; `?subject=` about one thing alone."""
    typed = request.query.get("before", "")
    before = int(typed) if typed.isdecimal() and len(typed) < 16 else None
    subject = request.query.get("subject", "")[:64]
    mine = reach(viewer(request))
    async with request.app[DB].read() as session:
        found = await _page(session, mine, before, subject)
        shown = found[:SHOWN]
        names = await names_for(session, shown, {h.id: h.name for h in my_hotlines(request)})
    lines = [(e, names.actor(e.actor), sentence(e, names), differences(e, names)) for e in shown]
    context = {
        "lines": lines,
        "following": shown[-1].seq if len(found) > SHOWN else None,
        "first": before is None,
        "subject": subject,
    }
    return show(request, "changes.html", context)


async def _page(
    session: AsyncSession, mine: Collection[str], before: int | None, subject: str
) -> list[AuditEntry]:
    """Return one line more than a page has; the chain is read in batches until there are so many.

    Whose hotline a line is about lies in its data, which no portable condition reads.
    """
    found: list[AuditEntry] = []
    while len(found) <= SHOWN:
        query = select(AuditEntry).where(col(AuditEntry.chain) == audit.ADMINISTRATION)
        if before is not None:
            query = query.where(col(AuditEntry.seq) < before)
        if subject:
            query = query.where(col(AuditEntry.subject) == subject)
        query = query.order_by(col(AuditEntry.seq).desc()).limit(_BATCH)
        batch = list((await session.execute(query)).scalars())
        found += [e for e in batch if about(e) & set(mine)]
        if len(batch) < _BATCH:
            break
        before = batch[-1].seq
    return found[: SHOWN + 1]


def about(entry: AuditEntry) -> set[str]:
    """Return the hotlines that a line is about."""
    data = entry.data
    places = {data["hotline"]} if "hotline" in data else set(data.get("hotlines", ()))
    return places or {entry.subject}


async def names_for(
    session: AsyncSession, entries: Collection[AuditEntry], hotlines: dict[str, str]
) -> Names:
    """Return the names of everything that the lines speak of."""
    ids = {e.subject for e in entries} | {e.actor for e in entries}
    for entry in entries:
        ids |= set(_texts(entry.data))
    wanted = sorted(i for i in ids if len(i) == 32)
    return Names(
        hotlines=hotlines,
        accounts=await _names(session, Account, Account.full_name, wanted),
        units=await _names(session, Unit, Unit.name, wanted),
        people=await _names(session, Person, Person.name, wanted),
        fields=await _names(session, SubjectField, SubjectField.name, wanted),
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


async def _names(session: AsyncSession, of: type[Any], name: Any, ids: list[str]) -> dict[str, str]:
    query = select(of.id, name).where(col(of.id).in_(ids))
    return dict((await session.execute(query)).tuples().all()) if ids else {}
