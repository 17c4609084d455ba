"""The public pages."""

from aiohttp import web

from web.portal import views


def setup(app: web.Application) -> None:
    """Add the routes."""
    app.add_routes(views.routes)
