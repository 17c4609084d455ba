"""The form as typed, the rules of a procedure for it, and what of it can be taken; pure."""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.errors import FormIncomplete
from tongdai.phone import parse_caller
from tongdai.text import clean, nfc

_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}")
_ON = {"1", "on", "true", "yes"}


class TicketState(StrEnum):
    """A ticket's state (DESIGN.md, the API's list)."""

    DRAFT = "draft"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    REJECTED = "rejected"


class Channel(StrEnum):
    """The reception channels (CT-2.1)."""

    PHONE = "phone"
    PORTAL = "portal"
    EMAIL = "email"
    APP = "app"
    ZALO = "zalo"
    FACEBOOK = "facebook"
    IN_PERSON = "in_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType:
    """A type of ticket, as a procedure file gives it (CT-4).

    Attributes:
        code: `administrative_act`.
        name: In Vietnamese, for people.
        track: The track that it decides (CT-9.1, A-CT-14), None where the procedure says nothing.
        unit: Code of the unit that it always goes to first, if there is one (CT-4.2).
        source: Where the text says so.
    """

    code: str
    name: str
    track: str | None = None
    unit: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A reason for which a ticket may be refused, with the guidance usually given (CT-8.2)."""

    code: str
    name: str
    guidance: str = ""
    source: str = ""


REQUIRED = frozenset({"type", "content", "sender_name", "sender_address", "sender_phone"})
"""What CT-6.2 and CT-6.3 ask for; the other texts ask for no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRules:
    """What a procedure says about the form.

    Attributes:
        types: In the order in which they are shown; empty: the procedure is not there yet.
        grounds: Of a refusal.
        required: Names of TicketForm's fields that may not be empty.
        confidentiality: Whether a sender may ask to be kept secret.
        procedure: The version that a ticket filed under these rules keeps.
    """

    types: tuple[TicketType, ...] = ()
    grounds: tuple[Ground, ...] = ()
    required: frozenset[str] = REQUIRED
    confidentiality: bool = False
    procedure: str | None = None

    def type(self, code: str | None) -> TicketType | None:
        """Return the type of that code."""
        return next((t for t in self.types if t.code == code), None)

    def ground(self, code: str | None) -> Ground | None:
        """Return the ground of that code."""
        return next((g for g in self.grounds if g.code == code), None)


PLAIN = FormRules(types=(TicketType(code="report", name="Phản ánh, kiến nghị"),))
"""For a hotline whose procedure is not there yet: tickets are filed, and nothing more."""

LONGEST: Mapping[str, int] = {
    "sender_name": 200,
    "sender_address": 500,
    "sender_phone": 64,
    "sender_email": 254,
    "content": 20_000,
    "place": 500,
    "direct_answer": 20_000,
}
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is stored of a form: NFC, without control characters, one line where one is meant."""

    type: str | None
    channel: Channel
    sender_kind: str
    sender_name: str
    sender_address: str
    sender_phone: str
    sender_e164: str | None
    sender_email: str
    content: str
    field: str | None
    place: str
    unit: str | None
    person: str | None
    contact: str | None
    confidential: bool
    direct_answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketForm:
    """The ticket form as it stands in the browser: strings, whatever they hold.

    The names are the names of the inputs. `field`, `unit`, `person`, `contact` hold ids,
    `confidential` holds "on" or nothing. `more` keeps what a page adds, so that autosave loses
    nothing.
    """

    type: str = ""
    channel: str = ""
    sender_kind: str = ""
    sender_name: str = ""
    sender_address: str = ""
    sender_phone: str = ""
    sender_email: str = ""
    content: str = ""
    field: str = ""
    place: str = ""
    unit: str = ""
    person: str = ""
    contact: str = ""
    confidential: str = ""
    direct_answer: str = ""
    more: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, typed: Mapping[str, object]) -> "TicketForm":
        """Make a form of what a browser or a program sent; unknown names are kept in `more`."""
        known = {f.name for f in dataclasses.fields(cls)} - {"more"}
        values = {name: _string(typed[name]) for name in known if name in typed}
        nested = typed.get("more")
        more = {k: _string(v) for k, v in nested.items()} if isinstance(nested, Mapping) else {}
        more |= {k: _string(v) for k, v in typed.items() if k not in known and k != "more"}
        return cls(**values, more=more)

    def with_content(self, content: str) -> "TicketForm":
        """Return the form with its content written."""
        return dataclasses.replace(self, content=content)

    def as_dict(self) -> dict[str, object]:
        """Return what `of` reads back, as JSON values; what nobody typed is left out."""
        values: dict[str, object] = {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if f.name != "more" and getattr(self, f.name)
        }
        return values | ({"more": dict(self.more)} if self.more else {})

    def errors(self, rules: FormRules) -> dict[str, str]:
        """Return field -> what is wrong: required, too_long, not_known, not_readable."""
        taken = self.checked(rules)
        wrong = {
            name: "required"
            for name in sorted(rules.required)
            if not clean(str(getattr(self, name)))
        }
        wrong |= {n: "too_long" for n, most in LONGEST.items() if len(getattr(self, n)) > most}
        if self.type and rules.type(self.type) is None:
            wrong["type"] = "not_known"
        if self.channel and self.channel not in set(Channel):
            wrong["channel"] = "not_known"
        if taken.sender_phone and taken.sender_e164 is None:
            wrong.setdefault("sender_phone", "not_readable")
        if taken.sender_email and not _EMAIL.fullmatch(taken.sender_email):
            wrong.setdefault("sender_email", "not_readable")
        return wrong

    def validate(self, rules: FormRules) -> Checked:
        """Return what is to be stored.

        Raises:
            FormIncomplete: With the code of what is wrong by field (CT-6.2, CT-6.3).
        """
        wrong = self.errors(rules)
        if wrong:
            raise FormIncomplete(fields=wrong)
        return self.checked(rules)

    def checked(self, rules: FormRules) -> Checked:
        """Return the clean values without asking whether they suffice, for a draft's columns."""
        phone = clean(self.sender_phone)
        return Checked(
            type=self.type if rules.type(self.type) else None,
            channel=Channel(self.channel) if self.channel in set(Channel) else Channel.PHONE,
            sender_kind="organisation" if self.sender_kind == "organisation" else "person",
            sender_name=clean(self.sender_name),
            sender_address=clean(self.sender_address),
            sender_phone=phone,
            sender_e164=parse_caller(phone).e164,
            sender_email=clean(self.sender_email),
            content=clean_lines(self.content),
            field=self.field.strip() or None,
            place=clean(self.place),
            unit=self.unit.strip() or None,
            person=self.person.strip() or None,
            contact=self.contact.strip() or None,
            confidential=rules.confidentiality and self.confidential.casefold() in _ON,
            direct_answer=clean_lines(self.direct_answer),
        )


def clean_lines(text: str) -> str:
    """Return `text` in NFC without control characters, its line breaks kept as LF."""
    lines = nfc(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [
        "".join(c if unicodedata.category(c)[0] != "C" else " " for c in line).rstrip()
        for line in lines
    ]
    return "\n".join(kept).strip("\n").strip()


def _string(value: object) -> str:
    if value is None or value is False:
        return ""
    text = "on" if value is True else str(value)
    # what no database text column can hold: NUL, and halves of a UTF-16 pair
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
