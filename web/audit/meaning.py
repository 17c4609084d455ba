"""What somebody typed into the one search box: a number, its end, a ticket, or words; pure."""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from telephony.calls.tables import TAIL_DIGITS
from tickets import codes
from tickets.tables import Ticket
from tongdai.errors import Invalid
from tongdai.phone import normalise

_TICKET_NUMBER = re.compile(r"(\d{4})\s*-\s*(\d{1,9})")
_ONLY_DIGITS = re.compile(r"[\d\s().+\-/…*]+")
_WHOLE = 10
"""Digits of a whole number as it is dialled here: 0912345678."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """At most one of these is there.

    Attributes:
        number: A whole telephone number, E.164.
        tail: The last digits of one, four or more.
        tickets: Conditions of the tickets that are meant, by number or look-up code.
        words: Words of the ticket: of its sender, place, content.
    """

    number: str | None = None
    tail: str | None = None
    tickets: tuple[ColumnElement[bool], ...] | None = None
    words: str = ""


def meaning(typed: str) -> Meaning:
    """Return what was typed.

    Raises:
        Invalid: Fewer digits than a number can be found by.
    """
    text = typed.strip()
    ticket = _TICKET_NUMBER.fullmatch(text)
    if ticket:
        return Meaning(tickets=(col(Ticket.number) == f"{ticket[1]}-{int(ticket[2]):06d}",))
    if not text or not _ONLY_DIGITS.fullmatch(text):
        return Meaning(words=text)
    digits = re.sub(r"\D", "", text)
    if len(digits) < TAIL_DIGITS:
        raise Invalid(fields={"q": "too_few_digits"})
    number = normalise(re.sub(r"[…*/]", "", text)) if len(digits) >= _WHOLE else None
    if number is None:
        return Meaning(tail=digits)
    code = codes.read(text)
    if code is not None and not text.startswith(("0", "+", "84")):
        return Meaning(tickets=(col(Ticket.code) == code,))
    return Meaning(number=number)
