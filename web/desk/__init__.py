"""The desk: units answer their tickets, the Office routes, the leadership sees what is overdue."""

from aiohttp import web

from web.desk import acts, asking, hearing, hearing_words, opinion_report, standstills, tray, views
from web.desk.words import REFUSALS
from web.words import add


def setup(app: web.Application) -> None:
    """Add the routes and the words; needs the doors of web.doors."""
    add(REFUSALS)
    add(hearing_words.REFUSALS)
    add(asking.REFUSALS)
    app.add_routes(views.routes)
    app.add_routes(acts.routes)
    app.add_routes(tray.routes)
    app.add_routes(hearing.routes)
    app.add_routes(standstills.routes)
    app.add_routes(asking.routes)
    app.add_routes(opinion_report.routes)
