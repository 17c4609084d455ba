"""The auditor's desk: find a recording in seconds, hear it, prove it, see who heard what."""

from aiohttp import web

from web.audit import (
    find,
    heard,
    package,
    reconciliation,
    recording,
    requests,
    retention,
    retention_words,
    sounds,
)
from web.audit.words import REFUSALS
from web.words import add


def setup(app: web.Application) -> None:
    """Add the routes and the words."""
    add(REFUSALS)
    add(retention_words.REFUSALS)
    for part in (find, heard, package, reconciliation, recording, requests, retention, sounds):
        app.add_routes(part.routes)
