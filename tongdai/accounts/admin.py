"""Keeping the accounts (CT-13.2): made, changed, closed by the administrators of their hotlines.

An administrator reaches the accounts that hold a role at one of his hotlines, and of their roles
only those there. What belongs to the whole person (name, seat, password, being closed) is changed
only by somebody who administers every hotline of the account: else the administrator of one
hotline could become that of another by setting a password.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tongdai.accounts.held import (
    SEATED,
    USERNAME,
    Held,
    by_hotline,
    facts,
    free_extensions,
    get,
    grant_of,
    reach,
)
from tongdai.accounts.model import Grant, Role, Viewer
from tongdai.accounts.service import account_by_username
from tongdai.accounts.tables import Account, Membership, Session
from tongdai.db import Tx
from tongdai.errors import Conflict, Forbidden, Invalid
from tongdai.text import clean

Record = Callable[[Tx, str, str, Viewer, dict[str, Any]], Awaitable[object]]
"""Writes a line of the history: subject, kind, who, data."""


class AccountOfOthers(Forbidden):
    """The account works for a hotline that the asker does not administer."""

    code = "account_of_others"


class NotYourself(Conflict):
    """Nobody closes the account that he works with."""

    code = "not_yourself"


class LastAdministrator(Conflict):
    """The hotline would have no administrator left."""

    code = "last_administrator"


class AccountRefused(Invalid):
    """What was typed cannot be taken; `fields` says why."""

    code = "account_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How an account shall be; grants at hotlines out of reach are left as they are."""

    full_name: str
    language: str
    extension: str | None
    person: str | None
    grants: frozenset[Grant]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Makes and changes accounts; everything goes into the history with who and what."""

    record: Record
    seats: Collection[int]

    async def create(
        self, tx: Tx, username: str, password_hash: str, wanted: Wanted, by: Viewer
    ) -> Account:
        """Make an account.

        Raises:
            AccountRefused: `fields` says why.
            AccountOfOthers: A role at a hotline that `by` does not administer.
        """
        faults = _faults(wanted, self.seats)
        if not USERNAME.fullmatch(username):
            faults["username"] = "bad_username" if username else "required"
        elif await account_by_username(tx.session, username):
            faults["username"] = "username_taken"
        await self._refuse(tx, faults, wanted, None, by)
        account = Account(
            username=username,
            full_name=clean(wanted.full_name),
            password_hash=password_hash,
            extension=wanted.extension,
            person_id=wanted.person,
            language=wanted.language,
            must_change_password=True,
            created_at=tx.now,
        )
        tx.session.add(account)
        await _flush(tx)  # the memberships name it
        for grant in wanted.grants:
            tx.session.add(_membership(account.id, grant))
        after = facts(Held(account, wanted.grants))
        await self._record(tx, account, "account_created", by, None, after)
        return account

    async def change(self, tx: Tx, account_id: str, wanted: Wanted, by: Viewer) -> Account:
        """Change an account's name, language, seat, person and roles.

        Roles at hotlines that `by` does not administer stay; so does everything but the roles when
        there are such.

        Raises:
            NoSuchAccount: It is out of reach.
            AccountRefused: `fields` says why.
            LastAdministrator: A hotline would be without one.
        """
        held = await get(tx.session, account_id, by)
        account, before = held.account, facts(held)
        kept = frozenset(g for g in held.grants if g.hotline not in reach(by))
        after = Wanted(
            full_name=clean(wanted.full_name) if not kept else account.full_name,
            language=wanted.language if not kept else account.language,
            extension=wanted.extension if not kept else account.extension,
            person=wanted.person if not kept else account.person_id,
            grants=kept | wanted.grants,
        )
        await self._refuse(tx, _faults(after, self.seats, account.extension), wanted, account, by)
        account.full_name, account.language = after.full_name, after.language
        account.extension, account.person_id = after.extension, after.person
        await _replace(tx, account.id, held.grants, after.grants)
        await _flush(tx)  # the last administrator is looked for below
        now = facts(Held(account, after.grants))
        if now != before:
            await self._record(tx, account, "account_changed", by, before, now)
            await _keep_an_administrator(tx.session, held)
        return account

    async def set_password(self, tx: Tx, account_id: str, password_hash: str, by: Viewer) -> None:
        """Give a new password, to be replaced at the next sign-in; every session ends.

        Raises:
            NoSuchAccount: It is out of reach.
            AccountOfOthers: It works for another hotline too.
        """
        held = await self._whole(tx, account_id, by)
        held.account.password_hash = password_hash
        held.account.must_change_password = True
        await _end_sessions(tx, account_id)
        places = sorted({g.hotline for g in held.grants})
        data = {"hotlines": places, "username": held.account.username}
        await self.record(tx, account_id, "password_set", by, data)

    async def close(self, tx: Tx, account_id: str, by: Viewer) -> None:
        """Close an account: nobody signs in with it, every session ends, its seat is free.

        Raises:
            NoSuchAccount: It is out of reach.
            AccountOfOthers: It works for another hotline too.
            NotYourself: It is the asker's own.
            LastAdministrator: A hotline would be without one.
        """
        held = await self._whole(tx, account_id, by)
        if account_id == by.id:
            raise NotYourself(account=account_id)
        if not held.account.active:
            return
        before = facts(held)
        held.account.active, held.account.extension = False, None
        await _end_sessions(tx, account_id)
        await _flush(tx)  # the last administrator is looked for below
        await self._record(tx, held.account, "account_closed", by, before, facts(held))
        await _keep_an_administrator(tx.session, held)

    async def reopen(self, tx: Tx, account_id: str, by: Viewer) -> None:
        """Open a closed account again, with its password and roles; a seat is given anew.

        Raises:
            NoSuchAccount: It is out of reach.
            AccountOfOthers: It works for another hotline too.
        """
        held = await self._whole(tx, account_id, by)
        if held.account.active:
            return
        before = facts(held)
        held.account.active = True
        await self._record(tx, held.account, "account_reopened", by, before, facts(held))

    async def _whole(self, tx: Tx, account_id: str, by: Viewer) -> Held:
        held = await get(tx.session, account_id, by)
        if not held.wholly_of(by):
            raise AccountOfOthers(account=account_id)
        return held

    async def _refuse(
        self, tx: Tx, faults: dict[str, str], wanted: Wanted, account: Account | None, by: Viewer
    ) -> None:
        if any(g.hotline not in reach(by) for g in wanted.grants):
            raise AccountOfOthers
        own = account.extension if account else None
        if wanted.extension and "extension" not in faults and wanted.extension != own:
            free = await free_extensions(tx.session, self.seats)
            if wanted.extension not in free:
                faults["extension"] = "extension_taken"
        if faults:
            raise AccountRefused(fields=faults)

    async def _record(
        self,
        tx: Tx,
        account: Account,
        kind: str,
        by: Viewer,
        before: dict[str, Any] | None,
        after: dict[str, Any],
    ) -> None:
        roles = [*(before or after)["roles"], *after["roles"]]
        places = sorted({r["hotline"] for r in roles})
        data = {"hotlines": places, "before": before, "after": after}
        await self.record(tx, account.id, kind, by, data)


def _faults(wanted: Wanted, seats: Collection[int], own: str | None = None) -> dict[str, str]:
    faults = {}
    if not clean(wanted.full_name):
        faults["full_name"] = "required"
    elif len(wanted.full_name) > 120:
        faults["full_name"] = "too_long"
    if not wanted.grants:
        faults["roles"] = "role_needed"
    if wanted.extension:
        if not any(g.role in SEATED for g in wanted.grants):
            faults["extension"] = "seat_without_role"
        elif wanted.extension != own and wanted.extension not in map(str, seats):
            faults["extension"] = "not_allowed"
    return faults


async def _replace(
    tx: Tx, account_id: str, before: frozenset[Grant], after: frozenset[Grant]
) -> None:
    query = select(Membership).where(col(Membership.account_id) == account_id)
    for row in (await tx.session.execute(query)).scalars():
        if grant_of(row) not in after:
            await tx.session.delete(row)
    for grant in sorted(after - before, key=by_hotline):
        tx.session.add(_membership(account_id, grant))


async def _keep_an_administrator(session: AsyncSession, was: Held) -> None:
    """Refuse what leaves a hotline without an administrator.

    Asked after the line of history was written: who holds its chain's lock is alone, so that two
    administrators do not take each other away at once.
    """
    for grant in was.grants:
        if grant.role is not Role.ADMINISTRATOR:
            continue
        left = await session.execute(
            select(Account.id)
            .join(Membership, col(Membership.account_id) == col(Account.id))
            .where(
                col(Account.active),
                col(Membership.role) == Role.ADMINISTRATOR,
                col(Membership.hotline) == grant.hotline,
            )
            .limit(1)
        )
        if left.first() is None:
            raise LastAdministrator(hotline=grant.hotline)


async def _flush(tx: Tx) -> None:
    try:
        await tx.session.flush()
    except IntegrityError as error:  # somebody took the name or the seat in this moment
        raise Conflict from error


async def _end_sessions(tx: Tx, account_id: str) -> None:
    await tx.session.execute(delete(Session).where(col(Session.account_id) == account_id))


def _membership(account_id: str, grant: Grant) -> Membership:
    return Membership(
        account_id=account_id, hotline=grant.hotline, role=grant.role, unit_id=grant.unit
    )
