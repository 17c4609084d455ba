"""How the person called is told what a call is about; the speaking itself is not telephony's."""

from collections.abc import Awaitable, Callable

from tongdai.settings import HotlineTable

Announce = Callable[[HotlineTable, str], Awaitable[str]]
"""Speaks a field's name; returns the sound's path without its ending, or nothing."""


async def say_nothing(hotline: HotlineTable, field: str) -> str:
    """Announce no field: the general prompt is played."""
    del hotline, field
    return ""
