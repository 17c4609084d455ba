"""Security headers on every answer; no inline script, no inline style, no foreign frame."""

from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import SETTINGS, STYLE_NONCE


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers before an answer goes out, also to the pages of errors."""
    response = await handler(request)
    if not response.prepared:
        for name, value in _headers(request).items():
            response.headers.setdefault(name, value)
    return response


def _headers(request: web.Request) -> dict[str, str]:
    sockets = " ".join(
        f"{scheme}://{pbx.http_host}:{pbx.http_port}"
        for pbx in request.app[SETTINGS].pbx
        for scheme in ("ws", "wss")
    )
    nonce = f" 'nonce-{request[STYLE_NONCE]}'" if STYLE_NONCE in request else ""
    found = {
        "Content-Security-Policy": (
            f"default-src 'self'; script-src 'self'; style-src 'self'{nonce}; "
            "img-src 'self' data: blob:; "
            f"media-src 'self' blob:; connect-src 'self' {sockets}; object-src 'none'; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": (
            "microphone=(self), speaker-selection=(self), camera=(), geolocation=()"
        ),
    }
    if not request.path.startswith("/static/"):
        found["Cache-Control"] = "no-store"
    if request.app[SETTINGS].web.public_url.startswith("https://"):
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found
