"""The doors that the API needs; the composition root fills them."""

from aiohttp import web

from escalation.acts import Acts
from web.api.health import HEALTH
from web.api.metrics import MEASURED

ACTS = web.AppKey("api_acts", Acts)
"""The one door for acts on tickets."""

__all__ = ["ACTS", "HEALTH", "MEASURED"]
