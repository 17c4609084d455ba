"""What a person does with the own account: another password, another language."""

from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import col, select

from tongdai.accounts.admin import Record
from tongdai.accounts.model import Viewer
from tongdai.accounts.service import Accounts, LoginRefused
from tongdai.accounts.tables import Account, Membership, Session
from tongdai.db import Database
from tongdai.errors import Invalid, NotFound
from tongdai.i18n import LANGUAGES


class PasswordRefused(Invalid):
    """The password is not changed; `fields` says why."""

    code = "password_refused"


@dataclass(frozen=True, slots=True)
class Own:
    """Changes the asker's own account; nobody else's can be named."""

    db: Database
    accounts: Accounts
    password_least: int
    record: Record

    async def change_password(
        self, who: Viewer, current: str, new: str, *, session: str, address: str
    ) -> None:
        """Replace the password; every other session of the account ends.

        Args:
            who: The person.
            current: The password that there is; a wrong one counts as a failed sign-in.
            new: The one that shall be.
            session: Hash of the session that stays.
            address: Whence the request came.

        Raises:
            PasswordRefused: The current one is wrong, the new one too short or the same.
            LoginThrottled: Too many wrong ones of late.
        """
        async with self.db.read() as reading:
            account = await reading.get(Account, who.id)
        if account is None:
            raise NotFound("no_such_account")
        faults = {}
        if len(new) < self.password_least:
            faults["new"] = "password_too_short"
        elif new == current:
            faults["new"] = "password_same"
        try:
            await self.accounts.proved(account.username, current, address)
        except LoginRefused:
            faults["current"] = "password_wrong"
        if faults:
            raise PasswordRefused(fields=faults)
        await self._replace(account, self.accounts.hash_password(new), who, session)
        self.accounts.forget(account.id)

    async def choose_language(self, who: Viewer, language: str) -> None:
        """Let the pages speak another language to this person; an unknown one changes nothing."""
        if language not in LANGUAGES or language == who.language:
            return
        async with self.db.write() as tx:
            account = await tx.session.get(Account, who.id)
            if account is not None:
                account.language = language
        self.accounts.forget(who.id)

    async def _replace(self, account: Account, hashed: str, who: Viewer, session: str) -> None:
        async with self.db.write() as tx:
            row = await tx.session.get_one(Account, account.id)
            row.password_hash, row.must_change_password = hashed, False
            others = delete(Session).where(
                col(Session.account_id) == row.id, col(Session.token_hash) != session
            )
            await tx.session.execute(others)
            places = select(Membership.hotline).where(col(Membership.account_id) == row.id)
            hotlines = sorted(set((await tx.session.execute(places)).scalars()))
            data = {"hotlines": hotlines, "username": row.username}
            await self.record(tx, row.id, "password_changed", who, data)
