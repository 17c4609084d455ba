"""Every module of handlers, in the order of the description."""

from web.api import (
    callback_acts,
    callbacks,
    calls,
    messages,
    recordings,
    requests,
    tickets,
    transfers,
)
from web.api.table import TABLE

MODULES = (calls, tickets, recordings, requests, messages, transfers, callbacks, callback_acts)

__all__ = ["MODULES", "TABLE"]
