"""Who reports: found by number, never by name alone; nobody is chosen silently."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets import search
from tickets.access import scope_of
from tickets.errors import DirectoryForbidden, NoSuchContact
from tickets.model import Checked
from tickets.tables import Contact, ContactPhone, Ticket
from tongdai import audit
from tongdai.accounts.model import SYSTEM, Role, Viewer
from tongdai.db import Tx
from tongdai.ids import HotlineId
from tongdai.phone import normalise
from tongdai.text import fold

LIVE = ("open", "answered")
_MERGERS = (Role.OPERATOR, Role.SUPERVISOR, Role.COORDINATOR, Role.ADMINISTRATOR)


async def get(session: AsyncSession, hotline: str, contact_id: str) -> Contact:
    """Return a contact of a hotline; of one that was merged, what it was merged into.

    Raises:
        NoSuchContact: The hotline has none of that id.
    """
    found = await session.get(Contact, contact_id)
    while found is not None and found.merged_into:
        found = await session.get(Contact, found.merged_into)
    if found is None or found.hotline != hotline:
        raise NoSuchContact(contact=contact_id)
    return found


async def by_number(session: AsyncSession, hotline: str, e164: str | None) -> list[Contact]:
    """Return everybody who was heard on a number, the latest first.

    A switchboard has many; a hidden caller (None) has nobody: hidden callers are not one person.
    """
    if e164 is None:
        return []
    query = (
        select(Contact)
        .join(ContactPhone, col(ContactPhone.contact_id) == col(Contact.id))
        .where(
            col(ContactPhone.hotline) == hotline,
            col(ContactPhone.e164) == e164,
            col(Contact.merged_into).is_(None),
        )
        .order_by(col(ContactPhone.last_at).desc(), col(Contact.id))
        .limit(20)
    )
    return list((await session.execute(query)).scalars())


async def phones(session: AsyncSession, contact_id: str) -> list[str]:
    """Return the numbers of a contact in E.164, the latest first."""
    query = (
        select(col(ContactPhone.e164))
        .where(col(ContactPhone.contact_id) == contact_id)
        .order_by(col(ContactPhone.last_at).desc())
    )
    return list((await session.execute(query)).scalars())


async def find(
    session: AsyncSession, hotline: str, typed: str, limit: int = 10
) -> Sequence[Contact]:
    """Return contacts by the beginning of a number, or by words of name and address."""
    digits = "".join(c for c in typed if c.isdigit())
    if digits and not any(c.isalpha() for c in typed):
        return await _by_digits(session, hotline, typed, digits, limit)
    parts = await search.hits(session, f"contact:{hotline}", typed)
    if not parts:
        return []
    newest = search.newest(parts, limit * 5)
    query = select(Contact).where(
        col(Contact.id).in_(select(newest.c.ref)), col(Contact.merged_into).is_(None)
    )
    contacts = list((await session.execute(query)).scalars())
    contacts.sort(key=lambda c: (c.created_at, c.id), reverse=True)
    return search.rank(typed, contacts, lambda c: c.name)[:limit]


async def open_tickets(
    session: AsyncSession, viewer: Viewer, hotline: str, e164: str | None, limit: int = 20
) -> list[Ticket]:
    """Return the live tickets of a number that the viewer sees, newest first."""
    return await _of_number(session, viewer, hotline, e164, LIVE, limit)


async def history(
    session: AsyncSession, viewer: Viewer, hotline: str, e164: str | None, limit: int = 20
) -> list[Ticket]:
    """Return the filed tickets of a number that the viewer sees, newest first."""
    states = (*LIVE, "closed", "rejected")
    return await _of_number(session, viewer, hotline, e164, states, limit)


async def of_contact(
    session: AsyncSession, viewer: Viewer, contact_id: str, limit: int = 20
) -> list[Ticket]:
    """Return the tickets of a contact that the viewer sees, newest first."""
    scope = await scope_of(session, viewer)
    query = (
        select(Ticket)
        .where(col(Ticket.contact_id) == contact_id)
        .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
        .limit(limit)
    )
    return [t for t in (await session.execute(query)).scalars() if scope.sees(t)]


async def duplicates(
    session: AsyncSession,
    viewer: Viewer,
    hotline: str,
    *,
    e164: str | None,
    field: str | None,
    place: str,
    but: str | None = None,
) -> list[Ticket]:
    """Return live tickets that may be about the same: same number, or same field and place."""
    same = {t.id: t for t in await open_tickets(session, viewer, hotline, e164)}
    if field and fold(place):
        query = (
            select(Ticket)
            .where(col(Ticket.hotline) == hotline, col(Ticket.field_id) == field)
            .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
            .limit(100)
        )
        scope = await scope_of(session, viewer)
        for ticket in (await session.execute(query)).scalars():
            if ticket.state in LIVE and scope.sees(ticket) and fold(ticket.place) == fold(place):
                same.setdefault(ticket.id, ticket)
    return [t for t in same.values() if t.id != but]


async def remember(tx: Tx, hotline: str, form: Checked, *, caller: str | None) -> Contact | None:
    """Return the contact of a form that is being filed, made or completed from what it says.

    The contact that the operator chose is taken. Else the one on the same number with the same
    name. Else a new one: a name alone never makes two people one.
    """
    if not form.sender_name:
        return None
    numbers = [n for n in dict.fromkeys((form.sender_e164, caller)) if n]
    chosen = await get(tx.session, hotline, form.contact) if form.contact else None
    if chosen is None:
        chosen = await _same_name(tx.session, hotline, numbers, form.sender_name)
    if chosen is None:
        chosen = await _new(tx, hotline, form)
    chosen.address = form.sender_address or chosen.address
    chosen.email = form.sender_email or chosen.email
    if form.sender_e164:
        await _heard_on(tx, chosen, form.sender_e164, tx.now)
    return chosen


async def merge(tx: Tx, keep_id: str, drop_id: str, by: Viewer) -> Contact:
    """Make one contact of two: numbers and tickets of the second go to the first.

    Raises:
        NoSuchContact: One of them is not there, or they are of different hotlines.
        DirectoryForbidden: The viewer does not work at the hotline's desk.
    """
    keep = await tx.session.get(Contact, keep_id)
    if keep is None or keep.merged_into:
        raise NoSuchContact(contact=keep_id)
    if by.id != SYSTEM.id and not by.has_any(_MERGERS, keep.hotline):
        raise DirectoryForbidden(contact=keep_id)
    drop = await get(tx.session, keep.hotline, drop_id)
    if drop.id == keep.id:
        return keep
    for number in await phones(tx.session, drop.id):
        row = await tx.session.get_one(ContactPhone, (drop.id, number))
        await _heard_on(tx, keep, number, row.last_at)
        await tx.session.delete(row)
    await tx.session.execute(
        update(Ticket).where(col(Ticket.contact_id) == drop.id).values(contact_id=keep.id)
    )
    drop.merged_into = keep.id
    keep.address, keep.email = keep.address or drop.address, keep.email or drop.email
    await audit.append(
        tx,
        chain=audit.ticket_chain(keep.hotline),
        subject=keep.id,
        kind="contacts_merged",
        actor=by.id,
        data={"merged": drop.id},
    )
    return keep


async def _of_number(
    session: AsyncSession,
    viewer: Viewer,
    hotline: str,
    e164: str | None,
    states: Sequence[str],
    limit: int,
) -> list[Ticket]:
    scope = await scope_of(session, viewer)
    if e164 is None or not scope.whole_of(hotline):
        return []
    found: dict[str, Ticket] = {}
    for column in (col(Ticket.sender_e164), col(Ticket.caller_e164)):
        query = (
            select(Ticket)
            .where(col(Ticket.hotline) == hotline, column == e164, col(Ticket.state).in_(states))
            .order_by(col(Ticket.created_at).desc(), col(Ticket.id).desc())
            .limit(limit)
        )
        found |= {t.id: t for t in (await session.execute(query)).scalars()}
    return sorted(found.values(), key=lambda t: (t.created_at, t.id), reverse=True)[:limit]


async def _by_digits(
    session: AsyncSession, hotline: str, typed: str, digits: str, limit: int
) -> list[Contact]:
    foreign = normalise(typed) if typed.strip().startswith(("+", "00")) else None
    start = foreign or "+84" + re.sub(r"^(0|84)", "", digits)
    query = (
        select(Contact)
        .join(ContactPhone, col(ContactPhone.contact_id) == col(Contact.id))
        .where(
            col(ContactPhone.hotline) == hotline,
            search.prefix(col(ContactPhone.e164), start),
            col(Contact.merged_into).is_(None),
        )
        .order_by(col(ContactPhone.e164), col(ContactPhone.last_at).desc())
        .limit(limit)
    )
    found = (await session.execute(query)).scalars()
    return list({contact.id: contact for contact in found}.values())


async def _same_name(
    session: AsyncSession, hotline: str, numbers: Sequence[str], name: str
) -> Contact | None:
    for number in numbers:
        for contact in await by_number(session, hotline, number):
            if contact.folded == fold(name):
                return contact
    return None


async def _new(tx: Tx, hotline: str, form: Checked) -> Contact:
    contact = Contact(
        hotline=HotlineId(hotline),
        kind=form.sender_kind,
        name=form.sender_name,
        folded=fold(form.sender_name),
        created_at=tx.now,
    )
    tx.session.add(contact)
    await tx.session.flush()  # its numbers name it
    await search.index(
        tx, f"contact:{hotline}", contact.id, tx.now, [form.sender_name, form.sender_address]
    )
    return contact


async def _heard_on(tx: Tx, contact: Contact, e164: str, at: datetime) -> None:
    row = await tx.session.get(ContactPhone, (contact.id, e164))
    if row is None:
        row = ContactPhone(contact_id=contact.id, e164=e164, hotline=contact.hotline, last_at=at)
        tx.session.add(row)
    row.last_at = max(row.last_at, at)
