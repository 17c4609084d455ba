"""/admin/accounts: who may sign in, as what, at which telephone (CT-13.2)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import units as directory
from tickets.tables import Person, Unit
from tongdai.accounts import held as accounts
from tongdai.accounts.admin import AccountRefused, Keeper, Wanted
from tongdai.accounts.held import Held
from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Refusal
from tongdai.ids import AccountId
from web.admin.account_form import AccountForm, RoleLine
from web.admin.common import (
    faults_in_words,
    leaf,
    my_hotlines,
    show,
    trouble,
    unit_label,
)
from web.admin.words import ROLES
from web.auth import allowed, viewer
from web.doors import OPERATORS
from web.keys import ACCOUNTS, CLOCK, DB, SETTINGS
from web.record import record

routes = web.RouteTableDef()


@routes.get("/admin/accounts")
@allowed(Role.ADMINISTRATOR)
async def listed(request: web.Request) -> web.StreamResponse:
    """List the accounts of the viewer's hotlines; found without diacritics."""
    query, who = request.query, viewer(request)
    mine = [h.id for h in my_hotlines(request)]
    role = query.get("role", "")
    state = query.get("state", "open")
    async with request.app[DB].read() as session:
        found = await accounts.find(
            session,
            who,
            typed=query.get("q", "")[:120],
            hotline=query["hotline"] if query.get("hotline") in mine else None,
            role=Role(role) if role in ROLES else None,
            active={"closed": False, "all": None}.get(state, True),
        )
        shown = leaf(request, found)
        units = await _units_of(session, shown.items)
    typed = {name: query.get(name, "") for name in ("q", "hotline", "role", "state")}
    context = {"leaf": shown, "mine": mine, "units": units, "typed": typed, "roles": ROLES}
    return show(request, "accounts.html", context)


@routes.get("/admin/accounts/new")
@allowed(Role.ADMINISTRATOR)
async def new(request: web.Request) -> web.StreamResponse:
    """Show an empty form, or one for a person of the directory (`?person=`)."""
    form = AccountForm()
    async with request.app[DB].read() as session:
        person = await _person(request, session, request.query.get("person", ""))
        if person is not None:
            unit = await directory.unit(session, person.unit_id)
            line = RoleLine(hotline=unit.hotline, role=person.role, unit=unit_label(unit))
            form = AccountForm(full_name=person.name, person=person.id, lines=[line])
        return await _form_page(request, session, form)


@routes.post("/admin/accounts/new")
@allowed(Role.ADMINISTRATOR)
async def create(request: web.Request) -> web.StreamResponse:
    """Make an account and tell its password once."""
    form, who = AccountForm.of(dict(await request.post())), viewer(request)
    password = accounts.new_password()
    hashed = request.app[ACCOUNTS].hash_password(password)
    try:
        async with request.app[DB].write() as tx:
            wanted = form.wanted(await _all_units(request, tx.session))
            await _check_person(request, tx.session, form)
            account = await _keeper(request).create(tx, form.username, hashed, wanted, who)
            _refuse(form.faults)
    except Refusal as refusal:
        return await _again(request, form, refusal)
    context = {"username": account.username, "password": password, "account": account, "new": True}
    return show(request, "password.html", context)


@routes.get("/admin/accounts/{account}")
@allowed(Role.ADMINISTRATOR)
async def one(request: web.Request) -> web.StreamResponse:
    """Show an account."""
    async with request.app[DB].read() as session:
        held = await accounts.get(session, request.match_info["account"], viewer(request))
        mine = [h.id for h in my_hotlines(request)]
        form = AccountForm.of_account(held, mine, await _units_of(session, [held]))
        return await _form_page(request, session, form, held)


@routes.post("/admin/accounts/{account}")
@allowed(Role.ADMINISTRATOR)
async def change(request: web.Request) -> web.StreamResponse:
    """Change name, language, seat, person and roles."""
    form, who = AccountForm.of(dict(await request.post())), viewer(request)
    account_id = request.match_info["account"]
    try:
        async with request.app[DB].write() as tx:
            before = await accounts.get(tx.session, account_id, who)
            seat = before.account.extension
            wanted = form.wanted(await _all_units(request, tx.session))
            await _check_person(request, tx.session, form)
            changed = await _keeper(request).change(tx, account_id, wanted, who)
            _refuse(form.faults)
    except Refusal as refusal:
        return await _again(request, form, refusal, account_id)
    request.app[ACCOUNTS].forget(account_id)
    if changed.extension != seat or not _takes_calls(wanted, before, who):
        await _sign_off(request, account_id)
    raise web.HTTPSeeOther(f"/admin/accounts/{account_id}?done=saved")


@routes.post("/admin/accounts/{account}/password")
@allowed(Role.ADMINISTRATOR)
async def set_password(request: web.Request) -> web.StreamResponse:
    """Give a new password, tell it once, end the account's sessions."""
    account_id, password = request.match_info["account"], accounts.new_password()
    hashed = request.app[ACCOUNTS].hash_password(password)
    async with request.app[DB].write() as tx:
        await _keeper(request).set_password(tx, account_id, hashed, viewer(request))
        held = await accounts.get(tx.session, account_id, viewer(request))
    request.app[ACCOUNTS].forget(account_id)
    account = held.account
    context = {"username": account.username, "password": password, "account": account, "new": False}
    return show(request, "password.html", context)


