"""Where the gateways bring their delivery reports."""

from aiohttp import web

from web.receipts.views import routes


def setup(app: web.Application) -> None:
    """Add the address of the reports."""
    app.router.add_routes(routes)
