"""Kannel's sendsms over HTTP (1.4.5, measured: VIETNAM.md section 1.5)."""

import asyncio

import aiohttp

from sms.gateways.base import Outcome, Request, Result
from sms.segments import Alphabet
from tongdai.settings import SmsGatewayTable

_DEFAULT_URL = "http://127.0.0.1:13013/cgi-bin/sendsms"
_ALL_REPORTS = "31"
_ESCAPES = "?d=%d&a=%A&f=%F"
"""What Kannel fills in: kind of report, reply text, the SMSC's id."""
_LONGEST_ANSWER = 2000
_PROBE_SECONDS = 4.0
"""A box that hangs is told of within one probe and its pause: /healthz has 15 s."""
_FINAL_WORDS = ("denied", "receiver")


class Kannel:
    """One sendsms box.

    It drops no doubles: what was cut off after the request left is ambiguous. A 202 means that
    Kannel has the message, also with `3: Queued for later delivery` (its own link is down).
    """

    reports = True
    deduplicates = False

    def __init__(self, table: SmsGatewayTable) -> None:
        self.name = table.name
        self.per_second = table.per_second
        self._table = table
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request) -> Result:
        """Hand one message over; see Gateway."""
        query = {
            **self._login,
            "from": request.sender,
            "to": request.to,
            "text": request.text,
            "charset": "UTF-8",
            "coding": "0" if request.alphabet == Alphabet.ASCII else "2",
        }
        if request.receipt_url:
            query |= {"dlr-mask": _ALL_REPORTS, "dlr-url": request.receipt_url + _ESCAPES}
        return await self._get(query)

    async def probe(self) -> Result:
        """Log in without a receiver: `Missing receiver number` is the answer of a healthy box."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                result = await self._get({**self._login, "text": "x"})
        except TimeoutError:
            return Result(outcome=Outcome.RETRY_LATER, words="no answer to the probe")
        if result.outcome is Outcome.FINAL:
            return Result(outcome=Outcome.ACCEPTED, words=result.words)
        return result

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    @property
    def _login(self) -> dict[str, str]:
        return {
            "username": self._table.username,
            "password": self._table.password.get_secret_value(),
        }

    async def _get(self, query: dict[str, str]) -> Result:
        if self._session is None or self._session.closed:
            # a fresh connection each: a kept one that Kannel closed meanwhile would look ambiguous
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=self._table.timeout_seconds, connect=self._table.timeout_seconds / 2
                ),
            )
        try:
            async with self._session.get(
                self._table.url or _DEFAULT_URL, params=query, allow_redirects=False
            ) as answer:
                return classify(answer.status, await _words(answer))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Result(
                outcome=Outcome.RETRY_LATER, words=f"not reached: {_name(error)}", unreached=True
            )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Result(outcome=Outcome.AMBIGUOUS, words=f"cut off: {_name(error)}")


def classify(status: int, words: str) -> Result:
    """Return what an answer of sendsms means.

    202 accepted; 5xx later; 400 final when it names the number, else a fault of ours; 403 and
    everything else a fault of the settings (login, route, address).
    """
    words = words.strip()[:200]
    if status == 202:
        outcome = Outcome.ACCEPTED
    elif status >= 500 or status == 429:
        outcome = Outcome.RETRY_LATER
    elif status == 400 and any(word in words.lower() for word in _FINAL_WORDS):
        outcome = Outcome.FINAL
    else:
        outcome = Outcome.CONFIGURATION
    return Result(outcome=outcome, words=f"{status} {words}")


async def _words(answer: aiohttp.ClientResponse) -> str:
    try:
        return (await answer.content.read(_LONGEST_ANSWER)).decode(errors="replace")
    except (TimeoutError, aiohttp.ClientError):  # the status was said: that decides
        return ""


def _name(error: BaseException) -> str:
    # never str(error): the address with the password is in some of them
    return type(error).__name__
