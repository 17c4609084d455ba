"""PUT /api/v1/spool/{pbx}/{name}: one finished recording, with its SHA-256."""

import hmac

from aiohttp import web

from telephony.capture.pushed import SpoolFull, receive
from telephony.recordings.intake import make_spools
from tongdai.settings import PbxTable
from web.auth import machine
from web.keys import DB, SETTINGS

routes = web.RouteTableDef()
_CHUNK = 1 << 18


@routes.put("/api/v1/spool/{pbx}/{name}")
@machine("the PBX's own spool_token of the settings, as a bearer token")
async def bring(request: web.Request) -> web.StreamResponse:
    """Take a recording; 201 with its SHA-256 says that the PBX may remove its copy."""
    table = _pbx(request)
    if table is None:
        return web.json_response({"code": "unknown_pbx_or_token"}, status=401)
    [spool] = [one for one in make_spools(request.app[SETTINGS]) if one.pbx == table.name]
    sha256 = request.headers.get("X-Content-SHA256", "")
    try:
        arrived = await receive(
            request.app[DB],
            spool,
            request.match_info["name"],
            sha256,
            request.content_length or 0,
            request.content.iter_chunked(_CHUNK),
        )
    except SpoolFull as full:
        return web.json_response({"code": full.reason}, status=507)
    return web.json_response({"sha256": sha256, "state": arrived}, status=201)


def _pbx(request: web.Request) -> PbxTable | None:
    """Return the PBX whose token is shown; the comparison's time tells nothing."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    for table in request.app[SETTINGS].pbx:
        secret = table.spool_token.get_secret_value()
        if table.name == request.match_info["pbx"] and secret and kind == "Bearer":
            same = hmac.compare_digest(secret.encode(), given.strip().encode())
            return table if same else None
    return None
