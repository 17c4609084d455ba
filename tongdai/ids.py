"""The ids that travel between the parts: opaque strings, each kind a type of its own."""

from functools import lru_cache
from typing import NewType
from uuid import UUID, uuid4, uuid5

HotlineId = NewType("HotlineId", str)
AccountId = NewType("AccountId", str)
TicketId = NewType("TicketId", str)
CallId = NewType("CallId", str)
UnitId = NewType("UnitId", str)
PersonId = NewType("PersonId", str)
FieldId = NewType("FieldId", str)
ContactId = NewType("ContactId", str)
MessageId = NewType("MessageId", str)
RecordingId = NewType("RecordingId", str)
TransferId = NewType("TransferId", str)
Linkedid = NewType("Linkedid", str)
Uniqueid = NewType("Uniqueid", str)

_CALLS = UUID("6c1f0a52-8d1c-5f0e-9a3b-102200000000")


def new_id() -> str:
    """Return a fresh id that nobody can guess (a random UUID, 32 hex digits)."""
    return uuid4().hex


@lru_cache(maxsize=4096)
def call_id_of(pbx: str, linkedid: str) -> CallId:
    """Return the id of the call that `pbx` knows by `linkedid`: the same on any machine."""
    return CallId(uuid5(_CALLS, f"{pbx}/{linkedid}").hex)
