"""Delivery reports by GET or POST; the address carries the message's own token."""

from aiohttp import web

from sms.receipts import Taken, take
from web.auth import machine
from web.keys import DB

routes = web.RouteTableDef()

_STATUS = {
    Taken.MOVED: 200,
    Taken.NOTHING_NEW: 200,
    Taken.STRANGER: 404,
    Taken.UNREADABLE: 400,
}


@routes.get("/sms/receipts/{gateway}/{message_id}/{token}")
@machine("the address holds a token that only this message's gateway was given")
async def report(request: web.Request) -> web.Response:
    """Take one report of Kannel's: `d` what happened, `a` the SMSC's words."""
    taken = await take(
        request.app[DB],
        message_id=request.match_info["message_id"],
        token=request.match_info["token"],
        kannel_code=request.query.get("d", ""),
        words=request.query.get("a", ""),
    )
    return web.Response(status=_STATUS[taken])
