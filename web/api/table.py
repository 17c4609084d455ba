"""The one table; the modules of handlers fill it (web.api.routes)."""

from web.api.endpoint import Table

TABLE = Table()