@routes.post("/admin/accounts/{account}/close")
@allowed(Role.ADMINISTRATOR)
async def close(request: web.Request) -> web.StreamResponse:
    """Close an account: its sessions end, its operator leaves the queues."""
    account_id = request.match_info["account"]
    try:
        async with request.app[DB].write() as tx:
            await _keeper(request).close(tx, account_id, viewer(request))
    except Refusal as refusal:
        return await _again(request, None, refusal, account_id)
    request.app[ACCOUNTS].forget(account_id)
    left = await _sign_off(request, account_id)
    done = "closed" if left else "closed_in_call"
    raise web.HTTPSeeOther(f"/admin/accounts/{account_id}?done={done}")


@routes.post("/admin/accounts/{account}/reopen")
@allowed(Role.ADMINISTRATOR)
async def reopen(request: web.Request) -> web.StreamResponse:
    """Open a closed account again."""
    account_id = request.match_info["account"]
    async with request.app[DB].write() as tx:
        await _keeper(request).reopen(tx, account_id, viewer(request))
    request.app[ACCOUNTS].forget(account_id)
    raise web.HTTPSeeOther(f"/admin/accounts/{account_id}?done=reopened")


def _keeper(request: web.Request) -> Keeper:
    return Keeper(record, request.app[SETTINGS].seats.extensions)


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise AccountRefused(fields=dict(faults))


def _takes_calls(wanted: Wanted, before: Held, who: Viewer) -> bool:
    """Say whether an operator is in the same queues as before, as far as the viewer sees."""
    seated = {g for g in wanted.grants if g.role in accounts.SEATED}
    return seated == {g for g in before.within(accounts.reach(who)) if g.role in accounts.SEATED}


async def _sign_off(request: web.Request, account_id: str) -> bool:
    """Take an operator out of the queues; False when a call keeps him there."""
    operators = request.app[OPERATORS]
    if operators.get(AccountId(account_id)) is None:
        return True
    with suppress(Refusal):
        await operators.sign_off(AccountId(account_id))
        return True
    return False


async def _again(
    request: web.Request, form: AccountForm | None, refusal: Refusal, account_id: str | None = None
) -> web.Response:
    """Return the form with what was typed and why it was not taken."""
    async with request.app[DB].read() as session:
        held = await accounts.get(session, account_id, viewer(request)) if account_id else None
        if form is None and held is not None:
            mine = [h.id for h in my_hotlines(request)]
            form = AccountForm.of_account(held, mine, await _units_of(session, [held]))
        form = form or AccountForm()
        if isinstance(refusal, AccountRefused):
            form.faults = {**refusal.fields, **form.faults}
            if any("-" in name for name in form.faults):  # the lines of roles say it themselves
                form.faults.pop("roles", None)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await _form_page(request, session, form, held, trouble(refusal), status)


async def _form_page(
    request: web.Request,
    session: AsyncSession,
    form: AccountForm,
    held: Held | None = None,
    why: str = "",
    status: int = HTTPStatus.OK,
) -> web.Response:
    all_units = await _all_units(request, session)
    own = held.account.extension if held else None
    seats = await accounts.free_extensions(
        session, request.app[SETTINGS].seats.extensions, form.extension or own
    )
    mine = list(all_units)
    context: dict[str, Any] = {
        "form": form,
        "held": held,
        "whole": held is None or held.wholly_of(viewer(request)),
        "mine": mine,
        "others": [g for g in held.grants if g.hotline not in mine] if held else [],
        "unit_labels": [(h, unit_label(u)) for h, units in all_units.items() for u in units],
        "seats": seats,
        "people": await _people(request, session, form, held),
        "roles": ROLES,
        "trouble": why,
        "faults": faults_in_words(form.faults),
    }
    return show(request, "account.html", context, status=status)


async def _all_units(request: web.Request, session: AsyncSession) -> dict[str, list[Unit]]:
    now = request.app[CLOCK].now()
    return {h.id: await directory.tree(session, h.id, now) for h in my_hotlines(request)}


async def _units_of(session: AsyncSession, some: Sequence[Held]) -> dict[str, Unit]:
    ids = sorted({g.unit for held in some for g in held.grants if g.unit})
    query = select(Unit).where(col(Unit.id).in_(ids))
    return {u.id: u for u in (await session.execute(query)).scalars()} if ids else {}


async def _people(
    request: web.Request, session: AsyncSession, form: AccountForm, held: Held | None
) -> list[tuple[str, str]]:
    """Return who the account may belong to: people in office in its units, and who it is now."""
    now, found = request.app[CLOCK].now(), {}
    for unit_id in sorted({g.unit for g in held.grants if g.unit}) if held else ():
        for person in await directory.of_unit(session, unit_id, now):
            found[person.id] = person
    chosen = await _person(request, session, form.person)
    if chosen is not None:
        found[chosen.id] = chosen
    return [(p.id, f"{p.name}, {p.title}" if p.title else p.name) for p in found.values()]


async def _person(request: web.Request, session: AsyncSession, person_id: str) -> Person | None:
    person = await session.get(Person, person_id) if person_id else None
    mine = [h.id for h in my_hotlines(request)]
    return person if person is not None and person.hotline in mine else None


async def _check_person(request: web.Request, session: AsyncSession, form: AccountForm) -> None:
    if form.person and await _person(request, session, form.person) is None:
        form.faults["person"] = "no_such_person"
