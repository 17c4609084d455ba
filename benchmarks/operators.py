"""Operators without a browser: each signed on at a desk telephone, listening to its pushes.

    python -m benchmarks.operators BASE USERNAME...      (the accounts of benchmarks.floor)

Prints a line for each call that pops: the caller's number and the nanosecond of real time at
which the push arrived. `ready` comes first, when all are signed on.
"""

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

from benchmarks.floor import PASSWORD
from tests.support.pages import Browser

AT_ONCE = 4


class Popped:
    """Which calls have popped at one operator."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, message: dict[str, Any], now: int) -> None:
        """Print the call when it rings here for the first time."""
        if message["kind"] != "call":
            return
        card = message["data"]
        if card["ringing"] and card["id"] not in self._seen:
            self._seen.add(card["id"])
            print("pop", card["caller"]["national"].replace(" ", ""), now, flush=True)


async def work(base: str, username: str, gate: asyncio.Semaphore, there: asyncio.Event) -> None:
    """Sign in, open the push line, sign on, listen until the service closes."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(base, http)
        async with gate:
            await browser.get("/login")
            typed = {"username": username, "password": PASSWORD}
            answer = await browser.post("/login", typed)
            assert answer.status == 303, await answer.text()
            await browser.get(answer.headers["Location"])
        address = base.replace("http", "ws", 1) + "/push"
        async with http.ws_connect(address, origin=base) as socket:
            await socket.receive()
            signed = await browser.send("POST", "/console/me/sign-on", {"device": "desk"})
            assert signed.status == 200, await signed.text()
            there.set()
            popped = Popped()
            async for message in socket:
                now = time.time_ns()
                popped.take(json.loads(message.data), now)


async def main(base: str, usernames: list[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    signs = [asyncio.Event() for _ in usernames]
    async with asyncio.TaskGroup() as group:
        for username, there in zip(usernames, signs, strict=True):
            group.create_task(work(base, username, gate, there))
        for there in signs:
            await there.wait()
        print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
