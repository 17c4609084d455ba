"""Everything that a ticket's page shows, gathered for one viewer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from escalation.acts import Acts
from escalation.rows import ActRule
from escalation.whose import OpenActs
from sms import store as messages
from sms.model import Channel as By
from sms.store import Story
from telephony.recordings import store as recordings
from telephony.recordings.access import HEARERS
from telephony.recordings.tables import Recording
from tickets import access, attachments, notes, ratings, results, units
from tickets.access import SenderView
from tickets.tables import Attachment, ExtensionLetter, Note, Rating, Result, Ticket, Unit
from tongdai.accounts.model import OF_UNIT, Role, Viewer
from tongdai.i18n import _
from tongdai.phone import national
from web.desk import people
from web.desk.countdown import Countdown, countdown
from web.desk.doing import Doing, asks_the_operator, doings, extension_words
from web.desk.requests import ExtensionWish, read_wish
from web.desk.sentences import Sentence, sentences
from web.desk.words import CHANNELS

_TOKEN = re.compile(r"/l/\w+")
_SEES_NUMBERS = (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class MayDo:
    """Which forms the page offers; the law is asked again when one is sent."""

    answer: bool
    wish: bool
    extend: bool
    return_it: bool
    refer: bool
    note: bool
    attach: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """A message as it may be shown: no token of its link, the number masked where it must be."""

    story: Story
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket's page."""

    ticket: Ticket
    sender: SenderView
    type_name: str
    channel_name: str
    field_name: str
    unit_name: str
    person_name: str
    countdown: Countdown | None
    receipt: tuple[str, ...]
    history: tuple[Sentence, ...]
    results: tuple[Result, ...]
    letters: tuple[ExtensionLetter, ...]
    files: tuple[Attachment, ...]
    notes: tuple[Note, ...]
    wish: ExtensionWish | None
    messages: tuple[MessageLine, ...]
    recordings: tuple[Recording, ...]
    may: MayDo
    doings: tuple[Doing, ...]
    extension_words: str
    answering: ActRule | None
    referring: ActRule | None
    ratings: tuple[Rating, ...]
    units: tuple[Unit, ...]
    names: dict[str, str]


async def view(
    session: AsyncSession, acts: Acts, viewer: Viewer, ticket_id: str, now: datetime
) -> TicketView:
    """Gather the page.

    Raises:
        NoSuchTicket: There is none, or the viewer may not know that there is.
    """
    ticket = await access.get(session, viewer, ticket_id)
    history = await acts.history(session, ticket_id)
    letters = await results.letters_of_ticket(session, ticket_id)
    remarks = await notes.of_ticket(session, ticket_id)
    files = await attachments.of_ticket(session, ticket_id)
    found = await results.of_ticket(session, ticket_id)
    wish = _open_wish(remarks, letters)
    open_acts = await acts.open_to(session, ticket_id, viewer)
    may = _may(viewer, ticket, open_acts, used=bool(letters or wish))
    actors = [str(entry.get("actor", "")) for entry in history]
    unit_ids = [ticket.unit_id, *(str(e["unit_id"]) for e in history if e.get("unit_id"))]
    unit_names = await people.unit_names(session, unit_ids)
    names = await people.account_names(session, [*actors, *(f.by for f in files)])
    fields = await people.field_names(session, [ticket.field_id])
    calendar = acts.lawbook.calendar(ticket.hotline)
    heard = viewer.has_any(HEARERS, ticket.hotline)
    return TicketView(
        ticket=ticket,
        sender=access.sender(viewer, ticket),
        type_name=_type_name(acts, ticket),
        channel_name=_(CHANNELS.get(ticket.channel, ticket.channel)),
        field_name=fields.get(ticket.field_id or "", ""),
        unit_name=unit_names.get(ticket.unit_id or "", ""),
        person_name=await _person(session, ticket),
        countdown=countdown(now, ticket.due_at, calendar) if ticket.due_at else None,
        receipt=tuple(await acts.explain(session, ticket_id)) if ticket.due_at else (),
        history=tuple(sentences(history, names, unit_names)),
        results=tuple(found),
        letters=tuple(letters),
        files=tuple(files),
        notes=tuple(remarks),
        wish=wish,
        messages=tuple(
            _message(story, viewer, ticket)
            for story in await messages.of_ticket(session, ticket_id)
        ),
        recordings=await _recordings(session, ticket) if heard else (),
        may=may,
        doings=doings(open_acts.procedure, open_acts.rules) if open_acts.procedure else (),
        answering=next(iter(open_acts.rules.get("answered", ())), None),
        referring=next(iter(open_acts.rules.get("referred", ())), None),
        extension_words=extension_words(open_acts.fitting.get("extended", ())),
        ratings=tuple(await ratings.of_ticket(session, ticket_id)),
        units=tuple(await _choices(session, ticket, open_acts, now)) if may.refer else (),
        names=names,
    )


