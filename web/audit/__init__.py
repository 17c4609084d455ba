"""The auditor's desk: find a recording in seconds, hear it, prove it, see who heard what."""

from aiohttp import web

from web.audit import find, recording
from web.audit.plays import PLAYS, Plays


def setup(app: web.Application) -> None:
    """Add the routes."""
    app[PLAYS] = Plays()
    app.add_routes(find.routes)
    app.add_routes(recording.routes)
