"""What the console's scripts are told, as JSON (web/assets/ts/console/types.ts says the same)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from telephony.calls.choice import choice_of
from telephony.calls.model import CallView
from telephony.capture.model import Kept
from telephony.operators.model import Operator
from telephony.transfers.model import TransferView
from tickets.directory import Contact, Person, SubjectField, Unit
from tickets.model import FormRules
from tickets.tables import Ticket
from tongdai.accounts.model import Role, Viewer
from tongdai.ids import AccountId
from tongdai.phone import national, parse_caller
from tongdai.settings import HotlineTable, Settings
from web.ports import iso

Json = dict[str, Any]


def card(call: CallView, account: AccountId) -> Json:
    """Return a call as one operator sees it."""
    caller = parse_caller(call.caller_raw, presentation_allowed=call.caller_kind != "anonymous")
    return {
        "id": call.id,
        "version": call.version,
        "hotline": call.hotline,
        "direction": call.direction,
        "caller": {
            "kind": call.caller_kind,
            "national": caller.national,
            "e164": call.caller_number,
            "raw": call.caller_raw,
            "name": call.caller_name,
        },
        "called": call.called_number,
        "chosen": chosen(call.menu),
        "started_at": iso(call.started_at),
        "queued_at": iso(call.queue_joined_at),
        "answered_at": iso(call.answered_at),
        "ended_at": iso(call.ended_at),
        "state": call.state,
        "outcome": call.outcome,
        "ticket": call.ticket,
        "ringing": account in call.ringing,
        "mine": call.operator == account,
    }


def chosen(menu: str | None) -> Json | None:
    """Return what the caller chose in the menus; None when nothing was."""
    choice = choice_of(menu)
    if not choice:
        return None
    return {
        "field": choice.field,
        "skill": choice.skill,
        "priority": choice.priority,
        "language": choice.language,
        "after": choice.after,
        "cut_off_at": iso(datetime.fromtimestamp(choice.cut_off_at, UTC))
        if choice.cut_off_at
        else None,
    }


def me(operator: Operator | None, viewer: Viewer, since: str) -> Json:
    """Return the operator's own state; somebody who is not signed on has one as well."""
    if operator is None:
        return {
            "state": "signed_off",
            "reason": "",
            "since": since,
            "until": None,
            "device": "web",
            "extension": viewer.extension,
            "hotlines": list(viewer.hotlines_for(Role.OPERATOR)),
            "next_pause": "",
            "phone": False,
        }
    return {
        "state": operator.state,
        "reason": operator.reason,
        "since": iso(operator.since),
        "until": iso(operator.until),
        "device": operator.device,
        "extension": operator.extension,
        "hotlines": list(operator.hotlines),
        "next_pause": operator.next_pause,
        "phone": operator.phone,
    }


def setup(settings: Settings, viewer: Viewer, channels: Sequence[tuple[str, str]]) -> Json:
    """Return what the page knows from the start."""
    mine = viewer.hotlines_for(Role.OPERATOR)
    return {
        "account": viewer.id,
        "name": viewer.name,
        "extension": viewer.extension,
        "hotlines": [_hotline(h) for h in settings.hotlines if h.id in mine],
        "channels": [{"code": code, "name": name} for code, name in channels],
    }


def kept(found: Kept) -> Json:
    """Return how the recording of a live call stands."""
    return {
        "call": found.call,
        "keeping": found.keeping,
        "since": iso(found.since),
        "by": found.by_name,
    }


def transfer(view: TransferView) -> Json:
    """Return a transfer."""
    person, _, unit = view.label.partition(", ")
    return {
        "id": view.id,
        "call": view.call_id,
        "kind": view.kind,
        "state": view.state,
        "joined": view.joined,
        "reason": view.reason,
        "detail": view.detail,
        "person": person,
        "unit": unit,
        "number": _read(view.number),
        "started_at": iso(view.started_at),
        "answered_at": iso(view.answered_at),
        "ended_at": iso(view.ended_at),
    }


def rules(found: FormRules, fields: Sequence[SubjectField], units: Sequence[Unit]) -> Json:
    """Return what a hotline's form goes by, with the fields and units to choose from."""
    codes = {unit.code: unit.id for unit in units}
    return {
        "procedure": found.procedure,
        "refers": found.procedure is not None,
        "types": [
            {"code": t.code, "name": t.name, "unit": codes.get(t.unit or "")} for t in found.types
        ],
        "grounds": [
            {"code": g.code, "name": g.name, "guidance": g.guidance} for g in found.grounds
        ],
        "required": sorted(found.required),
        "confidentiality": found.confidentiality,
        "fields": [
            {"id": f.id, "name": f.name, "also": f.keywords, "unit": f.unit_id} for f in fields
        ],
        "units": [
            {
                "id": u.id,
                "name": u.name,
                "also": u.aliases.replace("\n", " "),
                "handles": u.handling_unit,
            }
            for u in units
        ],
    }


def contact(found: Contact, phone: str | None) -> Json:
    """Return a contact to choose."""
    return {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "address": found.address,
        "email": found.email,
        "phone": national(phone) if phone else "",
    }


def person(found: Person, unit: str) -> Json:
    """Return somebody of the directory."""
    return {
        "id": found.id,
        "name": found.name,
        "title": found.title,
        "unit": unit,
        "unit_id": found.unit_id,
        "role": found.role,
        "phone": national(found.phone) if found.phone else "",
        "mobile": national(found.mobile) if found.mobile else "",
    }


def ticket_line(ticket: Ticket, sender: str, fields: dict[str, str], units: dict[str, str]) -> Json:
    """Return a ticket as one line of a list.

    Args:
        ticket: Which.
        sender: The sender's name as the viewer may know it.
        fields: Names by id.
        units: Names by id.
    """
    return {
        "id": ticket.id,
        "number": ticket.number,
        "state": ticket.state,
        "type": ticket.type or "",
        "field": fields.get(ticket.field_id or "", ""),
        "unit": units.get(ticket.unit_id or "", ""),
        "content": ticket.content[:240],
        "sender": sender,
        "at": iso(ticket.filed_at or ticket.created_at),
        "due_at": iso(ticket.due_at),
        "overdue": ticket.overdue,
    }


def call_line(call: CallView, operators: dict[str, str], tickets: dict[str, str]) -> Json:
    """Return an earlier call as one line."""
    return {
        "id": call.id,
        "at": iso(call.started_at),
        "direction": call.direction,
        "outcome": call.outcome or "",
        "operator": operators.get(call.operator or "", ""),
        "ticket": tickets.get(call.ticket or ""),
    }


def _read(number: str) -> str:
    return national(number) if number.startswith("+") else number


def _hotline(table: HotlineTable) -> Json:
    return {
        "id": table.id,
        "name": table.name,
        "title": table.title,
        "number": table.number,
        "typed_numbers": table.transfer_typed_numbers,
        "pauses": [{"code": p.code, "name": p.name} for p in table.pause],
    }
