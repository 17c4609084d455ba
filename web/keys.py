"""Typed keys: what hangs on the application, and what hangs on a request."""

from aiohttp import web

from telephony.recordings.archive import Archive
from tongdai.accounts.model import Viewer
from tongdai.accounts.service import Accounts
from tongdai.accounts.tables import Session
from tongdai.clock import Clock
from tongdai.db import Database
from tongdai.events import Bus
from tongdai.settings import Settings
from web.push import Push

SETTINGS = web.AppKey("settings", Settings)
CLOCK = web.AppKey("clock", Clock)
REAL_CLOCK = web.AppKey("real_clock", Clock)
DB = web.AppKey("db", Database)
BUS = web.AppKey("bus", Bus)
ACCOUNTS = web.AppKey("accounts", Accounts)
ARCHIVE = web.AppKey("archive", Archive)
PUSH = web.AppKey("push", Push)

VIEWER = web.RequestKey("viewer", Viewer)
"""Who asks; only on routes that are not public (see web.auth)."""
SESSION = web.RequestKey("session", Session)
"""The browser's session; absent for programs with a token."""
CSRF = web.RequestKey("csrf", str)
"""The token that this browser's writing requests carry."""
ERROR = web.RequestKey("error", str)
"""Code of the refusal that ended the request, for the log."""
STYLE_NONCE = web.RequestKey("style_nonce", str)
"""What a page's own <style> must carry; only pages with a library that brings one."""
