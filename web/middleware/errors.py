"""Every refusal becomes a status and a page in the reader's language, or JSON for programs."""

from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from tongdai.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable
from tongdai.i18n import _
from web import words
from web.keys import ERROR
from web.middleware.login import NotSignedIn
from web.render import page
from web.wants import wants_json

log = structlog.get_logger()
_STATUS: tuple[tuple[type[Refusal], HTTPStatus], ...] = (
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Translate what went wrong, once, here."""
    try:
        return await handler(request)
    except Refusal as refusal:
        request[ERROR] = refusal.reason
        if isinstance(refusal, Unavailable) and refusal.ids:  # somebody has to mend it
            log.warning("web.unavailable", refusal=str(refusal))
        return refused(request, refusal)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(request, error.status, f"http_{error.status}", _http_words(error))
    except Exception:
        log.exception("web.failed", method=request.method)
        text = _("Hệ thống gặp lỗi khi xử lý yêu cầu này. Sự việc đã được ghi lại.")
        return _answer(request, 500, "failed", text)


def status_of(refusal: Refusal) -> HTTPStatus:
    """Return the HTTP status of a refusal."""
    return next((s for kind, s in _STATUS if isinstance(refusal, kind)), HTTPStatus.BAD_REQUEST)


def refused(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    """Return the answer for a refusal, as JSON or as a page."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    return _answer(request, status_of(refusal), refusal.reason, words.of(refusal), fields)


def _answer(
    request: web.Request,
    status: int,
    code: str,
    text: str,
    fields: dict[str, str] | None = None,
) -> web.StreamResponse:
    faults = {name: words.of_code(fault) for name, fault in (fields or {}).items()}
    if wants_json(request):
        body = {"code": code, "message": text, "fields": faults}
        return web.json_response(body, status=status)
    context = {"status": status, "code": code, "message": text, "faults": faults}
    template = "partials/refusal.html" if request.headers.get("HX-Request") else "errors/error.html"
    return page(request, template, context, status=status)


def _http_words(error: web.HTTPException) -> str:
    match error.status:
        case 404:
            return _("Không có trang này.")
        case 405:
            return _("Trang này không nhận kiểu yêu cầu vừa gửi.")
        case 413:
            return _("Tệp hoặc nội dung gửi lên lớn quá mức cho phép.")
        case _:
            return _("Yêu cầu không thực hiện được.")
