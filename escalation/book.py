"""What one transaction will write about its tickets: collected first, then few statements."""

from sms import outbox
from sms.outbox import Owing
from tickets.lookup import Lookup
from tongdai import audit
from tongdai.db import Tx


class Book:
    """Lines of history and messages of one ticket or of many, each kind in its order.

    The history comes last: who writes it holds the lock of its chain until the commit.

    Attributes:
        tx: The transaction.
        directory: Who is who at its moment.
    """

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.directory = Lookup(tx.session, tx.now)
        self._lines: list[audit.Line] = []
        self._owed: list[Owing] = []

    def line(self, line: audit.Line) -> None:
        """Write a line of history."""
        self._lines.append(line)

    def owe(self, owing: Owing) -> None:
        """Owe a message."""
        self._owed.append(owing)

    async def write(self) -> None:
        """Write everything, in the transaction.

        Raises:
            ValueError: The template or the params of a message are wrong.
        """
        await outbox.owe_all(self.tx, self._owed)
        await audit.append_all(self.tx, self._lines)
        self._owed, self._lines = [], []
