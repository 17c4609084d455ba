"""Templates with typed variables: number, field, until when, link; never a report's content."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources

from sms import segments
from sms.model import Purpose
from tongdai.clock import HCM, check_aware
from tongdai.i18n import LANGUAGES
from tongdai.text import clean, unaccent

Param = str | int | datetime | None


class Kind(StrEnum):
    """What a variable holds, and what happens when it is too long."""

    NAME = "name"
    """Words of people or of the register: cut at a word."""
    EXACT = "exact"
    """Numbers, codes, addresses: refused when too long, for half of one is none."""
    MOMENT = "moment"
    """An aware moment, shown in Ho Chi Minh time."""
    LINK = "link"
    """The one-time link, made when the message is first claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a template, as it is registered with the networks (VIETNAM.md 1.1).

    Attributes:
        kind: See Kind.
        limit: Longest value, in characters.
        required: Whether the template makes sense without it.
    """

    kind: Kind
    limit: int
    required: bool = True


_TICKET = Variable(kind=Kind.EXACT, limit=20)
_FIELD = Variable(kind=Kind.NAME, limit=30)
_UNIT = Variable(kind=Kind.NAME, limit=40)
_MOMENT = Variable(kind=Kind.MOMENT, limit=16, required=False)
_LINK = Variable(kind=Kind.LINK, limit=120)
_PORTAL = Variable(kind=Kind.EXACT, limit=60, required=False)
_STAGE = {"ticket": _TICKET, "field": _FIELD, "due": _MOMENT, "link": _LINK}

REFERRAL_TO_SENDER = "referral_sender"
"""The same event as the purpose `referral`, told to who sent it in (GL-10.1.2.b2.1, A-GL-6)."""

VARIABLES: dict[str, dict[str, Variable]] = {
    Purpose.REFERRAL: _STAGE,
    REFERRAL_TO_SENDER: {"ticket": _TICKET, "unit": _UNIT, "due": _MOMENT},
    Purpose.FORWARDING: _STAGE,
    Purpose.REMINDER: _STAGE,
    Purpose.EXTENSION: {"ticket": _TICKET, "due": _MOMENT},
    Purpose.OVERDUE_REPORT: {
        "ticket": _TICKET,
        "field": _FIELD,
        "unit": _UNIT,
        "since": _MOMENT,
        "link": _LINK,
    },
    Purpose.RESULT: {
        "ticket": _TICKET,
        "portal": _PORTAL,
        "code": Variable(kind=Kind.EXACT, limit=16, required=False),
    },
    Purpose.REJECTION: {
        "ground": Variable(kind=Kind.NAME, limit=80),
        "guidance": Variable(kind=Kind.NAME, limit=160, required=False),
    },
    Purpose.SURVEY: {"ticket": _TICKET, "portal": _PORTAL},
    Purpose.CODE: {
        "code": Variable(kind=Kind.EXACT, limit=10),
        "minutes": Variable(kind=Kind.EXACT, limit=4),
    },
}
"""Template -> its variables. A letter uses the same ones and cuts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What is sent.

    Attributes:
        text: The words, prepared for the alphabet.
        subject: A letter's subject, empty for an SMS.
        alphabet: How an SMS travels.
        parts: What an SMS is paid for; 0 for a letter.
        values: The variables as the text shows them, in the template's order.
    """

    text: str
    subject: str
    alphabet: str
    parts: int
    values: dict[str, str]


def needs_link(template: str) -> bool:
    """Say whether the template leads to a ticket."""
    return any(v.kind is Kind.LINK for v in _variables(template).values())


def check(template: str, params: Mapping[str, Param]) -> dict[str, str]:
    """Return `params` as they are stored: text, moments in ISO 8601.

    Raises:
        ValueError: No such template, or a variable is missing, unknown, too long or of another
            type. That is the caller's mistake, never a user's.
    """
    variables = _variables(template)
    unknown = params.keys() - variables.keys() | ({"link"} & params.keys())
    if unknown:
        message = f"template {template}: unknown variables {sorted(unknown)}"
        raise ValueError(message)
    return {
        name: _checked(template, name, variable, params.get(name))
        for name, variable in variables.items()
        if variable.kind is not Kind.LINK
    }


def sms(
    template: str,
    language: str,
    params: Mapping[str, str],
    *,
    sender_name: str,
    brandname: str,
    unaccented: bool,
    own: str | None = None,
) -> Rendered:
    """Return the SMS of checked `params` (with `link` where the template has one).

    The legal sender name begins the text where the registered sender cannot hold it. `own` are
    the hotline's own words instead of the program's.
    """
    values = {
        name: _shown(variable, params.get(name, ""), short=True)
        for name, variable in _variables(template).items()
    }
    begin = "" if brandname.casefold() == unaccent(sender_name).casefold() else f"{sender_name}: "
    words = _source(template, language, "") if own is None else own
    text = segments.prepare(begin + fill(words, values), unaccented=unaccented)
    counted = segments.segments(text)
    return Rendered(
        text=text,
        subject="",
        alphabet=counted.alphabet.value,
        parts=counted.parts,
        values={n: segments.prepare(v, unaccented=unaccented) for n, v in values.items()},
    )


def letter(
    template: str, language: str, params: Mapping[str, str], *, sender_name: str
) -> Rendered:
    """Return the letter: its first line is the subject."""
    values = {
        name: _shown(variable, params.get(name, ""), short=False)
        for name, variable in _variables(template).items()
    }
    filled = fill(_source(template, language, "letter."), {**values, "sender": sender_name})
    subject, _, body = filled.partition("\n")
    return Rendered(
        text=body.strip() + "\n", subject=subject.strip(), alphabet="", parts=0, values=values
    )


def shipped(template: str, language: str) -> str:
    """Return the program's own words of an SMS."""
    return _source(template, language, "")


