"""/audit/recordings/{id}/package: a sealed package, for a reason that is written down."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from telephony.recordings import access
from telephony.recordings.hearing import plays
from web.api.package import exported
from web.auth import allowed
from web.forms import Form, parse

routes = web.RouteTableDef()


class PackageForm(Form):
    """Why a recording leaves the house."""

    reason: Annotated[str, Field(min_length=1, max_length=plays.LONGEST_REASON)]


@routes.post("/audit/recordings/{id}/package")
@allowed(*access.HEARERS)
async def export(request: web.Request) -> web.Response:
    """Answer a sealed package; who took it and why is in the log before it goes out."""
    form = parse(PackageForm, await request.post())
    return await exported(request, request.match_info["id"], form.reason)
