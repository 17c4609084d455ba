"""One table says what the API takes and answers: it checks requests and writes the description."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from tongdai import i18n
from tongdai.accounts.model import Role
from tongdai.errors import Invalid
from web.auth import bearer
from web.forms import said

PREFIX = "/api/v1"
Q = TypeVar("Q", bound=BaseModel)
_CODES = {
    "extra_forbidden": "not_known",
    "missing": "required",
    "int_parsing": "not_a_number",
    "float_parsing": "not_a_number",
    "bool_parsing": "not_allowed",
    "enum": "not_allowed",
    "literal_error": "not_allowed",
    "string_too_long": "too_long",
    "string_too_short": "required",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "timezone_aware": "not_a_moment",
    "datetime_from_date_parsing": "not_a_moment",
    "datetime_parsing": "not_a_moment",
    "datetime_type": "not_a_moment",
}


class Asked(BaseModel):
    """What a request says in its query or its body; what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Nothing(Asked):
    """A request that says nothing but its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One line of the table.

    Attributes:
        method: HTTP method.
        path: Below /api/v1, with aiohttp's `{name}`.
        summary: One line for a reader of the description (English).
        asked: Model of the query (GET) or of the JSON body.
        answer: Model of the answer; None for bytes.
        media: Media type of the answer's bytes.
        status: Status of the answer.
        roles: Who may call it; empty: every signed-in person and every token.
        handler: Takes the request and the checked `asked`.
    """

    method: str
    path: str
    summary: str
    asked: type[BaseModel]
    answer: type[BaseModel] | None
    media: str
    status: int
    roles: tuple[Role, ...]
    handler: Callable[[web.Request, Any], Awaitable[BaseModel | web.StreamResponse]]

    async def answer_to(self, request: web.Request) -> web.StreamResponse:
        """Check what is asked, call the handler, write the answer."""
        _speak(request)
        asked = _parse(self.asked, await self._said(request))
        answered = await self.handler(request, asked)
        if isinstance(answered, web.StreamResponse):
            return answered
        return web.Response(
            text=answered.model_dump_json(), status=self.status, content_type="application/json"
        )

    async def _said(self, request: web.Request) -> dict[str, Any]:
        if self.method == "GET":
            return dict(request.query)
        if not request.can_read_body:
            return {}
        return await said(request)


@dataclass(slots=True)
class Table:
    """Every endpoint, in the order of the description."""

    endpoints: list[Endpoint] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        answer: type[BaseModel] | None,
        asked: type[Q],
        roles: tuple[Role, ...] = (),
        media: str = "audio/flac",
        status: int = HTTPStatus.OK,
    ) -> Callable[
        [Callable[[web.Request, Q], Awaitable[BaseModel | web.StreamResponse]]],
        Callable[[web.Request, Q], Awaitable[BaseModel | web.StreamResponse]],
    ]:
        """Put a handler into the table."""

        def put(
            handler: Callable[[web.Request, Q], Awaitable[BaseModel | web.StreamResponse]],
        ) -> Callable[[web.Request, Q], Awaitable[BaseModel | web.StreamResponse]]:
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=path,
                    summary=summary,
                    asked=asked,
                    answer=answer,
                    media=media,
                    status=status,
                    roles=roles,
                    handler=handler,
                )
            )
            return handler

        return put

    def add_to(self, app: web.Application) -> None:
        """Give the application a route for each line."""
        for endpoint in self.endpoints:
            app.router.add_route(endpoint.method, PREFIX + endpoint.path, _route(endpoint))


def _route(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await endpoint.answer_to(request)

    return bearer(*endpoint.roles)(handle)


def _parse(model: type[BaseModel], said: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        fields = {
            ".".join(str(part) for part in fault["loc"]) or "body": _code(fault["type"])
            for fault in error.errors(include_url=False)
        }
        raise Invalid(fields=fields) from error


def _code(kind: str) -> str:
    if kind.startswith("datetime"):
        return _CODES.get(kind, "not_a_moment")
    return _CODES.get(kind, "wrong")


def _speak(request: web.Request) -> None:
    """Speak the language that the program asks for; Vietnamese when it asks for none."""
    wanted = request.headers.get("Accept-Language")
    if wanted:
        tags = (part.split(";")[0].strip().lower()[:2] for part in wanted.split(","))
        i18n.use(next((tag for tag in tags if tag in i18n.LANGUAGES), "vi"))