def fill(source: str, values: Mapping[str, str]) -> str:
    """Put `values` in place; a [passage] with an empty variable in it falls away.

    Braces and brackets inside a value are text: each place is filled once.
    """
    pieces = re.split(r"\[([^\[\]]*)\]", source)
    return "".join(
        "" if odd and _lacks(piece, values) else _VARIABLE.sub(lambda m: values[m[1]], piece)
        for odd, piece in ((i % 2, piece) for i, piece in enumerate(pieces))
    )


def moment_text(moment: datetime) -> str:
    """Return an aware moment as a message says it: 17:00 26/11/2026.

    The end of a day is 24:00 of that day, never 00:00 of the next: people would come a day late.
    """
    local = check_aware(moment).astimezone(HCM)
    if local.time() == time.min:
        return f"24:00 {local - timedelta(days=1):%d/%m/%Y}"
    return f"{local:%H:%M %d/%m/%Y}"


_VARIABLE = re.compile(r"\{(\w+)\}")


def _lacks(piece: str, values: Mapping[str, str]) -> bool:
    return any(not values[m[1]] for m in _VARIABLE.finditer(piece))


def _variables(template: str) -> dict[str, Variable]:
    try:
        return VARIABLES[template]
    except KeyError:
        message = f"no template {template!r}"
        raise ValueError(message) from None


def _checked(template: str, name: str, variable: Variable, value: Param) -> str:
    where = f"template {template}, variable {name}"
    if value is None or value == "":
        if variable.required:
            message = f"{where}: missing"
            raise ValueError(message)
        return ""
    if variable.kind is Kind.MOMENT:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            message = f"{where}: not a moment"
            raise ValueError(message)
        return check_aware(moment).isoformat()
    if isinstance(value, datetime):
        message = f"{where}: a moment where text belongs"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for one kind of mistake
    text = clean(str(value))
    if variable.kind is Kind.EXACT and len(text) > variable.limit:
        message = f"{where}: longer than {variable.limit}"
        raise ValueError(message)
    return text


def _shown(variable: Variable, stored: str, *, short: bool) -> str:
    if not stored:
        return ""
    match variable.kind:
        case Kind.MOMENT:
            return moment_text(datetime.fromisoformat(stored))
        case Kind.NAME:
            return segments.cut(stored, variable.limit) if short else stored
        case Kind.EXACT | Kind.LINK:
            return stored


@cache
def _source(template: str, language: str, kind: str) -> str:
    known = language if language in LANGUAGES else LANGUAGES[0]
    folder = resources.files("sms") / "templates" / template
    return (folder / f"{kind}{known}.txt").read_text(encoding="utf-8").rstrip("\n")
