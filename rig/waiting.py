"""Waiting for programs that cannot tell when they are ready."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], Awaitable[bool]], within: float, every: float = 0.05
) -> None:
    """Return when the condition holds, asked again and again.

    Raises:
        TimeoutError: It does not within so many seconds.
    """
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - another program's state has no Event
            await asyncio.sleep(every)
