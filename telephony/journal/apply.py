"""A journal's records -> the registry, as it was when they were written; pure.

The live bridge does the same with the same functions, so that what it had is what replay gives.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from telephony.ami import parsers
from telephony.ami.wire import Splitter
from telephony.calls import checkpoint
from telephony.calls.cel import rows_of
from telephony.calls.model import Call, CallView
from telephony.calls.reconcile import Findings, reconcile, state_of
from telephony.calls.registry import NOTHING, Change, Registry
from telephony.journal.records import Kind, Record
from tongdai.ids import CallId, TransferId, Uniqueid

_VIEWS = TypeAdapter(list[tuple[CallView, int]])


def moment(at: float) -> datetime:
    """Return a record's moment (aware, real time)."""
    return datetime.fromtimestamp(at, UTC)


def apply(registry: Registry, record: Record) -> list[Change]:
    """Do what a record says; return what it changed, in order."""
    match record.kind:
        case Kind.PACKETS:
            return list(feed(registry, split(record.data), moment(record.at)))
        case Kind.CONNECTED:
            registry.epoch += 1
        case Kind.LOST:
            registry.alive_at = moment(record.json()["alive_at"]) + registry.offset
        case Kind.STATE:
            return apply_state(registry, record.json())
        case Kind.NOTE:
            apply_note(registry, record.json())
        case Kind.CHECKPOINT:
            pass
    return []


def split(data: bytes) -> list[bytes]:
    """Return the packets of a PACKETS record."""
    return Splitter().feed(data)[1]


def feed(registry: Registry, raw: Iterable[bytes], received: datetime) -> Iterator[Change]:
    """Feed packets as they came; give what changed."""
    registry.alive_at = received + registry.offset
    for packet in raw:
        typed = parsers.parse(packet, received)
        if typed is not None:
            change = registry.feed(typed)
            if change is not NOTHING:
                yield change


def apply_state(registry: Registry, told: dict[str, Any]) -> list[Change]:
    """Reconcile with what was read of the PBX; `told` is a STATE record's data."""
    offset = registry.offset
    found = Findings(
        state=state_of(p.encode("utf-8", "surrogateescape") for p in told["packets"]),
        read_at=moment(told["read_at"]) + offset,
        connected_at=moment(told["connected_at"]) + offset,
        alive_at=registry.alive_at,
        cel=rows_of(told["cel"], offset),
    )
    return reconcile(registry, found)


def apply_note(registry: Registry, note: dict[str, Any]) -> None:
    """Do what a NOTE says: the clock's offset, a transfer's legs, a ticket, rows taken over."""
    match note:
        case {"offset": seconds}:
            registry.offset = timedelta(seconds=seconds)
        case {"transfer": transfer, "call": call}:
            registry.expect(TransferId(transfer), CallId(call))
        case {"ticket": ticket, "call": call}:
            registry.link_ticket(CallId(call), ticket)
        case {"adopt": views}:
            for view, legs in _VIEWS.validate_python(views):
                adopt(registry, view, legs)
        case _:
            pass


def adopt_note(views: Iterable[tuple[CallView, int]]) -> dict[str, Any]:
    """Return the NOTE that tells of rows taken over."""
    return {"adopt": _VIEWS.dump_python(list(views), mode="json")}


def adopt(registry: Registry, view: CallView, legs: int) -> None:
    """Take over a call of which only its row is left: its caller's channel has the linkedid."""
    moments = (view.started_at, view.queue_joined_at, view.answered_at)
    last_at = max(m for m in moments if m is not None)
    main = Uniqueid(view.linkedid)
    registry.adopt(Call(view=view, main=main, channels={}, last_at=last_at, legs=legs))
    if registry.alive_at is None or registry.alive_at < last_at:
        registry.alive_at = last_at


def restore(registry: Registry, records: list[Record]) -> list[Change]:
    """Bring an empty registry to where the journal's last run ends."""
    if not records:
        return []
    checkpoint.load(registry, records[0].data)
    changes: list[Change] = []
    for record in records[1:]:
        changes += apply(registry, record)
    return changes
