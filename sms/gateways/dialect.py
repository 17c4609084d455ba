"""A provider's JSON API as a page of TOML: what it is sent, what its answers and reports mean."""

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sms.gateways.base import Outcome, Request
from sms.model import Signal
from sms.segments import Alphabet
from tongdai.settings import SmsGatewayTable

SHIPPED = ("esms", "speedsms", "vnpt")
_MEANINGS = {
    "delivered": Signal.GOT_DELIVERED,
    "undelivered": Signal.GOT_UNDELIVERED,
    "rejected": Signal.GOT_SMSC_REJECTED,
    "waiting": Signal.GOT_BUFFERED,
}


class DialectError(ValueError):
    """A dialect cannot be used; the text is one sentence for a person."""


class LacksError(ValueError):
    """The settings lack what this message needs: a template's id, a value."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Table):
    """Where an answer says what, as dotted paths, and which code means what.

    Codes that are not listed are faults of the settings: a person looks, another gateway sends.
    """

    code: str
    words: str = ""
    reference: str = ""
    refused: str = Field(default="", description="a list of numbers that it did not take")
    accepted: tuple[str, ...]
    later: tuple[str, ...] = ()
    final: tuple[str, ...] = ()


class Rule(_Table):
    """When all of these fields have these values (`>=64` compares), the report means that."""

    when: dict[str, str]
    means: Literal["delivered", "undelivered", "rejected", "waiting"]


class Receipt(_Table):
    """What its reports mean; the first rule that fits counts.

    `reference` names the field with the provider's own id, where reports come to one address of
    the whole account; else each message has its address.
    """

    reference: str = ""
    words: str = ""
    rule: tuple[Rule, ...]


class Probe(_Table):
    """A question that costs nothing: the balance, say."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    request: dict[str, Any] = {}
    code: str
    accepted: tuple[str, ...]


class Dialect(_Table):
    """One provider's API; docs/sms.md says how to write one."""

    url: str = ""
    method: Literal["GET", "POST"] = "POST"
    body: Literal["json", "form", "query"] = "json"
    number: Literal["0", "84", "+84"] = "84"
    basic_auth: bool = False
    headers: dict[str, str] = {}
    deduplicates: bool = False
    request: dict[str, Any]
    param: dict[str, Any] = {}
    answer: Answer
    receipt: Receipt | None = None
    probe: Probe | None = None

    def outcome(self, answer: Any) -> tuple[Outcome, str, str]:
        """Return what an answer means, its words, and the provider's own id."""
        code, how = _text(dig(answer, self.answer.code)), self.answer
        words = " ".join(t for t in (code, _text(dig(answer, how.words))) if t)
        reference = _text(dig(answer, how.reference))
        if code in how.accepted:
            refused = bool(how.refused and dig(answer, how.refused))
            return (Outcome.FINAL if refused else Outcome.ACCEPTED), words, reference
        if code in how.later:
            return Outcome.RETRY_LATER, words, reference
        if code in how.final:
            return Outcome.FINAL, words, reference
        return Outcome.CONFIGURATION, words or "an answer without a code", reference

    def report(self, fields: dict[str, str]) -> Signal | None:
        """Return what a report says, or None when no rule fits."""
        for rule in self.receipt.rule if self.receipt else ():
            if all(_fits(fields.get(name, ""), wanted) for name, wanted in rule.when.items()):
                return _MEANINGS[rule.means]
        return None


def load(name: str) -> Dialect:
    """Return a dialect: one that comes with the program, by name, or a TOML file of one's own.

    Raises:
        DialectError: With the file and what is wrong.
    """
    return _load(name)


def fields_of(table: SmsGatewayTable, request: Request) -> dict[str, str]:
    """Return what a dialect's {places} stand for.

    A template's id and a value may be the hotline's own: `can-tho/referral` before `referral`.
    """
    own = f"{request.hotline}/"
    template = table.templates.get(own + request.template, table.templates.get(request.template))
    values = {n: v for n, v in table.values.items() if "/" not in n}
    values |= {n.removeprefix(own): v for n, v in table.values.items() if n.startswith(own)}
    accented = request.alphabet != Alphabet.ASCII
    return {
        "id": request.id,
        "text": request.text,
        "sender": request.sender,
        "username": table.username,
        "password": table.password.get_secret_value(),
        "unicode": "1" if accented else "0",
        "coding": "8" if accented else "0",
        "receipt_url": request.receipt_url,
        **({"template": template} if template is not None else {}),
        **{f"value.{name}": value for name, value in values.items()},
    }


def fill(shape: Any, fields: dict[str, str], params: list[Any]) -> Any:
    """Put `fields` into the {places} of a request; `{name:int}` alone becomes a number.

    Raises:
        LacksError: A place that nothing is known for.
    """
    match shape:
        case dict():
            return {name: fill(inner, fields, params) for name, inner in shape.items()}
        case list():
            return [fill(inner, fields, params) for inner in shape]
        case "{params}":
            return params
        case str():
            return _filled(shape, fields)
        case _:
            return shape


def dig(answer: Any, path: str) -> Any:
    """Return what lies at a dotted path, or None."""
    found = answer
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, dict) else None
    return found if path else None


def _filled(shape: str, fields: dict[str, str]) -> str | int:
    number = shape.startswith("{") and shape.endswith(":int}")
    pieces, rest = [], shape.replace(":int}", "}") if number else shape
    while rest:
        before, brace, rest = rest.partition("{")
        pieces.append(before)
        if brace:
            name, _, rest = rest.partition("}")
            if name not in fields:
                message = f"the settings have no {name!r} for this message"
                raise LacksError(message)
            pieces.append(fields[name])
    filled = "".join(pieces)
    return int(filled) if number else filled


def _fits(value: str, wanted: str) -> bool:
    if wanted.startswith(">="):
        return value.isdecimal() and int(value) >= int(wanted[2:])
    return value == wanted


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@cache
def _load(name: str) -> Dialect:
    try:
        if name in SHIPPED:
            folder = resources.files("sms.gateways") / "dialects"
            text = (folder / f"{name}.toml").read_text(encoding="utf-8")
        else:
            text = Path(name).read_text(encoding="utf-8")
        return Dialect(**tomllib.loads(text))
    except OSError as error:
        message = f"dialect {name}: cannot be read ({error.strerror}); shipped: {SHIPPED}"
        raise DialectError(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"dialect {name}: is not TOML: {error}"
        raise DialectError(message) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"dialect {name}: {where}: {first['msg']}"
        raise DialectError(message) from error
