"""What many ask for at the same time is done in one go: one transaction instead of fifty."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from tongdai.db import DatabaseAway

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST = 50
"""Done in one go: others wait for the database as well."""


class Together(Generic[Item, Answer]):
    """Collects items while it works on those that came before; nobody waits for company.

    Whoever asks is answered when its item's work is committed, or has failed. An item that makes a
    whole round fail is found by doing them one by one, so it fails alone.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]) -> None:
        """Describe it.

        Args:
            work: Does a few items in their order and returns as many answers, or does none.
        """
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Answer:
        """Have an item done.

        Raises:
            DatabaseAway: Not done.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._rounds())
        return await answer

    async def _rounds(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                _tell(batch, await self._work([item for item, _ in batch]))
            except asyncio.CancelledError:
                for _, answer in (*batch, *self._waiting):
                    answer.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - told to whoever asked for it
                if len(batch) == 1 or isinstance(error, DatabaseAway):
                    _fail(batch, error)
                else:
                    await self._singly(batch)

    async def _singly(self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        for one in batch:
            try:
                _tell([one], await self._work([one[0]]))
            except Exception as error:  # noqa: BLE001 - told to whoever asked for it
                _fail([one], error)


def _tell(batch: Sequence[tuple[Item, asyncio.Future[Answer]]], answers: Sequence[Answer]) -> None:
    for (_, waiting), answer in zip(batch, answers, strict=True):
        with suppress(asyncio.InvalidStateError):  # whoever asked went away
            waiting.set_result(answer)


def _fail(batch: Sequence[tuple[Item, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, waiting in batch:
        with suppress(asyncio.InvalidStateError):
            waiting.set_exception(error)
