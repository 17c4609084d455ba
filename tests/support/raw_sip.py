"""An INVITE written by hand from the carrier's address, for what no well-behaved carrier sends.

async with RawCall(world.pbx, from_header=b'"\\xff\\xfe" <sip:091@127.0.0.2>') as call:
    assert await call.answer() == 200
    ...                                   # silence is sent; leaving the block hangs up
"""

import asyncio
import re
import uuid
from types import TracebackType
from typing import Self, cast

from tongdai.settings import PbxTable


class RawCall(asyncio.DatagramProtocol):
    """One call; no retransmissions (loopback loses nothing), no sound."""

    def __init__(self, pbx: PbxTable, number: str = "02921022", *, from_header: bytes) -> None:
        self._pbx = pbx
        self._number = number
        self._from = from_header + b";tag=" + uuid.uuid4().hex.encode()
        self._call_id = uuid.uuid4().hex.encode()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._to = f"<sip:{number}@{pbx.sip_host}>".encode()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self._pbx.carrier_address, 0))
        self._send(b"INVITE", 1, self._offer())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._send(b"BYE", 2)
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self._answers.put_nowait(data)

    async def answer(self, within: float = 30) -> int:
        """Return the final status of the INVITE, acknowledged."""
        async with asyncio.timeout(within):
            while True:
                data = await self._answers.get()
                found = re.match(rb"SIP/2\.0 (\d+)", data)
                if not found or int(found[1]) < 200:
                    continue
                to = re.search(rb"^To: *(.*?)\r?$", data, re.MULTILINE | re.IGNORECASE)
                assert to
                self._to = to[1]
                self._send(b"ACK", 1)
                return int(found[1])

    def _offer(self) -> bytes:
        host = self._pbx.carrier_address
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        ).encode()

    def _send(self, method: bytes, sequence: int, body: bytes = b"") -> None:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        uri = f"sip:{self._number}@{self._pbx.sip_host}:{self._pbx.sip_port}".encode()
        here = f"{host}:{port}".encode()
        lines = [
            method + b" " + uri + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + here + b";branch=z9hG4bK" + uuid.uuid4().hex.encode(),
            b"From: " + self._from,
            b"To: " + self._to,
            b"Call-ID: " + self._call_id,
            b"CSeq: " + str(sequence).encode() + b" " + method,
            b"Contact: <sip:" + here + b">",
            b"Max-Forwards: 70",
            b"Content-Type: application/sdp" if body else b"User-Agent: raw",
            b"Content-Length: " + str(len(body)).encode(),
        ]
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
        self._transport.sendto(data, (self._pbx.sip_host, self._pbx.sip_port))
