"""Values and pure rules of keeping and deleting; no I/O."""

from datetime import datetime, timedelta
from enum import StrEnum

from tongdai.accounts.model import Role

KEEPERS = (Role.AUDITOR, Role.ADMINISTRATOR)
"""The two whose agreement deletes: one of each, and two different people."""
OTHER = {Role.AUDITOR: Role.ADMINISTRATOR, Role.ADMINISTRATOR: Role.AUDITOR}


class ListState(StrEnum):
    """A list of what is to be deleted: [scheduled ->] proposed -> rejected | approved -> done.

    `scheduled`: the service made it; it waits for the first of the two people.
    """

    SCHEDULED = "scheduled"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    DONE = "done"


OPEN = (ListState.SCHEDULED, ListState.PROPOSED, ListState.APPROVED)
"""What is in such a list is in no other."""


class ItemState(StrEnum):
    """One recording of a list: waiting -> kept (held meanwhile) | deleted -> removed.

    `deleted` says that row and manifest say so; `removed`, that the object is gone as well.
    """

    WAITING = "waiting"
    KEPT = "kept"
    DELETED = "deleted"
    REMOVED = "removed"


def kept_until(now: datetime, days: int) -> datetime:
    """Return the moment before which a recording must have begun for its time to have run out."""
    return now - timedelta(days=days)
