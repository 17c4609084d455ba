"""What must hold after any number of kills: each thing once; pure, over what was read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]
SHORT_SECONDS = 2.0
"""A call that a person answered for less than this may have no sound to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was done, and what is in the register and at the network afterwards.

    Attributes:
        placed: E.164 numbers of citizens whose call the PBX answered.
        tried: Those whose call was refused or cut: in the register at most once.
        filed: Numbers of the tickets that operators saw filed.
        texts: What the SMSC received.
    """

    placed: frozenset[str]
    tried: frozenset[str]
    filed: frozenset[str]
    calls: list[Row]
    tickets: list[Row]
    recordings: list[Row]
    messages: list[Row]
    transfers: list[Row]
    texts: list[str]


def problems(seen: Seen) -> Iterator[str]:
    """Yield a sentence for everything that was lost, doubled or left open."""
    yield from _calls(seen)
    yield from _recordings(seen)
    yield from _tickets(seen)
    yield from _messages(seen)
    for transfer in seen.transfers:
        if not transfer["ended_at"]:
            yield f"the transfer {transfer['id']} is left {transfer['state']}"


def recorded(seen: Seen) -> Iterator[str]:
    """Yield what is wrong with calls, their recordings and their transfers alone."""
    yield from _calls(seen)
    yield from _recordings(seen)
    for transfer in seen.transfers:
        if not transfer["ended_at"]:
            yield f"the transfer {transfer['id']} is left {transfer['state']}"


def unknown(seen: Seen) -> list[str]:
    """Return the messages that nobody can tell of: DESIGN.md rule 3 lists them for a person."""
    return [m["id"] for m in seen.messages if m["state"] == "unknown"]


def _calls(seen: Seen) -> Iterator[str]:
    count = Counter(call["caller_number"] for call in seen.calls)
    for number in sorted(seen.placed):
        if count[number] != 1:
            yield f"the call from {number} is in the register {count[number]} times"
    for number in sorted(seen.tried):
        if count[number] > 1:
            yield f"the call from {number} is in the register {count[number]} times"
    for number in sorted(count.keys() - seen.placed - seen.tried, key=str):
        yield f"nobody called from {number}"
    for call in seen.calls:
        if call["state"] != "ended" or call["ended_at"] is None or call["outcome"] is None:
            yield f"the call {call['id']} is left open ({call['state']})"


def _recordings(seen: Seen) -> Iterator[str]:
    count = Counter(r["call"] for r in seen.recordings if r["kind"] == "call")
    for call in seen.calls:
        if count[call["id"]] > 1:
            yield f"the call {call['id']} has {count[call['id']]} recordings"
        if count[call["id"]] == 0 and _answered_seconds(call) > SHORT_SECONDS:
            yield f"the call {call['id']} was answered and has no recording"
    for other in count.keys() - {call["id"] for call in seen.calls}:
        yield f"a recording belongs to no call: {other}"


def _tickets(seen: Seen) -> Iterator[str]:
    numbers = [t["number"] for t in seen.tickets if t["number"]]
    wanted = {f"{number[:5]}{n:06d}" for n, number in enumerate(sorted(numbers), start=1)}
    if set(numbers) != wanted or len(numbers) != len(set(numbers)):
        yield f"ticket numbers have holes or doubles: {sorted(numbers)}"
    for number in sorted(seen.filed - set(numbers)):
        yield f"the ticket {number} was filed and is not there"
    for call, count in Counter(t["call"] for t in seen.tickets if t["call"]).items():
        if count > 1:
            yield f"the call {call} has {count} tickets"


def _messages(seen: Seen) -> Iterator[str]:
    by_ticket: dict[str, list[Row]] = {}
    for message in seen.messages:
        if message["purpose"] == "referral":
            by_ticket.setdefault(message["ticket"], []).append(message)
    for ticket in seen.tickets:
        if ticket["stage"] != "focal_point":
            continue
        owed = by_ticket.get(ticket["id"], [])
        if len(owed) != 1:
            yield f"the ticket {ticket['number']} was referred with {len(owed)} messages"
            continue
        arrived = sum(f"Phieu {ticket['number']}," in text for text in seen.texts)
        if arrived > 1:
            yield f"the SMS of {ticket['number']} arrived {arrived} times"
        if arrived == 0 and owed[0]["state"] not in {"unknown", "not_sendable"}:
            yield f"the SMS of {ticket['number']} is {owed[0]['state']} and never arrived"


def _answered_seconds(call: Row) -> float:
    if call["answered_at"] is None or call["ended_at"] is None:
        return 0.0
    began = datetime.fromisoformat(call["answered_at"])
    return (datetime.fromisoformat(call["ended_at"]) - began).total_seconds()
