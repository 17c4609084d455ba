"""Waiting for a condition, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 6.0
"""How many times `within` a busy machine may take: to be late is no error."""


async def until(
    condition: Callable[[], Any | Awaitable[Any]],
    within: float = 5,
    every: float = 0.02,
    patience: float = PATIENCE,
) -> Any:
    """Return the condition's first true value; fail when none comes in time.

    Args:
        condition: Asked again and again; may be async.
        within: Real seconds that it may take on a quiet machine.
        every: Real seconds between two looks.
        patience: `within` is taken so many times; 1 where the text promises the seconds.
    """
    end = time.monotonic() + within * patience
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            what = inspect.getsource(condition).strip()
            message = f"not within {within * patience:.0f} s: {what}"
            raise AssertionError(message)
        await asyncio.sleep(every)
