"""The marks of routes: who may call them, and whether a writing one needs the CSRF token."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from tongdai.accounts.model import Role, Viewer
from tongdai.errors import Forbidden
from web.keys import VIEWER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)
_MARK = "__tongdai_access__"


class Door(StrEnum):
    """How a caller of a route is known."""

    PUBLIC = "public"
    SESSION = "session"
    BEARER = "bearer"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A route's permission.

    Attributes:
        door: PUBLIC: everybody. SESSION: a signed-in browser. BEARER: a program with a token, or a
            signed-in browser. MACHINE: another machine that the handler itself recognises.
        roles: One of them must be held at any hotline; empty means any signed-in person.
        why: For MACHINE: how the handler knows who calls.
        at_first: Open as well to somebody who has not replaced the given password yet.
    """

    door: Door
    roles: tuple[Role, ...] = ()
    why: str = ""
    at_first: bool = False

    @property
    def csrf(self) -> bool:
        """Whether a writing request must carry the CSRF token when a browser sends it."""
        return self.door is not Door.MACHINE

    def check(self, who: Viewer) -> None:
        """Raise Forbidden when `who` holds none of the roles."""
        if self.roles and not who.has_any(self.roles):
            raise Forbidden("role_missing", roles=",".join(self.roles))


def allowed(*roles: Role) -> Callable[[H], H]:
    """Open a route to signed-in people who hold one of `roles` at any hotline.

    The handler still asks which hotline, ticket or recording it is about.
    """
    if not roles:
        message = "name the roles, or say signed_in"
        raise ValueError(message)
    return _mark(Access(door=Door.SESSION, roles=roles))


def signed_in(handler: H) -> H:
    """Open a route to everybody who is signed in."""
    return _mark(Access(door=Door.SESSION))(handler)


def at_first_sign_in(handler: H) -> H:
    """Open a route to everybody who is signed in, also before the given password is replaced."""
    return _mark(Access(door=Door.SESSION, at_first=True))(handler)


def public(handler: H) -> H:
    """Open a route to everybody."""
    return _mark(Access(door=Door.PUBLIC))(handler)


def bearer(*roles: Role) -> Callable[[H], H]:
    """Open a route to programs with a token of one of `roles`, and to signed-in people alike."""
    return _mark(Access(door=Door.BEARER, roles=roles))


def machine(why: str) -> Callable[[H], H]:
    """Open a route to another machine; `why` says how the handler knows it (secret, address)."""
    return _mark(Access(door=Door.MACHINE, why=why))


def access_of(handler: object) -> Access | None:
    """Return the mark of a handler, or None."""
    found = getattr(handler, _MARK, None)
    return found if isinstance(found, Access) else None


def viewer(request: web.Request) -> Viewer:
    """Return who asks.

    Raises:
        KeyError: On a public route; it has no viewer.
    """
    return request[VIEWER]


def _mark(access: Access) -> Callable[[H], H]:
    def mark(handler: H) -> H:
        setattr(handler, _MARK, access)
        return handler

    return mark
