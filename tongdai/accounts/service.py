"""Signing in, sessions, tokens, and who somebody is."""

import asyncio
import hashlib
import secrets
from datetime import timedelta
from functools import cache, partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tongdai.accounts.events import AccountChanged
from tongdai.accounts.model import EVERY_UNIT, OF_UNIT, Grant, Role, Viewer
from tongdai.accounts.tables import Account, ApiToken, LoginFailure, Membership, Session
from tongdai.clock import Clock
from tongdai.db import Database, Tx
from tongdai.errors import Forbidden
from tongdai.ids import AccountId, HotlineId, PersonId, UnitId
from tongdai.settings import WebTable

Found = tuple[Session, Viewer]
_SEEN_EVERY = timedelta(minutes=1)
PATIENCE_SECONDS = 1.0
"""How long a request of somebody who is signed in waits for a database that does not answer."""


class LoginRefused(Forbidden):
    """Wrong name or password; which of the two is not said."""

    code = "login_refused"


class LoginThrottled(Forbidden):
    """Too many failures for this account or from this address; wait."""

    code = "login_throttled"


class Accounts:
    """The accounts of the installation; sessions and throttling run on real time.

    Sessions are cached, so that a database that is away does not sign anybody out.
    """

    def __init__(
        self, db: Database, clock: Clock, web: WebTable, hotlines: tuple[str, ...]
    ) -> None:
        self._db = db
        self._clock = clock
        self._web = web
        self._hotlines = hotlines
        self._hasher = PasswordHasher()
        self._cache: dict[str, Found] = {}
        self._loading: dict[str, asyncio.Task[Found | None]] = {}
        db.bus.on(AccountChanged, lambda event: self._drop(event.account))

    def hash_password(self, password: str) -> str:
        """Return the argon2id hash of a password."""
        return self._hasher.hash(password)

    async def sign_in(self, username: str, password: str, address: str) -> tuple[str, Session]:
        """Open a session.

        Returns:
            The cookie's value (known to nobody else) and the session.

        Raises:
            LoginThrottled: Too many failures of late.
            LoginRefused: Wrong name or password, or the account is closed.
        """
        account = await self.proved(username, password, address)
        token, now = secrets.token_urlsafe(32), self._clock.now()
        session = Session(
            token_hash=_digest(token),
            account_id=account.id,
            csrf=secrets.token_urlsafe(24),
            address=address,
            created_at=now,
            seen_at=now,
        )
        async with self._db.write() as tx:
            tx.session.add(session)
            await tx.session.execute(
                delete(LoginFailure).where(col(LoginFailure.username) == username)
            )
        return token, session

    async def proved(self, username: str, password: str, address: str) -> Account:
        """Return the open account whose password this is; a failure is counted.

        Raises:
            LoginThrottled: Too many failures of late.
            LoginRefused: Wrong name or password, or the account is closed.
        """
        async with self._db.write() as tx:
            await self._refuse_when_throttled(tx, username, address)
            account = await account_by_username(tx.session, username)
        # argon2 takes some 50 ms by design: the event loop goes on meanwhile
        good = await asyncio.to_thread(self._verifies, account, password)
        if account is not None and good and account.active:
            return account
        async with self._db.write() as tx:
            tx.session.add(
                LoginFailure(username=username[:64], address=address, at=self._clock.now())
            )
        raise LoginRefused

    async def by_cookie(self, token: str) -> Found | None:
        """Return the session of a cookie and who it is, or None when it has run out."""
        key = _digest(token)
        now = self._clock.now()
        cached = self._cache.get(key)
        if cached and not self._alive(cached[0]):
            cached = None
        if cached and now - cached[0].seen_at < _SEEN_EVERY:
            return cached
        loading = self._load_again(key)
        await asyncio.wait({loading}, timeout=PATIENCE_SECONDS if cached else None)
        if cached and (not loading.done() or loading.exception()):
            return cached  # the database is away: who was signed in stays so
        return await asyncio.shield(loading)

    async def sign_out(self, token: str) -> None:
        """End the session of a cookie, at every node."""
        known = self._cache.pop(_digest(token), None)
        self._loading.pop(_digest(token), None)
        async with self._db.write() as tx:
            await tx.session.execute(
                delete(Session).where(col(Session.token_hash) == _digest(token))
            )
        if known is not None:
            self.forget(known[0].account_id)

    def forget(self, account_id: str) -> None:
        """Drop cached sessions of an account whose roles or password changed, at every node."""
        self._db.bus.publish(AccountChanged(account=AccountId(account_id)))

    def _drop(self, account_id: AccountId) -> None:
        self._cache = {k: v for k, v in self._cache.items() if v[0].account_id != account_id}
        self._loading.clear()

    async def by_token(self, token: str) -> Viewer | None:
        """Return who an API token stands for, or None."""
        async with self._db.read() as session:
            row = (
                await session.execute(
                    select(ApiToken).where(
                        col(ApiToken.token_hash) == _digest(token),
                        col(ApiToken.revoked_at).is_(None),
                    )
                )
            ).scalar_one_or_none()
        if row is None:
            return None
        places = (row.hotline,) if row.hotline else self._hotlines
        unit = EVERY_UNIT if row.role in OF_UNIT else None
        grants = frozenset(
            Grant(hotline=HotlineId(h), role=Role(row.role), unit=unit) for h in places
        )
        return Viewer(id=AccountId(f"token:{row.id}"), name=f"API {row.role}", grants=grants)

    def _load_again(self, key: str) -> "asyncio.Task[Found | None]":
        """Return the task that reads a session anew; one at a time, whoever asks for it."""
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key))
            loading.add_done_callback(partial(self._loaded, key))
        return loading

    def _loaded(self, key: str, loading: "asyncio.Task[Found | None]") -> None:
        """Keep what was read, unless the session was ended or forgotten meanwhile."""
        failed = loading.cancelled() or loading.exception() is not None
        if self._loading.get(key) is not loading:
            return
        del self._loading[key]
        if failed:
            return
        found = loading.result()
        if found is None:
            self._cache.pop(key, None)
        else:
            self._cache[key] = found

    async def _load(self, key: str) -> Found | None:
        async with self._db.write() as tx:
            session = await tx.session.get(Session, key)
            if session is None:
                return None
            account = await tx.session.get(Account, session.account_id)
            if account is None or not account.active or not self._alive(session):
                await tx.session.delete(session)
                return None
            session.seen_at = self._clock.now()
            return session, await viewer_of(tx.session, account)

    def _alive(self, session: Session) -> bool:
        now = self._clock.now()
        return now - session.created_at < timedelta(
            hours=self._web.session_hours
        ) and now - session.seen_at < timedelta(minutes=self._web.idle_minutes)

    def _verifies(self, account: Account | None, password: str) -> bool:
        # an unknown name costs as much time as a wrong password, so that names cannot be told apart
        known = account.password_hash if account else _nobody()
        try:
            return self._hasher.verify(known, password) and account is not None
        except (VerificationError, InvalidHashError):
            return False

    async def _refuse_when_throttled(self, tx: Tx, username: str, address: str) -> None:
        since = self._clock.now() - timedelta(minutes=self._web.login_window_minutes)
        await tx.session.execute(delete(LoginFailure).where(col(LoginFailure.at) < since))
        by_name = await _count(tx.session, col(LoginFailure.username) == username)
        by_address = await _count(tx.session, col(LoginFailure.address) == address)
        if by_name >= self._web.login_tries or by_address >= self._web.login_tries * 10:
            raise LoginThrottled(None, minutes=int(self._web.login_window_minutes))


