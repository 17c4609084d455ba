"""One line a request, without query, body or cookie; numbers are masked by the log itself."""

from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from web.keys import ERROR, VIEWER

log = structlog.get_logger()
_QUIET = ("/static/", "/healthz", "/metrics")


@web.middleware
async def request_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log method, route, status, milliseconds and account id of a request."""
    started = perf_counter()
    response = await handler(request)
    if not request.path.startswith(_QUIET):
        log.info(
            "web.request",
            method=request.method,
            route=_route(request),
            status=response.status,
            milliseconds=round((perf_counter() - started) * 1000, 1),
            account=request[VIEWER].id if VIEWER in request else None,
            refusal=request.get(ERROR),
        )
    return response


def _route(request: web.Request) -> str:
    """Return the route's pattern: a path may hold a ticket's code or a telephone number."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(none)"
