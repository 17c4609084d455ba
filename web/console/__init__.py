"""The operator console: /console (issue 2: the screen-pop, the ticket form, operators)."""

from aiohttp import web

from web import words
from web.console import calling, calls, keeping, lookup, me, page, ticketing, transfers
from web.console.feed import Feed
from web.console.refusals import WORDS
from web.doors import CALLS, OPERATORS, RECORDER, TRANSFERS
from web.keys import BUS, CLOCK, PUSH

FEED = web.AppKey("console_feed", Feed)


def setup(app: web.Application) -> None:
    """Add the routes, and tell browsers what happens to calls and operators."""
    words.add(WORDS)
    for module in (page, me, calls, calling, keeping, lookup, ticketing, transfers):
        app.add_routes(module.routes)
    app[FEED] = Feed(
        app[PUSH], app[BUS], app[CALLS], app[OPERATORS], app[TRANSFERS], app[RECORDER], app[CLOCK]
    )
