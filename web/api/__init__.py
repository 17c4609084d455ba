"""The API for programs: /api/v1, its description, /healthz and /metrics."""

from aiohttp import web

from web import words
from web.api import health, metrics, openapi
from web.api.faults import WORDS
from web.api.routes import TABLE
from web.callbacks.refusals import WORDS as CALLBACK_WORDS

__all__ = ["TABLE", "setup"]


def setup(app: web.Application) -> None:
    """Add the routes of the API."""
    words.add({**WORDS, **CALLBACK_WORDS})
    TABLE.add_to(app)
    openapi.setup(app, TABLE)
    app.add_routes(health.routes)
    metrics.setup(app)
