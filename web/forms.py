"""Forms: parsed by pydantic, refused field by field with codes, and never forgotten."""

from collections.abc import Mapping
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from tongdai.errors import Invalid
from tongdai.text import nfc

_CODES = {
    "missing": "required",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "int_parsing": "not_a_number",
    "float_parsing": "not_a_number",
    "date_from_datetime_parsing": "not_a_date",
    "datetime_from_date_parsing": "not_a_date",
    "date_parsing": "not_a_date",
    "datetime_parsing": "not_a_date",
    "time_parsing": "not_a_time",
    "enum": "not_allowed",
    "literal_error": "not_allowed",
}


class Form(BaseModel):
    """What a page or a script sends: texts in NFC, without spaces around; unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return nfc(value) if isinstance(value, str) else value


F = TypeVar("F", bound=BaseModel)


class BodyUnreadable(Invalid):
    """The body is no JSON object."""

    code = "body_unreadable"


async def said(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that a program of ours, or a stranger, sent.

    Raises:
        BodyUnreadable: It is none.
    """
    try:
        body = await request.json()
    except ValueError as error:
        raise BodyUnreadable from error
    if not isinstance(body, dict):
        raise BodyUnreadable
    return body


def parse(form: type[F], typed: Mapping[str, Any]) -> F:
    """Return the form.

    Args:
        form: What is expected.
        typed: `await request.post()`, or `await said(request)`.

    Raises:
        Invalid: With a code for every field that cannot be taken (words: web.words).
    """
    try:
        return form.model_validate(dict(typed))
    except ValidationError as error:
        fields = {_name(fault["loc"]): _code(dict(fault)) for fault in error.errors()}
        raise Invalid(fields=fields) from error


def _name(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "form"


def _code(fault: dict[str, Any]) -> str:
    kind = str(fault["type"])
    if kind == "string_too_short" and fault.get("input") in ("", None):
        return "required"
    if kind == "string_type" and fault.get("input") is None:
        return "required"
    return _CODES.get(kind, str(fault.get("ctx", {}).get("code", "wrong")))
