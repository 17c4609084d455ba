"""Where a PBX on another host brings its recordings (docs/recordings-spool.md)."""

from aiohttp import web

from web.spool.views import routes


def setup(app: web.Application) -> None:
    """Add the address."""
    app.router.add_routes(routes)
