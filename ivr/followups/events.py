"""What the tasks of calling back tell the other parts."""

from dataclasses import dataclass

from tongdai.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackChanged(Event):
    """A task came to be or changed; who shows it reads it again.

    Attributes:
        task: Its id.
        hotline: Whose.
        state: As it is now.
        by: Who did it: account id or `system`.
    """

    task: str
    hotline: str
    state: str
    by: str
