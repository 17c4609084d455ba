"""People at work over HTTP, without a browser: an operator, a focal point, a head of unit."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from tests.support.pages import Browser
from tests.support.service import Service
from tests.support.wait import until


@asynccontextmanager
async def signed_in(service: Service, account: dict[str, Any]) -> AsyncIterator[Browser]:
    """Give a client that a person is signed in with."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(service.base, http)
        await browser.get("/login")
        typed = {"username": account["username"], "password": account["password"]}
        answer = await browser.post("/login", typed)
        assert answer.status == 303, await answer.text()
        await browser.get(answer.headers["Location"])
        yield browser


class Operator:
    """An operator's console as far as the wire knows it: pushes that come, orders that go."""

    def __init__(self, browser: Browser, account: dict[str, Any]) -> None:
        self.browser = browser
        self.account = account
        self.pushed: list[dict[str, Any]] = []
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def listen(self) -> None:
        """Keep what is pushed, until cancelled; connect again as a browser does."""
        address = self.browser.base.replace("http", "ws", 1) + "/push"
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                async with self.browser.session.ws_connect(
                    address, origin=self.browser.base
                ) as socket:
                    async for message in socket:
                        self.pushed.append(json.loads(message.data))
            await asyncio.sleep(0.05)

    async def order(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Send what a button sends; return the answer."""
        answer = await self.browser.send(method, path, body)
        text = await answer.text()
        assert answer.status == status, f"{method} {path}: {answer.status} {text}"
        return json.loads(text) if text else None

    def cards(self) -> list[dict[str, Any]]:
        """Return every call card that was pushed, in order."""
        found: list[dict[str, Any]] = []
        for message in self.pushed:
            if message["kind"] == "snapshot":
                found += message["data"].get("console", {}).get("calls", [])
            elif message["kind"] == "call":
                found.append(message["data"])
        return found

    async def card(self, state: str, within: float = 15) -> dict[str, Any]:
        """Wait for a call's card in a state; return it."""

        def there() -> dict[str, Any] | None:
            cards = self.cards()
            return cards[-1] if cards and cards[-1]["state"] == state else None

        found: dict[str, Any] = await until(there, within=within)
        return found


@asynccontextmanager
async def operator_at_work(
    service: Service, account: dict[str, Any], device: str = "desk"
) -> AsyncIterator[Operator]:
    """Give an operator who is signed on and ready."""
    async with signed_in(service, account) as browser:
        operator = Operator(browser, account)
        listening = asyncio.create_task(operator.listen())
        try:
            await until(lambda: operator.pushed, within=5)
            await operator.order("POST", "/console/me/sign-on", {"device": device})
            yield operator
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def link_in(text: str) -> str:
    """Return the path of the link in an SMS."""
    found = re.search(r"https?://[^/\s]+(/l/[\w-]+)", text)
    assert found, text
    return found[1]
