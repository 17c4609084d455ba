"""A provider's JSON API over HTTP, described by a dialect: one gateway, many providers."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sms.gateways.base import Outcome, Request, Result
from sms.gateways.dialect import LacksError, fields_of, fill, load
from tongdai.phone import dial_digits
from tongdai.settings import SmsGatewayTable

_LONGEST_ANSWER = 20_000
_PROBE_SECONDS = 4.0
_SURELY_NOT = frozenset({429, 503})


class HttpGateway:
    """Sends one message a request; what was cut off is ambiguous, as is an answer nobody can read.

    Secrets travel in the body or a header, never in what is logged or shown.
    """

    def __init__(self, table: SmsGatewayTable) -> None:
        """Read the dialect.

        Raises:
            DialectError: It cannot be used.
        """
        self._dialect = load(table.dialect)
        self._table = table
        self.name = table.name
        self.per_second = table.per_second
        self.reports = self._dialect.receipt is not None
        self.deduplicates = self._dialect.deduplicates
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Result:
        """Hand one message over; see Gateway."""
        dialect = self._dialect
        fields = fields_of(self._table, request) | {"to": self._number(request.to)}
        try:
            params = [
                fill(dialect.param, fields | {"number": str(n), "name": name, "value": value}, [])
                for n, (name, value) in enumerate(request.params.items(), start=1)
                if value
            ]
            body = fill(dialect.request, fields, params)
        except LacksError as error:
            return Result(outcome=Outcome.CONFIGURATION, words=str(error))
        answer = await self._ask(dialect.method, self._table.url or dialect.url, body)
        if isinstance(answer, Result):
            return answer
        outcome, words, reference = dialect.outcome(answer)
        return Result(outcome=outcome, words=words[:300], reference=reference)

    async def probe(self) -> Result:
        """Ask for what costs nothing; where the provider has no such question, see who listens."""
        probe = self._dialect.probe
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                if probe is None or self._table.url:
                    return await self._listens()
                body = fill(probe.request, self._secrets(), [])
                answer = await self._ask(probe.method, probe.url, body)
        except TimeoutError:
            return Result(outcome=Outcome.RETRY_LATER, words="no answer to the probe")
        if isinstance(answer, Result):
            return answer
        code = str(answer.get(probe.code)) if isinstance(answer, dict) else ""
        well = code in probe.accepted
        outcome = Outcome.ACCEPTED if well else Outcome.CONFIGURATION
        return Result(outcome=outcome, words=f"{probe.code} {code}")

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    def _number(self, e164: str) -> str:
        match self._dialect.number:
            case "0":
                return dial_digits(e164)
            case "84":
                return e164.removeprefix("+")
            case "+84":
                return e164

    def _secrets(self) -> dict[str, str]:
        return {
            "username": self._table.username,
            "password": self._table.password.get_secret_value(),
        }

    async def _listens(self) -> Result:
        parts = urlsplit(self._table.url or self._dialect.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            _, writer = await asyncio.open_connection(parts.hostname, port)
        except OSError as error:
            words = f"not reached: {type(error).__name__}"
            return Result(outcome=Outcome.RETRY_LATER, words=words, unreached=True)
        writer.close()
        return Result(outcome=Outcome.ACCEPTED, words="listens")

    async def _ask(self, method: str, url: str, body: Any) -> Any:
        """Return the answer's JSON, or a Result where there is none."""
        where = {"json": "json", "form": "data", "query": "params"}[self._dialect.body]
        headers = {
            name: str(fill(value, self._secrets(), []))
            for name, value in self._dialect.headers.items()
        }
        try:
            async with self._open().request(
                method, url, headers=headers, allow_redirects=False, **{where: body}
            ) as answer:
                return _read(answer.status, await answer.content.read(_LONGEST_ANSWER))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            words = f"not reached: {type(error).__name__}"
            return Result(outcome=Outcome.RETRY_LATER, words=words, unreached=True)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            words = f"cut off: {type(error).__name__}"  # never str(error): secrets may be in it
            return Result(outcome=Outcome.AMBIGUOUS, words=words)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            table = self._table
            login = aiohttp.encode_basic_auth(table.username, table.password.get_secret_value())
            self._session = aiohttp.ClientSession(
                headers={"Authorization": login} if self._dialect.basic_auth else None,
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=table.timeout_seconds, connect=table.timeout_seconds / 2
                ),
            )
        return self._session


def _read(status: int, content: bytes) -> Any:
    """Return an answer's JSON, or what its status means.

    429 and 503 surely took nothing; another 5xx, or a 200 that is no JSON, may have.
    """
    if status in _SURELY_NOT:
        return Result(outcome=Outcome.RETRY_LATER, words=f"{status}")
    if status >= 500:
        return Result(outcome=Outcome.AMBIGUOUS, words=f"{status}")
    try:
        return json.loads(content)
    except ValueError:
        outcome = Outcome.AMBIGUOUS if status < 300 else Outcome.CONFIGURATION
        return Result(outcome=outcome, words=f"{status}, no JSON")