def _may(viewer: Viewer, ticket: Ticket, open_acts: OpenActs, *, used: bool) -> MayDo:
    roles, allowed = access.roles_on(viewer, ticket), set(open_acts.rules)
    wanted = asks_the_operator(open_acts.fitting.get("extended", ()))
    return MayDo(
        answer="answered" in allowed,
        wish=wanted and Role.FOCAL_POINT in roles and "extended" not in allowed and not used,
        extend="extended" in allowed,
        return_it=(
            ticket.stage == "focal_point"
            and "returned" not in allowed
            and not roles.isdisjoint(OF_UNIT)
        ),
        refer="referred" in allowed,
        note=access.may_act(viewer, ticket, "note"),
        attach=access.may_act(viewer, ticket, "attach"),
    )


def _open_wish(remarks: Sequence[Note], letters: Sequence[ExtensionLetter]) -> ExtensionWish | None:
    """Return the extension that was asked for and not entered yet."""
    if letters:
        return None
    asked = [read_wish(note.text) for note in remarks if note.kind == "extension_request"]
    return asked[-1] if asked else None


def _type_name(acts: Acts, ticket: Ticket) -> str:
    known = acts.lawbook.form_rules(ticket.hotline).type(ticket.type)
    return known.name if known else ""


async def _person(session: AsyncSession, ticket: Ticket) -> str:
    return (await units.person(session, ticket.person_id)).name if ticket.person_id else ""


async def _choices(
    session: AsyncSession, ticket: Ticket, open_acts: OpenActs, now: datetime
) -> list[Unit]:
    """Return where it can be referred: a re-routing goes elsewhere, an assignment may stay."""
    rerouting = any(rule.start == ticket.stage for rule in open_acts.rules.get("referred", ()))
    left_out = ticket.unit_id if rerouting else None
    tree = await units.tree(session, ticket.hotline, now)
    return [unit for unit in tree if unit.handling_unit and unit.id != left_out]


async def _recordings(session: AsyncSession, ticket: Ticket) -> tuple[Recording, ...]:
    wanted = recordings.Wanted(hotlines=(ticket.hotline,), tickets=(ticket.id,))
    listed = await recordings.page(session, wanted, limit=50)
    return tuple(one.recording for one in reversed(listed))


def _message(story: Story, viewer: Viewer, ticket: Ticket) -> MessageLine:
    row = story.message
    clear = viewer.has_any(_SEES_NUMBERS, ticket.hotline)
    to = row.recipient if row.channel == By.MAIL else national(row.recipient)
    return MessageLine(
        story=story, to=to if clear else _masked(to), text=_TOKEN.sub("/l/…", row.text)
    )


def _masked(to: str) -> str:
    name, at, place = to.partition("@")
    if at:
        return f"{name[:2]}…@{place}"
    return f"…{to[-3:]}" if len(to) > 3 else to
