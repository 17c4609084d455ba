"""The operator console: /console (issue 2: the screen-pop, the ticket form, operators)."""

from aiohttp import web

from web import words
from web.callbacks.refusals import WORDS as CALLBACK_WORDS
from web.console import callbacks, calling, calls, keeping, lookup, me, page, ticketing, transfers
from web.console.feed import Feed
from web.console.offering import Offers
from web.console.refusals import WORDS
from web.doors import CALLBACK_RULES, CALLS, OPERATORS, RECORDER, TRANSFERS
from web.keys import BUS, CLOCK, DB, PUSH

FEED = web.AppKey("console_feed", Feed)
OFFERS = web.AppKey("console_offers", Offers)


def setup(app: web.Application) -> None:
    """Add the routes, and tell browsers what happens to calls and operators."""
    words.add({**WORDS, **CALLBACK_WORDS})
    for module in (page, me, calls, callbacks, calling, keeping, lookup, ticketing, transfers):
        app.add_routes(module.routes)
    app[FEED] = Feed(
        app[PUSH], app[BUS], app[CALLS], app[OPERATORS], app[TRANSFERS], app[RECORDER], app[CLOCK]
    )
    app[OFFERS] = Offers(
        app[DB],
        app[BUS],
        app[PUSH],
        app[CALLBACK_RULES],
        calls=app[CALLS],
        operators=app[OPERATORS],
    )
    app.on_startup.append(_begin_offers)
    app.on_cleanup.append(_close_offers)


async def _begin_offers(app: web.Application) -> None:
    app[OFFERS].begin()


async def _close_offers(app: web.Application) -> None:
    await app[OFFERS].close()
