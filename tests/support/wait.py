"""Waiting for a condition, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def until(
    condition: Callable[[], Any | Awaitable[Any]], within: float = 5, every: float = 0.02
) -> Any:
    """Return the condition's first true value; fail when none comes in `within` real seconds."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            message = f"not within {within} s: {inspect.getsource(condition).strip()}"
            raise AssertionError(message)
        await asyncio.sleep(every)
