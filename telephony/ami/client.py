"""The manager interface of one PBX: panoramisk's Manager on our protocol, with deadlines.

One object per PBX, one Manager per connection: connecting again is ours to decide, never its.
"""

import asyncio
from collections.abc import Container, Mapping
from dataclasses import dataclass

import structlog
from panoramisk import Manager

from telephony.ami.protocol import AmiProtocol, Reply, Sink
from telephony.ami.wire import HeaderValue, check_safe, value_of
from telephony.calls.errors import ActionTimedOut, PbxAway
from tongdai.errors import Unavailable
from tongdai.settings import PbxTable

log = structlog.get_logger()

CONNECT_SECONDS = 5.0
BOOT_SECONDS = 30.0
PING_SECONDS = 4.0
ACTION_SECONDS = 5.0
_NEVER = 10**9


class LoginRefused(Unavailable):
    """The PBX does not take the user's name and secret."""

    code = "pbx_login_refused"


class NotBooted(Unavailable):
    """Logged in, and no FullyBooted came: it still starts, or the user lacks read=system."""

    code = "pbx_not_booted"


class _Everything:
    """Contains every action: panoramisk sends none again after a reconnect."""

    def __contains__(self, action: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Originated:
    """How an Originate ended; `reason` is Asterisk's: 0 unreachable, 4 answered, 5 busy."""

    ok: bool
    reason: int
    uniqueid: str
    channel: str


class Ami:
    """Connects, logs in, acts and pings. `sink` gets what is read; see protocol.Sink."""

    def __init__(self, table: PbxTable, sink: Sink, wanted: Container[bytes]) -> None:
        self._table, self._sink, self._wanted = table, sink, wanted
        self._manager: Manager | None = None
        self._protocol: AmiProtocol | None = None

    @property
    def connected(self) -> bool:
        """Logged in, as far as is known."""
        return self._protocol is not None and not self._protocol.lost.done()

    @property
    def protocol(self) -> AmiProtocol:
        """The connection.

        Raises:
            PbxAway: There is none.
        """
        if self._protocol is None or self._protocol.lost.done():
            raise PbxAway(pbx=self._table.name)
        return self._protocol

    async def open(self) -> None:
        """Connect and log in; return when the PBX is fully booted.

        Raises:
            PbxAway: Nobody answers there.
            LoginRefused: The name or the secret is wrong.
            NotBooted: See there.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, protocol = await loop.create_connection(
                    lambda: AmiProtocol(self._sink, self._wanted),
                    self._table.host,
                    self._table.port,
                )
        except (OSError, TimeoutError) as error:
            raise PbxAway(pbx=self._table.name) from error
        try:
            await self._log_in(transport, protocol)
        except BaseException:
            self._discard(protocol)
            raise
        self._protocol = protocol

    async def _log_in(self, transport: asyncio.BaseTransport, protocol: AmiProtocol) -> None:
        loop = asyncio.get_running_loop()
        self._manager = Manager(
            loop=loop,
            host=self._table.host,
            port=self._table.port,
            username=self._table.username,
            secret=self._table.secret.get_secret_value(),
            events="on",
            ping_delay=_NEVER,
            ping_interval=_NEVER,
            forgetable_actions=_Everything(),
        )
        connected: asyncio.Future[tuple[asyncio.BaseTransport, AmiProtocol]] = loop.create_future()
        connected.set_result((transport, protocol))
        self._manager.connection_made(connected)
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                reply: Reply = await self._manager.authenticated_future
        except TimeoutError as error:
            raise PbxAway(pbx=self._table.name) from error
        if not reply.ok and not reply.raw:
            raise PbxAway(pbx=self._table.name)
        if not reply.ok:
            raise LoginRefused(pbx=self._table.name, user=self._table.username)
        try:
            async with asyncio.timeout(BOOT_SECONDS):
                await protocol.booted.wait()
        except TimeoutError as error:
            raise NotBooted(pbx=self._table.name, user=self._table.username) from error

    def _discard(self, protocol: AmiProtocol) -> None:
        if self._manager is not None:
            self._manager.close()  # cancels its pinger
        self._manager = None
        protocol.close()

    async def watch(self) -> str:
        """Return why the connection ended, when it has; a peer that answers no ping is given up.

        While reading is paused the PBX's answers wait unread: then nothing is asked. Whatever else
        has come since a ping is as good as its answer, which may stand behind it.
        """
        protocol = self.protocol
        clock = asyncio.get_running_loop().time
        while not protocol.lost.done():
            await asyncio.wait([protocol.lost], timeout=PING_SECONDS)
            if protocol.lost.done() or protocol.paused:
                continue
            asked_at = clock()
            try:
                await self.action("Ping", timeout=PING_SECONDS)
            except ActionTimedOut:
                if protocol.heard_at < asked_at and not protocol.paused:
                    protocol.drop(f"no answer to a ping within {PING_SECONDS:g} s")
            except PbxAway:
                pass
        return await protocol.lost

    async def close(self) -> None:
        """Say goodbye and close; nothing connects again by itself."""
        if self._protocol is not None:
            self._discard(self._protocol)
            self._protocol = None

    async def action(
        self,
        name: str,
        *,
        timeout: float = ACTION_SECONDS,  # noqa: ASYNC109 - the answer may be lost: not optional
        **headers: HeaderValue | None,
    ) -> Reply:
        """Do an AMI action once and return the answer; a list action's answer has its events.

        Args:
            name: As AMI names it: `QueueAdd`.
            timeout: Seconds to wait. Afterwards nothing is known of whether it was done.
            headers: AMI header -> value; a list or tuple repeats the header, None leaves it out.

        Raises:
            UnsafeValueError: CR, LF or NUL in a value.
            PbxAway: Not connected, or the connection broke.
            ActionTimedOut: No answer in time.
        """
        given = {k: v for k, v in headers.items() if v is not None}
        return (await self._ask(name, given, timeout))[1]

    async def _ask(
        self, name: str, headers: Mapping[str, HeaderValue], seconds: float
    ) -> tuple[str, Reply]:
        protocol = self.protocol
        action_id, future = protocol.ask(name, headers)
        try:
            async with asyncio.timeout(seconds):
                return action_id, await future
        except TimeoutError as error:
            raise ActionTimedOut(pbx=self._table.name, action=name) from error
        finally:
            protocol.forget(action_id)

    async def originate(
        self,
        channel: str,
        *,
        variables: Mapping[str, str] | None = None,
        ring_seconds: float = 30,
        **headers: HeaderValue | None,
    ) -> Originated:
        """Call somebody, always with `Async`; return when it is answered or has failed.

        Args:
            channel: Whom: `PJSIP/0912345678@carrier`.
            variables: Channel variables; `__NAME` is inherited.
            ring_seconds: How long it may ring.
            headers: Context, Exten and Priority, or Application and Data; CallerID, ChannelId ...

        Raises:
            UnsafeValueError: CR, LF or NUL in a value, or a comma in a variable's.
            PbxAway: Not connected, or the connection broke: it may ring all the same.
            ActionTimedOut: No answer in time: it may ring all the same.
        """
        for key, value in (variables or {}).items():
            check_safe(key, value.replace(",", "\n"))
        given = {
            "Channel": channel,
            "Async": "true",
            "Timeout": str(int(ring_seconds * 1000)),
            "Variable": [f"{key}={value}" for key, value in (variables or {}).items()],
            **{k: v for k, v in headers.items() if v is not None},
        }
        protocol = self.protocol
        action_id, answered = protocol.ask("Originate", given)
        originated = protocol.await_origination(action_id)
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                accepted = await answered
            if not accepted.ok:
                return Originated(ok=False, reason=0, uniqueid="", channel="")
            async with asyncio.timeout(ring_seconds + ACTION_SECONDS):
                packet = await originated
        except TimeoutError as error:
            raise ActionTimedOut(pbx=self._table.name, action="Originate") from error
        finally:
            protocol.forget(action_id)
            if not originated.cancel() and not originated.cancelled():
                originated.exception()  # seen: the connection's end is told by `answered` or above
        return _originated(packet)


def _originated(packet: bytes) -> Originated:
    reason, uniqueid = value_of(packet, b"Reason"), value_of(packet, b"Uniqueid")
    return Originated(
        ok=value_of(packet, b"Response") == "Success",
        reason=int(reason) if reason.isdigit() else 0,
        uniqueid="" if uniqueid == "<null>" else uniqueid,
        channel=value_of(packet, b"Channel"),
    )


def explain(table: PbxTable, refusal: Unavailable) -> str:
    """Return a sentence for a person: why `Ami.open` failed, and what would mend it."""
    where = f"{table.host}:{table.port}"
    match refusal:
        case LoginRefused():
            return (
                f"{where} refuses the manager user {table.username!r}: username and secret of "
                f"[[pbx]] {table.name!r} and of manager.conf must be the same"
            )
        case NotBooted():
            return (
                f"{where} is not fully booted yet, or the manager user {table.username!r} lacks "
                "read=system in manager.conf"
            )
        case _:
            cause = str(refusal.__cause__ or "")
            return f"no manager interface answers at {where}" + (f": {cause}" if cause else "")
