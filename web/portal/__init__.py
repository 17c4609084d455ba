"""The public pages."""

from aiohttp import web

from web.portal import lookup, views


def setup(app: web.Application) -> None:
    """Add the routes."""
    lookup.setup(app)
    app.add_routes(views.routes)
    app.add_routes(lookup.routes)
