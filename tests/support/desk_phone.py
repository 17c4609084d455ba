"""A desk telephone written by hand, for what the carrier's telephones cannot do: hold, and REFER.

async with DeskPhone(world.pbx, "desk-1001", world.desk_secret("1001")) as phone:
    ...                                    # a call comes
    await phone.answer()
    assert await phone.hold() == 200
    assert await phone.resume() == 200
    assert await phone.refer("sip:0913000000@127.0.0.1") == 603

It says a tone of 880 Hz while a call is neither over nor held.
"""

import asyncio
import hashlib
import re
import struct
import subprocess
import uuid
from types import TracebackType
from typing import Self, cast

from tests.support.wait import PATIENCE
from tongdai.settings import PbxTable

ADDRESS = "127.0.0.4"
_PACKET = 160
"""Bytes (and ticks of 1/8000 s) of sound in a packet: 20 ms of A-law."""


class DeskPhone(asyncio.DatagramProtocol):
    """One telephone, one call; no retransmissions (loopback loses nothing)."""

    def __init__(self, pbx: PbxTable, username: str, secret: str) -> None:
        self._pbx, self._username, self._secret = pbx, username, secret
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._invited: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._tag, self._sequence = uuid.uuid4().hex, 0
        self._media: asyncio.DatagramTransport | None = None
        self._saying: asyncio.Task[None] | None = None
        self._direction = "sendrecv"
        self.over = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Register.

        Raises:
            AssertionError: The PBX refuses.
        """
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(ADDRESS, 0))
        self._media, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=(ADDRESS, 0)
        )
        uri, register = f"sip:{self._pbx.sip_host}:{self._pbx.sip_port}", uuid.uuid4().hex
        challenge = await self._ask("REGISTER", uri, self._me(), self._me(), register)
        assert _status(challenge) == 401, challenge
        more = self._credentials("REGISTER", uri, _header(challenge, "WWW-Authenticate"))
        done = await self._ask("REGISTER", uri, self._me(), self._me(), register, more)
        assert _status(done) == 200, done
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._saying is not None:
            self._saying.cancel()
        for transport in (self._transport, self._media):
            if transport is not None:
                transport.close()

    async def answer(self, within: float = 20) -> None:
        """Wait for a call and take it."""
        invite = await asyncio.wait_for(self._invited, within * PATIENCE)
        self._reply(invite, "200 OK", self._offer())
        self._saying = asyncio.create_task(self._say(invite))

    async def hold(self) -> int:
        """Put the other side on hold as handsets do; return the PBX's answer."""
        return await self._invite_again("sendonly")

    async def resume(self) -> int:
        """Talk again; return the PBX's answer."""
        return await self._invite_again("sendrecv")

    async def refer(self, target: str) -> int:
        """Ask the PBX to call somebody else in this one's place; return its answer."""
        headers = [f"Refer-To: <{target}>", f"Referred-By: <{self._me()}>"]
        return _status(await self._within_call("REFER", headers))

    # --- the protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        match data.split(b" ", 1)[0]:
            case b"SIP/2.0":
                if _status(data) >= 200:
                    self._answers.put_nowait(data)
            case b"INVITE" if not self._invited.done():
                self._reply(data, "180 Ringing")
                self._invited.set_result(data)
            case b"INVITE":
                self._reply(data, "200 OK", self._offer())
            case b"ACK":
                pass
            case method:
                self._reply(data, "200 OK")
                if method == b"BYE":
                    self.over.set()

    async def _invite_again(self, direction: str) -> int:
        self._direction = direction
        answer = await self._within_call("INVITE", [], self._offer())
        self._send(
            "ACK", self._target(), *self._parties(), _header(self._invited.result(), "Call-ID")
        )
        return _status(answer)

    async def _within_call(self, method: str, headers: list[str], body: str = "") -> bytes:
        call = _header(self._invited.result(), "Call-ID")
        self._sequence += 1
        return await self._ask(method, self._target(), *self._parties(), call, headers, body)

    async def _ask(
        self,
        method: str,
        uri: str,
        sender: str,
        receiver: str,
        call: str,
        headers: list[str] | None = None,
        body: str = "",
    ) -> bytes:
        if method == "REGISTER":
            self._sequence += 1
        self._send(method, uri, sender, receiver, call, headers, body)
        async with asyncio.timeout(60):
            return await self._answers.get()

    def _send(
        self,
        method: str,
        uri: str,
        sender: str,
        receiver: str,
        call: str,
        headers: list[str] | None = None,
        body: str = "",
    ) -> None:
        host, port = self._transport.get_extra_info("sockname")
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid.uuid4().hex}",
            f"From: {_named(sender, self._tag)}",
            f"To: {_named(receiver)}",
            f"Call-ID: {call}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:{self._username}@{host}:{port}>",
            "Max-Forwards: 70",
            *(headers or []),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self._transport.sendto(text.encode(), (self._pbx.sip_host, self._pbx.sip_port))

    def _reply(self, request: bytes, status: str, body: str = "") -> None:
        host, port = self._transport.get_extra_info("sockname")
        to = _header(request, "To")
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in _headers(request, "Via")),
            f"From: {_header(request, 'From')}",
            f"To: {to if ';tag=' in to else f'{to};tag={self._tag}'}",
            f"Call-ID: {_header(request, 'Call-ID')}",
            f"CSeq: {_header(request, 'CSeq')}",
            f"Contact: <sip:{self._username}@{host}:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self._transport.sendto(text.encode(), (self._pbx.sip_host, self._pbx.sip_port))

    def _parties(self) -> tuple[str, str]:
        """Return us and them, as the call's first INVITE named us."""
        invite = self._invited.result()
        return _header(invite, "To"), _header(invite, "From")

    def _target(self) -> str:
        found = re.search(r"<([^>]+)>", _header(self._invited.result(), "Contact"))
        assert found
        return found[1]

    def _me(self) -> str:
        return f"sip:{self._username}@{self._pbx.sip_host}"

    def _credentials(self, method: str, uri: str, challenge: str) -> list[str]:
        asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        name, realm, nonce, once = self._username, asked["realm"], asked["nonce"], "0a4f113b"
        ours = _md5(f"{name}:{realm}:{self._secret}")
        proof = _md5(f"{ours}:{nonce}:00000001:{once}:auth:{_md5(f'{method}:{uri}')}")
        opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
        answer = f'response="{proof}", cnonce="{once}", nc=00000001, qop=auth, algorithm=MD5'
        head = f'Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{uri}"'
        return [f"Authorization: {head}, {answer}{opaque}"]

    def _offer(self) -> str:
        assert self._media is not None
        _, port = self._media.get_extra_info("sockname")
        return (
            f"v=0\r\no=- 1 {self._sequence + 1} IN IP4 {ADDRESS}\r\ns=-\r\nc=IN IP4 {ADDRESS}\r\n"
            f"t=0 0\r\nm=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na={self._direction}\r\n"
        )

    async def _say(self, invite: bytes) -> None:
        """Say the tone until the call is over."""
        port = re.search(rb"m=audio (\d+)", invite)
        assert port
        assert self._media is not None
        sound = await asyncio.to_thread(_tone)
        loop = asyncio.get_running_loop()
        begun, packet = loop.time(), 0
        while not self.over.is_set():
            if self._direction == "sendrecv":
                at = packet * _PACKET % len(sound)
                head = struct.pack("!BBHII", 0x80, 8, packet & 0xFFFF, packet * _PACKET, 1022)
                there = (self._pbx.sip_host, int(port[1]))
                self._media.sendto(head + sound[at : at + _PACKET], there)
            packet += 1
            await asyncio.sleep(max(0.0, begun + packet * 0.02 - loop.time()))


def _tone() -> bytes:
    kind = ["-r", "8000", "-e", "a-law", "-b", "8", "-c", "1", "-t", "al"]
    wave = ["synth", "2", "sine", "880", "gain", "-6"]
    made = subprocess.run(["sox", "-n", *kind, "-", *wave], check=True, capture_output=True)
    return made.stdout


def _named(party: str, tag: str = "") -> str:
    named = party if "<" in party else f"<{party}>"
    return f"{named};tag={tag}" if tag and ";tag=" not in named else named


def _status(data: bytes) -> int:
    return int(data.split(b" ", 2)[1])


def _headers(data: bytes, name: str) -> list[str]:
    head = data.split(b"\r\n\r\n", 1)[0].decode(errors="replace")
    return re.findall(rf"^{name}: *(.*?)\r?$", head, re.MULTILINE | re.IGNORECASE)


def _header(data: bytes, name: str) -> str:
    return _headers(data, name)[0]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
