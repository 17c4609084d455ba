"""One play is one line of the audit log, however often its player seeks."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import web

LIFE_SECONDS = 4 * 3600.0
MOST = 10_000


@dataclass(slots=True)
class Plays:
    """Remembers which plays are in the audit log already.

    A play's name comes from the browser and saves a line only while the page that it was made for
    is open; a name that is not known means a new line, so the log can only say too much.
    """

    _known: "OrderedDict[tuple[str, str, str], float]" = field(default_factory=OrderedDict)

    def is_new(self, account: str, recording: str, play: str) -> bool:
        """Say whether this play is not noted yet; without a name each request is one."""
        if not play:
            return True
        self._forget()
        return (account, recording, play) not in self._known

    def noted(self, account: str, recording: str, play: str) -> None:
        """Remember that this play is in the audit log."""
        if play:
            self._known[account, recording, play] = time.monotonic()

    def _forget(self) -> None:
        oldest = time.monotonic() - LIFE_SECONDS
        while self._known and (
            len(self._known) > MOST or next(iter(self._known.values())) < oldest
        ):
            self._known.popitem(last=False)


PLAYS = web.AppKey("audit_plays", Plays)
