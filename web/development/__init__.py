"""The address under which `tongdai clock` moves a development service's clock."""

from aiohttp import web

from web.development import views
from web.keys import SETTINGS


def setup(app: web.Application) -> None:
    """Add the routes, on a development service only."""
    if app[SETTINGS].development.enabled:
        app.add_routes(views.routes)
