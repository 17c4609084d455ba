"""Where a reader goes on to after signing in."""

from urllib.parse import urlsplit

from aiohttp import web


def next_of(request: web.Request) -> str | None:
    """Return the page that `next` names: only ever a path of our own."""
    target = request.query.get("next", "")
    parts = urlsplit(target)
    own = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    plain = all(ord(c) > 32 for c in target)
    return target if own and plain and not parts.scheme and not parts.netloc else None
