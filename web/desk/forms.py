"""The desk's forms: what is typed, and what can be taken of it."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tongdai.clock import HCM
from web.desk.requests import read_day, read_moment
from web.forms import Form


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("missing", "required", {"code": "required"})
    try:
        return read_day(value)
    except ValueError:
        raise PydanticCustomError("day", "not a day", {"code": "not_a_date"}) from None


Day = Annotated[date, BeforeValidator(_day)]


def _until(value: object) -> datetime:
    """Read a day, of which the end is meant, or a moment of the hotline's clock."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and ":" in value:
        try:
            return read_moment(value)
        except ValueError:
            raise PydanticCustomError("day", "no moment", {"code": "not_day_and_time"}) from None
    return end_of(_day(value))


Until = Annotated[datetime, BeforeValidator(_until)]
Words = Annotated[str, Field(min_length=1, max_length=4000)]
Number = Annotated[str, Field(min_length=1, max_length=100)]


class AnswerForm(Form):
    """The written reply (CT-9.1.2c): its text, and its number or the document itself."""

    text: Annotated[str, Field(min_length=1, max_length=20_000)] = ""
    document_number: Annotated[str, Field(max_length=100)] = ""


class ExtensionForm(Form):
    """A later date; what else it needs (letter, reason) is the procedure's to say (CT-9.1.2d)."""

    document: Annotated[str, Field(max_length=100)] = ""
    document_date: Annotated[Day | None, BeforeValidator(lambda v: v or None)] = None
    until: Until
    reason: Annotated[str, Field(max_length=2000)] = ""


class WishForm(Form):
    """The letter that promises a final date, as the focal point asks for it: with the reason."""

    document: Number
    document_date: Day
    until: Day
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class StandstillForm(Form):
    """Force majeure for many tickets (A-TN-2)."""

    hotline: Annotated[str, Field(min_length=1, max_length=32)]
    unit: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Annotated[str, Field(max_length=2000)] = ""
    until: Annotated[str, Field(min_length=1, max_length=40)]


class DoingForm(Form):
    """Any other act: TIMELINE.md's fields, each as a text."""

    ground: Annotated[str, Field(max_length=64)] = ""
    score: Annotated[str, Field(max_length=20)] = ""
    level: Annotated[str, Field(max_length=20)] = ""
    reason: Annotated[str, Field(max_length=2000)] = ""
    guidance: Annotated[str, Field(max_length=2000)] = ""
    text: Annotated[str, Field(max_length=20_000)] = ""


class WordsForm(Form):
    """A reason, or a remark."""

    text: Words


class ReferForm(Form):
    """Another unit, and why (A-CT-15); the appointment that a one-stop desk made (HB-8.1.c)."""

    unit_id: Annotated[str, Field(max_length=64)] = ""
    until: Annotated[Until | None, BeforeValidator(lambda v: v or None)] = None
    reason: Annotated[str, Field(max_length=2000)] = ""


def end_of(day: date) -> datetime:
    """Return the end of a day as an instant: 00:00 of the next (TIMELINE.md, `until`)."""
    return datetime.combine(day + timedelta(days=1), time.min, HCM)
