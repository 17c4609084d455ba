"""The manifest's text: one JSON object a line, whose SHA-256 anybody can work out. Pure.

A line's hash is that of the line with its line feed, as `sed -n 5p FILE | sha256sum` prints it.
Keys are in order and there is no blank, so that the same facts are always the same bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

VERSION = 1
START = "0" * 64
"""What the first entry and the first head have as their predecessor's hash."""


class EntryKind(StrEnum):
    """What an entry of the manifest says about a recording."""

    ARCHIVED = "archived"
    ADOPTED = "adopted"
    HELD = "held"
    RELEASED = "released"
    REKEYED = "rekeyed"
    DELETED = "deleted"


def canonical(facts: Mapping[str, Any]) -> str:
    """Return JSON values as one line without its line feed: keys in order, no blanks, UTF-8."""
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(line: str) -> str:
    """Return the SHA-256 of a line with its line feed, in hexadecimal."""
    return hashlib.sha256(f"{line}\n".encode()).hexdigest()


def moment(at: datetime) -> str:
    """Return a moment as the manifest writes it: UTC, microseconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_line(
    event: EntryKind, *, seq: int, at: datetime, previous: str, facts: Mapping[str, Any]
) -> str:
    """Return an entry's line.

    Args:
        event: What happened.
        seq: Its number in the manifest, from 1, without a gap.
        at: When (aware).
        previous: The hash of the entry before it.
        facts: What is said about the recording (JSON values).
    """
    frame = {"v": VERSION, "event": event, "seq": seq, "at": moment(at), "previous": previous}
    return canonical({**facts, **frame})


def head_line(
    *,
    no: int,
    until: datetime,
    first: int,
    last: int,
    root: str,
    last_hash: str,
    previous: str,
    key: str,
) -> str:
    """Return a head's line: what is signed.

    Args:
        no: The head's number, from 1, without a gap.
        until: The moment up to which entries are in it (aware).
        first: The first entry in it.
        last: The last entry in it; `first - 1` when nothing happened.
        root: The root of the Merkle tree over the hashes of these entries.
        last_hash: The hash of the last entry there is, in it or before it.
        previous: The hash of the head before it.
        key: The id of the key that signs it.
    """
    return canonical(
        {
            "v": VERSION,
            "event": "head",
            "no": no,
            "until": moment(until),
            "first": first,
            "last": last,
            "count": last - first + 1,
            "root": root,
            "last_hash": last_hash,
            "previous": previous,
            "key": key,
        }
    )
