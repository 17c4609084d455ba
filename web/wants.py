"""Whether the asker is a program that reads JSON or a person who reads a page."""

from aiohttp import web


def wants_json(request: web.Request) -> bool:
    """Say whether an answer in JSON is wanted: the API, or a script that asked for it."""
    return request.path.startswith("/api/") or "application/json" in request.headers.get(
        "Accept", ""
    )
