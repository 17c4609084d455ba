"""Work that a part begins and does not wait for; it ends with the part."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Aside:
    """Holds the tasks of a part that nobody awaits.

    Whoever only cancels them leaves them behind: they end a few turns later, in a database or at a
    PBX that has ended by then.
    """

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something aside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Return when everything begun has ended, also what it began itself."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self) -> None:
        """Cancel everything, and return when it has ended."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
