"""Our own asyncio protocol under panoramisk's Manager: bytes first, names next, the rest on demand.

What panoramisk's own would do, and this does not: decode each chunk by itself, run callbacks inside
the reading, keep an action for ever, send it again after a reconnect (DESIGN.md, "panoramisk 1.4").
"""

import asyncio
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import structlog

from telephony.ami.wire import (
    RESPONSE,
    HeaderValue,
    Splitter,
    WireError,
    encode,
    headers_of,
    name_of,
    value_of,
)
from telephony.calls.errors import PbxAway

log = structlog.get_logger()

Sink = Callable[[bytes, list[tuple[bytes, bytes]]], None]
"""Takes what one read brought: the bytes as they came, and (name, packet) of those wanted."""

_LAST = (b"\r\nEventList: Complete", b"\r\nEventList: cancelled", b"\r\nEventList: Cancelled")


@dataclass(frozen=True, slots=True)
class Reply:
    """The PBX's answer to an action; `packets` are the events of a list, in their order."""

    ok: bool
    raw: bytes
    packets: tuple[bytes, ...] = ()

    @property
    def success(self) -> bool:
        """The name by which panoramisk asks."""
        return self.ok

    @property
    def message(self) -> str:
        """What the PBX said."""
        return value_of(self.raw, b"Message")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return headers_of(self.raw)

    @property
    def events(self) -> tuple[dict[str, str], ...]:
        """The headers of the list's events."""
        return tuple(headers_of(packet) for packet in self.packets)


@dataclass(slots=True)
class _Pending:
    future: asyncio.Future[Reply]
    answer: bytes = b""
    packets: list[bytes] = field(default_factory=list)
    is_login: bool = False


class AmiProtocol(asyncio.Protocol):
    """One connection. panoramisk's Manager sets factory, log, config, encoding and responses."""

    factory: Any = None
    log: Any = None
    config: Any = None
    encoding: Any = None
    responses: Any = None
    queue: Any = None

    def __init__(self, sink: Sink, wanted: Container[bytes]) -> None:
        self._sink, self._wanted = sink, wanted
        self._splitter = Splitter()
        self._pending: dict[str, _Pending] = {}
        self._originating: dict[str, asyncio.Future[bytes]] = {}
        self._ids = count(1)
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.booted = asyncio.Event()
        self.heard_at = loop.time()
        self.paused = False

    @property
    def version(self) -> str:
        """The version of the interface, out of its first line."""
        return self._splitter.version

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Cut, look at each name, hand on what is wanted. Nothing that is called here may raise."""
        self.heard_at = asyncio.get_running_loop().time()
        try:
            raw, packets = self._splitter.feed(data)
        except WireError as error:
            self.drop(f"this is no manager interface: {error}")
            return
        batch, wanted = [], self._wanted
        for packet in packets:
            name = name_of(packet)
            if name in wanted:
                batch.append((name, packet))
            if name == RESPONSE:
                self._answer(packet)
            elif name == b"OriginateResponse":
                self._originated(packet)
            elif name == b"FullyBooted":
                self.booted.set()
            elif self._pending and b"\r\nActionID: " in packet:
                self._listed(packet)
        if raw:
            self._sink(raw, batch)

    def send(self, action: Mapping[str, HeaderValue], as_list: object = None) -> Any:
        """Send an action of panoramisk's Manager (the login); see `ask`."""
        del as_list
        headers = {str(k): v for k, v in action.items() if str(k).lower() != "actionid"}
        name = str(headers.pop("Action", headers.pop("action", "")))
        return self.ask(name, headers)[1]

    def ask(
        self, name: str, headers: Mapping[str, HeaderValue]
    ) -> tuple[str, asyncio.Future[Reply]]:
        """Send an action; return its id and the future of its answer.

        Raises:
            UnsafeValueError: A value would have been a second action.
            PbxAway: The connection is gone.
        """
        action_id = f"tongdai-{next(self._ids)}"
        data = encode({"Action": name, "ActionID": action_id, **headers})
        if self._transport is None or self.lost.done():
            raise PbxAway
        future = asyncio.get_running_loop().create_future()
        self._pending[action_id] = _Pending(future, is_login=name == "Login")
        self._transport.write(data)
        return action_id, future

    def await_origination(self, action_id: str) -> asyncio.Future[bytes]:
        """Return the future of an Originate's OriginateResponse."""
        future = asyncio.get_running_loop().create_future()
        self._originating[action_id] = future
        return future

    def forget(self, action_id: str) -> None:
        """Wait no longer for an action's answers; one that comes late is skipped."""
        self._pending.pop(action_id, None)
        self._originating.pop(action_id, None)

    @property
    def waiting(self) -> int:
        """How many answers are waited for."""
        return len(self._pending) + len(self._originating)

    def pause(self) -> None:
        """Read no more for now: what waits already is enough."""
        if not self.paused and self._transport is not None and not self.lost.done():
            self._transport.pause_reading()
            self.paused = True

    def resume(self) -> None:
        """Read again."""
        if self.paused and self._transport is not None and not self.lost.done():
            self._transport.resume_reading()
            self.heard_at = asyncio.get_running_loop().time()
        self.paused = False

    def drop(self, why: str) -> None:
        """Give the connection up."""
        if not self.lost.done():
            self.lost.set_result(why)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close it; panoramisk's Manager calls this."""
        self.drop("closed")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits. Nothing is ever sent again by itself."""
        if not self.lost.done():
            self.lost.set_result(str(exc) if exc else "the PBX closed the connection")
        for pending in self._pending.values():
            if pending.future.done():
                continue
            if pending.is_login:
                pending.future.set_result(Reply(ok=False, raw=b""))
            else:
                pending.future.set_exception(PbxAway())
        for future in self._originating.values():
            if not future.done():
                future.set_exception(PbxAway())
        self._pending.clear()
        self._originating.clear()

    def _answer(self, packet: bytes) -> None:
        action_id = value_of(packet, b"ActionID")
        pending = self._pending.get(action_id)
        if pending is None:
            log.info("ami.answer_skipped", action_id=action_id)
            return
        pending.answer = packet
        if b"\r\nEventList: start" not in packet:
            self._finish(action_id, pending)

    def _listed(self, packet: bytes) -> None:
        action_id = value_of(packet, b"ActionID")
        pending = self._pending.get(action_id)
        if pending is None or not pending.answer:
            return
        if any(last in packet for last in _LAST):
            self._finish(action_id, pending)
        else:
            pending.packets.append(packet)

    def _finish(self, action_id: str, pending: _Pending) -> None:
        self._pending.pop(action_id, None)
        if not pending.future.done():
            said = pending.answer.lstrip(b"\r\n").partition(b"\r\n")[0]
            ok = said in (b"Response: Success", b"Response: Follows", b"Response: Goodbye")
            pending.future.set_result(Reply(ok, pending.answer, tuple(pending.packets)))

    def _originated(self, packet: bytes) -> None:
        future = self._originating.pop(value_of(packet, b"ActionID"), None)
        if future is not None and not future.done():
            future.set_result(packet)
