"""Where the gateways bring their delivery reports."""

from aiohttp import web

from sms.receipts import Receipts
from web.keys import DB
from web.receipts.views import RECEIPTS, routes


def setup(app: web.Application) -> None:
    """Add the address of the reports."""
    app[RECEIPTS] = Receipts(app[DB])
    app.router.add_routes(routes)
