"""Sample data of all hotlines: units, fictional people, fields, contacts and accounts.

docs/sample.md tells what each telephone number does. Numbers begin with 0892: a part of the
numbering plan that is assigned to nobody (VIETNAM.md section 2).
"""

import base64
import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, TypeVar

from argon2 import PasswordHasher
from sqlmodel import col, select

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

_HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
"""Quick: these passwords are 60 random bits, which nobody guesses, and there are hundreds."""

T = TypeVar("T", Unit, Person, SubjectField, Account)


class _UnitToml(TypedDict, total=False):
    code: str
    name: str
    kind: str
    parent: str
    aliases: list[str]
    handling: bool
    focal_point: dict[str, str]
    unit_head: dict[str, str]


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

    def as_dict(self) -> dict[str, dict[str, list[dict[str, str]]]]:
        """Return hotline -> role -> accounts, as JSON values; what is None is left out."""
        told: dict[str, dict[str, list[dict[str, str]]]] = {}
        for account in self.accounts:
            values = {name: value for name, value in asdict(account).items() if value is not None}
            by_role = told.setdefault(values.pop("hotline"), {})
            by_role.setdefault(values.pop("role"), []).append(values)
        return told


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
        path = FOLDER / f"{hotline.id}.toml"
        if path.is_file():
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            async with db.write() as tx:
                loader = _Loader(tx, settings, hotline.id, now)
                accounts += await loader.load(data)
            added[hotline.id] = loader.added
    return SampleReport(accounts=tuple(accounts), added=added)


def password_of(settings: Settings, username: str) -> str:
    """Return an account's demonstration password: `k3tm-9xqa-27bd`, of the seats' key."""
    key = settings.seats.key.get_secret_value().encode()
    digest = hmac.new(key, f"sample-{username}".encode(), hashlib.sha256).digest()
    text = base64.b32encode(digest)[:12].decode().lower()
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


class _Loader:
    """Adds one hotline's sample data inside one transaction."""

    def __init__(self, tx: Tx, settings: Settings, hotline: str, now: datetime) -> None:
        self._tx = tx
        self._settings = settings
        self._hotline = hotline
        self._now = now
        self._since = min(REFORM, now)
        self._units: dict[str, Unit] = {}
        self._told: list[SampleAccount] = []
        self.added = 0

    async def load(self, data: dict[str, list[dict[str, str]]]) -> list[SampleAccount]:
        rows = await self._tx.session.execute(
            select(Unit).where(col(Unit.hotline) == self._hotline)
        )
        self._units = {unit.code: unit for unit in rows.scalars()}
        fresh = not self._units
        for given in data["unit"]:
            await self._unit(given)  # type: ignore[arg-type]
        await self._fields(data["field"])
        for contact in data["contact"] if fresh else ():
            await self._contact(contact)
        await self._desk(data)
        for given in data["official"]:
            await self._official(given)
        for given in data["unit"]:
            await self._unit_accounts(given)  # type: ignore[arg-type]
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

    async def _unit(self, given: _UnitToml) -> None:
        if given["code"] in self._units:
            return
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
        self._units[unit.code] = await self._add(unit)
        for role in _STAFF:
            if role in given:
                await self._person(unit, role, given[role])  # type: ignore[literal-required]

    async def _person(
        self, unit: Unit, role: str, given: Mapping[str, str], email: str = ""
    ) -> Person:
        person = units.new_person(
            unit,
            name=given["name"],
            role=role,
            active_from=self._since,
            phone=given["phone"],
            mobile=given["phone"],
            title=given["title"],
        )
        person.email = email
        return await self._add(person)

    async def _fields(self, given: list[dict[str, str]]) -> None:
        rows = await self._tx.session.execute(
            select(col(SubjectField.code)).where(col(SubjectField.hotline) == self._hotline)
        )
        known = set(rows.scalars())
        for position, one in enumerate(given):
            if one["code"] not in known:
                keywords = one.get("keywords", "")
                await self._add(
                    SubjectField(
                        hotline=self._hotline,
                        code=one["code"],
                        name=one["name"],
                        keywords=keywords,
                        folded=fold(f"{one['name']} {keywords}"),
                        unit_id=self._units[one["unit"]].id,
                        type=one.get("type"),
                        position=position,
                    )
                )

    async def _contact(self, given: dict[str, str]) -> None:
        form = TicketForm.of({f"sender_{name}": value for name, value in given.items()})
        await contacts.remember(self._tx, self._hotline, form.checked(PLAIN), caller=None)
        self.added += 1

    async def _desk(self, data: dict[str, list[dict[str, str]]]) -> None:
        seats = [str(s) for s in self._settings.seats.extensions]
        first = _ORDER.index(self._hotline) * _SEATED
        mine = [*seats[first : first + _SEATED], *[None] * _SEATED][:_SEATED]
        for n, one in enumerate(data["operator"]):
            username = f"{self._hotline}.operator{n + 1}"
            await self._account(username, Role.OPERATOR, one["name"], extension=mine[n])
        for one in data["staff"]:
            role = Role(one["role"])
            await self._account(
                f"{self._hotline}.{role}",
                role,
                one["name"],
                extension=mine[-1] if role is Role.SUPERVISOR else None,
            )

    async def _official(self, given: dict[str, str]) -> None:
        unit, role = self._units[given["unit"]], Role(given["role"])
        people = await units.of_unit(self._tx.session, unit.id, self._now)
        person = next((p for p in people if p.role == role and p.name == given["name"]), None)
        if person is None:
            person = await self._person(unit, role, given, given["email"])
        count = sum(1 for told in self._told if told.role == role)
        username = f"{self._hotline}.{role}" + (str(count + 1) if count else "")
        await self._account(username, role, person.name, person=person, unit=unit)

    async def _unit_accounts(self, given: _UnitToml) -> None:
        unit = self._units[given["code"]]
        for role, tail in _STAFF.items():
            person = await units.in_role(self._tx.session, unit.id, role, self._now)
            if role in given and person is not None:
                username = f"{self._hotline}.{unit.code}{tail}"
                await self._account(username, role, person.name, person=person, unit=unit)

    async def _account(
        self,
        username: str,
        role: Role,
        name: str,
        *,
        extension: str | None = None,
        person: Person | None = None,
        unit: Unit | None = None,
    ) -> None:
        session = self._tx.session
        password = password_of(self._settings, username)
        account = (
            await session.execute(select(Account).where(col(Account.username) == username))
        ).scalar_one_or_none()
        if account is None:
            account = Account(
                username=username,
                full_name=name,
                password_hash=_HASHER.hash(password),
                extension=None if await self._taken(extension) else extension,
                person_id=person.id if person else None,
                created_at=self._now,
            )
            await self._add(account)
            unit_id = unit.id if unit and role in _STAFF else None
            session.add(
                Membership(account_id=account.id, hotline=self._hotline, role=role, unit_id=unit_id)
            )
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

    async def _taken(self, extension: str | None) -> bool:
        query = select(col(Account.id)).where(col(Account.extension) == extension)
        return (await self._tx.session.execute(query)).scalar_one_or_none() is not None

    async def _add(self, row: T) -> T:
        self._tx.session.add(row)
        await self._tx.session.flush()  # the next row may name it
        self.added += 1
        return row
