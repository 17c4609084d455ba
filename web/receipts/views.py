"""Delivery reports by GET or POST; the address carries the message's own token, or a secret."""

import hmac
import json
from contextlib import suppress
from urllib.parse import parse_qsl

from aiohttp import web

from sms.gateways.dialect import Dialect, load
from sms.model import receipt_signal
from sms.receipts import Receipts, Report, Taken
from sms.references import Named
from sms.replies import Said
from sms.replies import take as take_reply
from tongdai.settings import SmsGatewayTable
from web.auth import machine
from web.keys import DB, SETTINGS

routes = web.RouteTableDef()
RECEIPTS = web.AppKey("receipts", Receipts)

_LONGEST_BODY = 20_000
_LONGEST_NAME, _LONGEST_VALUE, _MOST_FIELDS = 64, 4_000, 100
_STATUS = {
    Taken.MOVED: 200,
    Taken.NOTHING_NEW: 200,
    Taken.STRANGER: 404,
    Taken.UNREADABLE: 400,
}


@routes.route("GET", "/sms/receipts/{gateway}/{message_id}/{token}")
@routes.route("POST", "/sms/receipts/{gateway}/{message_id}/{token}")
@machine("the address holds a token that only this message's gateway was given")
async def report(request: web.Request) -> web.Response:
    """Take one report about one message."""
    table = _table(request)
    taken = await request.app[RECEIPTS].take(
        message_id=request.match_info["message_id"],
        token=request.match_info["token"],
        report=_report(table, await _fields(request)),
    )
    return web.Response(status=_STATUS[taken])


@routes.route("GET", "/sms/receipts/{gateway}/{secret}")
@routes.route("POST", "/sms/receipts/{gateway}/{secret}")
@machine("the address holds the gateway's receipt_secret of the settings")
async def webhook(request: web.Request) -> web.Response:
    """Take one report of an account's webhook; it names the provider's own id."""
    table, given = _table(request), request.match_info["secret"]
    dialect = _dialect(table)
    secret = table.receipt_secret.get_secret_value() if table else ""
    if dialect is None or not secret or not hmac.compare_digest(secret.encode(), given.encode()):
        return web.Response(status=404)
    fields = await _fields(request)
    name = dialect.receipt.reference if dialect.receipt else ""
    taken = await request.app[RECEIPTS].take_named(
        Named(gateway=request.match_info["gateway"], references=[fields.get(name, "")]),
        _report(table, fields),
    )
    return web.Response(status=_STATUS[taken])


@routes.route("GET", "/sms/replies/{gateway}/{secret}")
@routes.route("POST", "/sms/replies/{gateway}/{secret}")
@machine("the address holds the settings' reply_secret")
async def reply(request: web.Request) -> web.Response:
    """Take what somebody wrote back: `p` the sender, `a` the text, `i` the gateway's id of it."""
    settings, given = request.app[SETTINGS], request.match_info["secret"]
    secret = settings.sms.reply_secret.get_secret_value()
    fields = await _fields(request)
    if not secret or not hmac.compare_digest(secret.encode(), given.encode()):
        return web.Response(status=404)
    if not fields.get("p") or not fields.get("i"):
        return web.Response(status=400)
    said = Said(
        gateway=request.match_info["gateway"][:32],
        reference=fields["i"][:64],
        sender=fields["p"],
        text=fields.get("a", ""),
    )
    await take_reply(request.app[DB], settings, said)
    return web.Response(text="")  # what is answered here would be sent back as an SMS


def _report(table: SmsGatewayTable | None, fields: dict[str, str]) -> Report:
    """Read a report: a dialect's by its rules, else Kannel's `d` (what) and `a` (words)."""
    dialect = _dialect(table)
    if dialect is None or dialect.receipt is None:
        code = fields.get("d", "")
        return Report(signal=receipt_signal(code), code=code, words=fields.get("a", ""))
    code = fields.get(dialect.receipt.words, "")
    words = " ".join(f"{k}={v}" for k, v in fields.items())
    return Report(signal=dialect.report(fields), code=code, words=words)


def _table(request: web.Request) -> SmsGatewayTable | None:
    settings = request.app.get(SETTINGS)
    tables = settings.sms.gateway if settings else ()
    return next((t for t in tables if t.name == request.match_info["gateway"]), None)


def _dialect(table: SmsGatewayTable | None) -> Dialect | None:
    return load(table.dialect) if table and table.dialect else None


async def _fields(request: web.Request) -> dict[str, str]:
    """Return what was said, in the address, a form or JSON; nonsense is nothing."""
    fields = dict(request.query)
    if request.method == "POST":
        fields |= _said(await _body(request))
    return {name[:_LONGEST_NAME]: value[:_LONGEST_VALUE] for name, value in fields.items()}


async def _body(request: web.Request) -> bytes:
    """Return a whole body, in however many pieces it comes; nothing of one that is too long."""
    pieces, length = [], 0
    async for piece in request.content.iter_any():
        length += len(piece)
        if length > _LONGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(max_size=_LONGEST_BODY, actual_size=length)
        pieces.append(piece)
    return b"".join(pieces)


def _said(body: bytes) -> dict[str, str]:
    try:
        said = json.loads(body)
        if isinstance(said, dict):
            return {str(k): str(v) for k, v in said.items() if isinstance(v, str | int)}
    except (ValueError, RecursionError):  # no JSON, or one made to hurt
        with suppress(ValueError):
            return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    return {}
