"""Sample data of all hotlines: units, fictional people, fields, contacts and accounts.

docs/sample.md tells what each telephone number does. Numbers begin with 0892: a part of the
numbering plan that is assigned to nobody (VIETNAM.md section 2).
"""

import base64
import hashlib
import hmac
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlmodel import SQLModel, col, select

from tickets import contacts, units
from tickets.model import PLAIN, TicketForm
from tickets.tables import Person, SubjectField, Unit
from tongdai import audit
from tongdai.accounts.model import SYSTEM, Role
from tongdai.accounts.tables import Account, Membership
from tongdai.db import Database, Tx
from tongdai.settings import Settings
from tongdai.text import fold

FOLDER = Path(__file__).parent / "sample"
REFORM = datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
"""1/7/2025 in Hồ Chí Minh City: the units are those after the reorganisation."""

_ORDER = ("can-tho", "gia-lai", "tay-ninh", "hoa-binh", "ha-noi")
_STAFF = {Role.FOCAL_POINT: "", Role.UNIT_HEAD: ".head"}
"""Roles in a unit, and what their accounts' names end in."""

_SEATED = 5
"""Extensions a hotline takes of the pool: four operators and a supervisor."""

_HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
"""Quick: these passwords are 60 random bits, which nobody guesses, and there are hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAccount:
    """One account with its demonstration password."""

    hotline: str
    role: str
    username: str
    password: str
    full_name: str
    extension: str | None = None
    unit: str | None = None
    """Code of the unit, for focal points and heads."""
    phone: str | None = None
    """The number that rings, for people of the directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """What was there or was made: the accounts, and how much was added by this run."""

    accounts: tuple[SampleAccount, ...]
    added: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return `accounts` (each with its roles: hotline and role) and `added`, as JSON values."""
        accounts = []
        for account in self.accounts:
            values = {name: value for name, value in asdict(account).items() if value is not None}
            held = {"hotline": values.pop("hotline"), "role": values.pop("role")}
            accounts.append(values | {"roles": [held]})
        return {"accounts": accounts, "added": self.added}

    def by_hotline(self) -> dict[str, dict[str, list[SampleAccount]]]:
        """Return hotline -> role -> accounts."""
        told: dict[str, dict[str, list[SampleAccount]]] = {}
        for account in self.accounts:
            told.setdefault(account.hotline, {}).setdefault(account.role, []).append(account)
        return told

    def as_lines(self) -> list[str]:
        """Return what a person wants to know: what was added, and the first account of a role."""
        lines = [f"{hotline}: {count} rows added" for hotline, count in self.added.items()]
        for roles in self.by_hotline().values():
            lines += [f"{some[0].username}  {some[0].password}" for some in roles.values()]
        return lines


async def load(db: Database, settings: Settings, now: datetime) -> SampleReport:
    """Add what is missing of the sample data; what is there already is left as it is.

    Args:
        db: A migrated database.
        settings: The hotlines; those without sample data get none. The seats' key makes the
            demonstration passwords, so that a second run reports the same.
        now: The moment that is written as the time of making.
    """
    accounts: list[SampleAccount] = []
    added: dict[str, int] = {}
    for hotline in settings.hotlines:
        path = _directory(settings, hotline.id)
        if path is not None:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            async with db.write() as tx:
                loader = _Loader(tx, settings, hotline.id, now)
                accounts += await loader.load(data)
            added[hotline.id] = loader.added
    return SampleReport(accounts=tuple(accounts), added=added)


def _directory(settings: Settings, hotline: str) -> Path | None:
    own = settings.law.folder
    folders = (*((own / "directory",) if own else ()), FOLDER)
    return next((f for folder in folders if (f := folder / f"{hotline}.toml").is_file()), None)


def password_of(settings: Settings, username: str) -> str:
    """Return an account's demonstration password: `k3tm-9xqa-27bd`, of the seats' key."""
    key = settings.seats.key.get_secret_value().encode()
    digest = hmac.new(key, f"sample-{username}".encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest)[:12].decode().lower()
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


class _Loader:
    """Adds one hotline's sample data inside one transaction; rows name each other by id."""

    def __init__(self, tx: Tx, settings: Settings, hotline: str, now: datetime) -> None:
        self._tx = tx
        self._settings = settings
        self._hotline = hotline
        self._now = now
        self._since = min(REFORM, now)
        self._units: dict[str, Unit] = {}
        self._people: list[Person] = []
        self._accounts: dict[str, Account] = {}
        self._extensions: set[str | None] = set()
        self._told: list[SampleAccount] = []
        self.added = 0

    async def load(self, data: dict[str, list[dict[str, Any]]]) -> list[SampleAccount]:
        await self._read()
        fresh = [given for given in data["unit"] if given["code"] not in self._units]
        contacts_wanted = not self._units
        await self._add([self._unit(given) for given in fresh])
        staff = [self._person(given, role) for given in fresh for role in _STAFF if role in given]
        officials = [given for given in data["official"] if self._official(given) is None]
        await self._add([*staff, *(self._person(given, None) for given in officials)])
        await self._add(await self._fields(data["field"]))
        for given in data["contact"] if contacts_wanted else ():
            form = TicketForm.of({f"sender_{name}": value for name, value in given.items()})
            await contacts.remember(self._tx, self._hotline, form.checked(PLAIN), caller=None)
        await self._all_accounts(data)
        if self.added:
            await audit.append(
                self._tx,
                chain=audit.ADMINISTRATION,
                subject=self._hotline,
                kind="sample_loaded",
                actor=SYSTEM.id,
                data={"added": self.added},
            )
        return self._told

    async def _read(self) -> None:
        session, here = self._tx.session, self._hotline
        found = (await session.execute(select(Unit).where(col(Unit.hotline) == here))).scalars()
        self._units = {unit.code: unit for unit in found}
        people = select(Person).where(col(Person.hotline) == here, *units.active(self._now))
        self._people = list((await session.execute(people)).scalars())
        accounts = list((await session.execute(select(Account))).scalars())
        self._accounts = {account.username: account for account in accounts}
        self._extensions = {account.extension for account in accounts}

    def _unit(self, given: Mapping[str, Any]) -> Unit:
        unit = units.new_unit(
            self._hotline,
            code=given["code"],
            name=given["name"],
            kind=given["kind"],
            valid_from=self._since,
            aliases=given.get("aliases", []),
        )
        unit.handling_unit = given.get("handling", True)
        unit.parent_id = self._units[given["parent"]].id if "parent" in given else None
        self._units[unit.code] = unit
        return unit

    def _person(self, given: Mapping[str, Any], role: str | None) -> Person:
        """Build a unit's person in a role, or (None) an official, who names the unit."""
        one = given[role] if role else given
        person = units.new_person(
            self._units[given["code"] if role else given["unit"]],
            name=one["name"],
            role=role or given["role"],
            active_from=self._since,
            phone=one["phone"],
            mobile=one["phone"],
            title=one["title"],
        )
        person.email = one.get("email", "")
        self._people.append(person)
        return person

    async def _fields(self, given: Sequence[Mapping[str, Any]]) -> list[SubjectField]:
        query = select(col(SubjectField.code)).where(col(SubjectField.hotline) == self._hotline)
        known = set((await self._tx.session.execute(query)).scalars())
        return [
            SubjectField(
                hotline=self._hotline,
                code=one["code"],
                name=one["name"],
                keywords=one.get("keywords", ""),
                folded=fold(f"{one['name']} {one.get('keywords', '')}"),
                unit_id=self._units[one["unit"]].id,
                type=one.get("type"),
                position=position,
            )
            for position, one in enumerate(given)
            if one["code"] not in known
        ]

    async def _all_accounts(self, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        here, seats = self._hotline, self._seats()
        made = [
            self._account(f"{here}.operator{n + 1}", Role.OPERATOR, one["name"], seat=seats[n])
            for n, one in enumerate(data["operator"])
        ]
        for one in data["staff"]:
            role = Role(one["role"])
            seat = seats[-1] if role is Role.SUPERVISOR else None
            made.append(self._account(f"{here}.{role}", role, one["name"], seat=seat))
        for given in data["official"]:
            count = sum(told.role == given["role"] for told in self._told)
            username = f"{here}.{given['role']}{count + 1 if count else ''}"
            official, role = self._official(given), Role(given["role"])
            made.append(self._account(username, role, given["name"], person=official))
        for given in data["unit"]:
            for role, tail in _STAFF.items():
                person = self._holder(given["code"], role)
                if role in given and person is not None:
                    username = f"{here}.{given['code']}{tail}"
                    made.append(self._account(username, role, person.name, person=person))
        await self._add([account for account, _ in made if account])
        self._tx.session.add_all([member for account, member in made if account])

    def _account(
        self,
        username: str,
        role: Role,
        name: str,
        *,
        seat: str | None = None,
        person: Person | None = None,
    ) -> tuple[Account | None, Membership]:
        """Return an account that is not there yet (else None) and what it is; tell of it."""
        password, new = password_of(self._settings, username), None
        account = self._accounts.get(username)
        if account is None:
            account = new = Account(
                username=username,
                full_name=name,
                password_hash=_HASHER.hash(password),
                extension=None if seat in self._extensions else seat,
                person_id=person.id if person else None,
                created_at=self._now,
            )
        unit = next((u for u in self._units.values() if person and u.id == person.unit_id), None)
        member = Membership(account_id=account.id, hotline=self._hotline, role=role)
        member.unit_id = unit.id if unit and role in _STAFF else None
        self._told.append(
            SampleAccount(
                hotline=self._hotline,
                role=role,
                username=username,
                password=password,
                full_name=account.full_name,
                extension=account.extension,
                unit=unit.code if unit else None,
                phone=person.phone if person else None,
            )
        )
        return new, member

    def _seats(self) -> list[str | None]:
        pool = [str(extension) for extension in self._settings.seats.extensions]
        others = [h.id for h in self._settings.hotlines if h.id not in _ORDER]
        first = [*_ORDER, *others].index(self._hotline) * _SEATED
        return [*pool[first : first + _SEATED], *[None] * _SEATED][:_SEATED]

    def _official(self, given: Mapping[str, Any]) -> Person | None:
        same = (p for p in self._people if p.role == given["role"] and p.name == given["name"])
        return next(same, None)

    def _holder(self, unit: str, role: str) -> Person | None:
        mine = [p for p in self._people if p.unit_id == self._units[unit].id and p.role == role]
        return max(mine, key=lambda p: p.active_from, default=None)

    async def _add(self, rows: Sequence[SQLModel]) -> None:
        self._tx.session.add_all(rows)
        await self._tx.session.flush()  # what comes next names these
        self.added += len(rows)
