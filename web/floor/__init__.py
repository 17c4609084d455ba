"""The supervisor's page: queue, operators and calls live, today's figures, alarms."""

from aiohttp import web

from web import words
from web.callbacks.refusals import WORDS
from web.floor import callbacks, calls, views
from web.floor.keys import QUEUES
from web.floor.nudge import Nudge
from web.keys import BUS, PUSH

__all__ = ["QUEUES", "setup"]

NUDGE = web.AppKey("floor_nudge", Nudge)


def setup(app: web.Application) -> None:
    """Add the routes, and tell supervisors' browsers that something has changed."""
    words.add(WORDS)
    for module in (views, callbacks, calls):
        app.add_routes(module.routes)
    app[NUDGE] = Nudge(app[PUSH], app[BUS])