async def account_by_username(session: AsyncSession, username: str) -> Account | None:
    """Return the account of that name."""
    return (
        await session.execute(select(Account).where(col(Account.username) == username))
    ).scalar_one_or_none()


async def viewer_of(session: AsyncSession, account: Account) -> Viewer:
    """Return what an account is at each hotline."""
    rows = (
        await session.execute(select(Membership).where(col(Membership.account_id) == account.id))
    ).scalars()
    grants = frozenset(
        Grant(
            hotline=HotlineId(m.hotline),
            role=Role(m.role),
            unit=UnitId(m.unit_id) if m.unit_id else None,
        )
        for m in rows
    )
    return Viewer(
        id=AccountId(account.id),
        name=account.full_name,
        grants=grants,
        person=PersonId(account.person_id) if account.person_id else None,
        extension=account.extension,
        language=account.language,
        must_change_password=account.must_change_password,
    )


async def create_token(tx: Tx, role: Role, hotline: str | None) -> str:
    """Make an API token; return its text, which is kept nowhere."""
    token = "t1022_" + secrets.token_urlsafe(32)
    tx.session.add(
        ApiToken(token_hash=_digest(token), role=role, hotline=hotline, created_at=tx.now)
    )
    return token


async def _count(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    return int(
        (
            await session.execute(select(func.count()).select_from(LoginFailure).where(condition))
        ).scalar_one()
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _nobody() -> str:
    """Return a hash that no password fits; made when first asked for, for it takes its time."""
    return PasswordHasher().hash(secrets.token_urlsafe(16))
