"""Rows of accounts, memberships, sessions and tokens."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from tongdai.db import UtcDateTime
from tongdai.ids import new_id


class Account(SQLModel, table=True):
    """One person's login (one account, one person: VIETNAM.md section 7)."""

    __tablename__ = "account"

    id: str = Field(default_factory=new_id, primary_key=True)
    username: str = Field(unique=True)
    full_name: str
    password_hash: str
    extension: str | None = Field(default=None, unique=True)
    """The seat's extension, for operators and supervisors."""
    person_id: str | None = Field(default=None, index=True)
    """The person of the units' directory that this account belongs to."""
    language: str = "vi"
    """What the pages speak to this person; chosen by the person."""
    must_change_password: bool = False
    """The password was given by somebody else: nothing is open before it is replaced."""
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A role that an account has at a hotline, with the unit where the role belongs to one."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "hotline", "role", "unit_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    hotline: str
    role: str
    unit_id: str | None = None


class Session(SQLModel, table=True):
    """A signed-in browser; only the SHA-256 of its cookie is kept."""

    __tablename__ = "session"

    token_hash: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    csrf: str
    address: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class LoginFailure(SQLModel, table=True):
    """One failed sign-in, counted per account name and per address."""

    __tablename__ = "login_failure"

    id: str = Field(default_factory=new_id, primary_key=True)
    username: str = Field(index=True)
    address: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)


class ApiToken(SQLModel, table=True):
    """A program's token; only its SHA-256 is kept. No hotline means all of them."""

    __tablename__ = "api_token"

    id: str = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True)
    role: str
    hotline: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
