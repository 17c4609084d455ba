"""The application: doors in, routes out; every package of pages brings its own `setup`."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

import web as pages
from telephony.recordings.archive.build import make_archive
from telephony.recordings.hearing.copies import Copies
from tongdai.accounts.service import Accounts
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.settings import Settings
from web import assets_index, live, render
from web.api.granted import COPIES
from web.auth import access_of
from web.auth import account as auth_account
from web.auth import views as auth_views
from web.keys import ACCOUNTS, ARCHIVE, BUS, CLOCK, DB, PUSH, REAL_CLOCK, SETTINGS
from web.middleware import ALL
from web.push import Push


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pages are built on.

    Attributes:
        settings: tongdai.toml.
        clock: The service's clock (moved by `tongdai clock`).
        real_clock: Real time, for sessions and links.
        db: The database.
        bus: Domain events, after they are facts.
        accounts: Sign-in, sessions, tokens.
        doors: Objects of other parts, each under the typed key of the package that uses it:
            `{web.doors.OPERATORS: operators, ...}`. A package's `setup` says which it needs.
    """

    settings: Settings
    clock: Clock
    real_clock: Clock
    db: Database
    bus: Bus
    accounts: Accounts
    doors: dict[web.AppKey[Any], Any] = field(default_factory=dict)


class UnmarkedRouteError(RuntimeError):
    """A route does not say who may call it."""


def build_app(parts: Parts, packages: Iterable[str] | None = None) -> web.Application:
    """Return the application; it opens nothing until it is started.

    Args:
        parts: What the pages are built on.
        packages: Names of the packages of pages below web/; all of them when not given.

    Raises:
        UnmarkedRouteError: A route has no permission mark (web.auth).
    """
    room = parts.settings.files.max_bytes + 1_000_000
    app = web.Application(middlewares=ALL, client_max_size=room)
    app[SETTINGS] = parts.settings
    app[CLOCK] = parts.clock
    app[REAL_CLOCK] = parts.real_clock
    app[DB] = parts.db
    app[BUS] = parts.bus
    app[ACCOUNTS] = parts.accounts
    app[ARCHIVE] = make_archive(parts.settings)
    app[COPIES] = Copies()
    app[PUSH] = Push(parts.clock)
    for key, door in parts.doors.items():
        app[key] = door
    assets = assets_index.Assets.read()
    render.setup(app, assets)
    app.add_routes(assets_index.routes(assets))
    app.add_routes(auth_views.routes)
    app.add_routes(auth_account.routes)
    live.setup(app)
    for package in page_packages() if packages is None else packages:
        importlib.import_module(f"web.{package}").setup(app)
    refuse_unmarked(app)
    return app


def page_packages() -> Iterator[str]:
    """Name the packages of pages below web/: those that have a `setup(app)`."""
    for found in pkgutil.iter_modules(pages.__path__):
        if found.ispkg and hasattr(importlib.import_module(f"web.{found.name}"), "setup"):
            yield found.name


def refuse_unmarked(app: web.Application) -> None:
    """Raise UnmarkedRouteError when a route does not say who may call it."""
    for route in app.router.routes():
        if access_of(route.handler) is None:
            raise UnmarkedRouteError(repr(route))
