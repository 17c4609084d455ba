"""Every module of handlers, in the order of the description."""

from web.api import calls, messages, recordings, requests, tickets, transfers
from web.api.table import TABLE

MODULES = (calls, tickets, recordings, requests, messages, transfers)

__all__ = ["MODULES", "TABLE"]
