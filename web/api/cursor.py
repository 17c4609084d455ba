"""Cursors: where a page ended, as an opaque text."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from web.api.faults import CursorUnreadable


def of_moment(at: datetime, row_id: str) -> str:
    """Return the cursor of a list that is ordered by a moment and an id."""
    return _encode([at.isoformat(), row_id])


def to_moment(cursor: str) -> tuple[datetime, str]:
    """Return what `of_moment` was given.

    Raises:
        CursorUnreadable: It is none of ours.
    """
    match _decode(cursor):
        case [str(at), str(row_id)]:
            try:
                moment = datetime.fromisoformat(at)
            except ValueError as error:
                raise CursorUnreadable from error
            if moment.utcoffset() is not None:
                return moment, row_id
        case _:
            pass
    raise CursorUnreadable


def of_number(number: int) -> str:
    """Return the cursor of a list that is ordered by a number."""
    return _encode([number])


def to_number(cursor: str) -> int:
    """Return what `of_number` was given.

    Raises:
        CursorUnreadable: It is none of ours.
    """
    match _decode(cursor):
        case [int(number)] if 0 <= number < 2**63:
            return number
        case _:
            raise CursorUnreadable


def _encode(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _decode(cursor: str) -> Any:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise CursorUnreadable from error
