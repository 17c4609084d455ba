"""Keeps the parts of a rig running under one foreground command, and stops them all."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rig.child import Child

LOOK_SECONDS = 0.3
# A part that dies this often within so many seconds is not started again.
MOST_DEATHS = 5
DEATHS_WITHIN_SECONDS = 300


@dataclass(slots=True, kw_only=True)
class Part:
    """One part: its programs, how it is started (again), how it is stopped.

    Attributes:
        name: For people, and the name of its hold file.
        children: Its programs.
        start: Starts what is not running and returns when the part is ready.
        stop: Stops it.
        pause_seconds: How long it stays away after a death, so that others can notice.
    """

    name: str
    children: Sequence[Child]
    start: Callable[[], Awaitable[None]]
    stop: Callable[[], None]
    pause_seconds: float = 2
    deaths: list[float] = field(default_factory=list)


class Supervisor:
    """Starts parts in their order, starts again what dies, stops all in reverse order."""

    def __init__(self, holds: Path) -> None:
        """Watch `holds`: while a file `<holds>/<part>` exists, that part is not started again."""
        self._holds = holds
        self._parts: list[Part] = []

    async def add(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        self._parts.append(part)
        await part.start()

    async def watch(self, stopping: asyncio.Event) -> str | None:
        """Watch until told to stop; return what went wrong for good, if anything."""
        while not stopping.is_set():
            for part in self._parts:
                dead = [child for child in part.children if not child.running]
                if dead and not await self._revive(part, dead, stopping):
                    return f"{part.name} dừng liên tục; cuối {dead[0].log}:\n{dead[0].tail()}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), LOOK_SECONDS)
        return None

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for part in reversed(self._parts):
            part.stop()

    async def _revive(self, part: Part, dead: list[Child], stopping: asyncio.Event) -> bool:
        names = ", ".join(f"{child.name} ({_how(child.status)})" for child in dead)
        now = asyncio.get_running_loop().time()
        part.deaths = [at for at in part.deaths if now - at < DEATHS_WITHIN_SECONDS] + [now]
        if len(part.deaths) > MOST_DEATHS:
            return False
        _say(f"{part.name}: {names} đã dừng; khởi động lại sau {part.pause_seconds:.0f} giây.")
        if await _pause(part.pause_seconds, stopping):
            return True
        hold = self._holds / part.name
        while hold.exists():
            if await _pause(LOOK_SECONDS, stopping):
                return True
        try:
            await part.start()
        except (TimeoutError, OSError, RuntimeError) as error:
            _say(f"{part.name}: chưa khởi động lại được ({type(error).__name__}: {error}).")
        else:
            _say(f"{part.name}: đã chạy lại.")
        return True


async def _pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait; whether we were told to stop meanwhile."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
    return stopping.is_set()


def _how(status: int | None) -> str:
    return f"signal {-status}" if status is not None and status < 0 else f"status {status}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
