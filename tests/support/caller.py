"""Citizens' telephones by the hundred, written by hand: real SIP, RTP heard packet by packet.

async with Telephones(world.pbx) as phones:
    call = await phones.call("02921022", "0912345678")       # answered
    await call.until_heard(16_000)                           # two seconds of sound have come
    await call.press("1")                                    # RFC 4733; or keys="info", "tone"
    await call.speak(2.0)
    await call.hang_up()                                     # or: await call.over.wait()
    call.sound()                                             # what was heard, 8 kHz

What comes is kept as it comes, without the pauses in which nothing is sent: so the sound is the
prompts one after the other, and `quiet` tells that the PBX waits for a key.
"""

import asyncio
import itertools
import re
import struct
import uuid
from types import TracebackType
from typing import Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from tests.support.g711 import decoded, encoded, tone
from tests.support.wait import until
from tongdai.settings import PbxTable

RATE = 8000
FRAME = 160
"""Samples (and bytes of A-law) of a packet: 20 ms."""
FRAME_SECONDS = 0.02
KEY_SECONDS, KEY_PAUSE_SECONDS = 0.1, 0.1
STILL_SECONDS = 0.1
"""Sound goes on after a tone: without it nobody could hear that it has ended."""
_SILENCE = b"\xd5" * FRAME
_EVENT = 101
_ALIVE_SECONDS = 5.0
_RESEND_SECONDS = 0.5
_LINGER_SECONDS = 1.0
_KEYS = "0123456789*#"
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
_LAYOUT = "123456789*0#"
How = Literal["rfc4733", "info", "tone"]


class RefusedError(RuntimeError):
    """The PBX did not take a call; 0: it did not answer."""

    def __init__(self, number: str, status: int) -> None:
        super().__init__(f"the call to {number} was not taken ({status})")


class Telephones(asyncio.DatagramProtocol):
    """Where citizens call from: one SIP address, a media port for each call."""

    def __init__(self, pbx: PbxTable) -> None:
        self._pbx = pbx
        self.there = (pbx.sip_host, pbx.sip_port)
        self.host = pbx.carrier_address
        self.calls: dict[str, Call] = {}
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, 0))
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for call in list(self.calls.values()):
            call.bye()
            call.close()
        await asyncio.sleep(_LINGER_SECONDS * 1.2)  # until every media port is closed
        if self._beating is not None:
            self._beating.cancel()
        self._transport.close()

    async def call(
        self, number: str, caller: str, *, keys: How = "rfc4733", within: float = 20
    ) -> "Call":
        """Call a number; return when it is answered.

        Raises:
            RefusedError: It is refused, or not answered in time.
        """
        call = Call(self, number, caller, keys)
        self.calls[call.id] = call
        await call.begin(within)
        return call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        found = re.search(rb"^Call-ID: *(\S+)", data, re.MULTILINE | re.IGNORECASE)
        call = self.calls.get(found[1].decode()) if found else None
        if call is not None:
            call.told(data)

    def send(self, text: str) -> None:
        """Send a message to the PBX."""
        self._transport.sendto(text.encode(), self.there)

    async def _beat(self) -> None:
        """Send a moment of silence now and then: a telephone that sends nothing is given up."""
        while True:
            await asyncio.sleep(_ALIVE_SECONDS)
            for call in list(self.calls.values()):
                call.keep_alive()


class Call(asyncio.DatagramProtocol):
    """One call; `told` gets its SIP messages, `datagram_received` its sound."""

    _numbers = itertools.count(1)

    def __init__(self, phones: Telephones, number: str, caller: str, keys: How) -> None:
        self._phones, self._number, self.caller, self._keys = phones, number, caller, keys
        self.id = uuid.uuid4().hex
        self._tag = uuid.uuid4().hex[:12]
        self._to = f"<sip:{number}@{phones.there[0]}>"
        self._sequence = 0
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answered = asyncio.Event()
        self._media: asyncio.DatagramTransport | None = None
        self._there: tuple[str, int] | None = None
        self._packet, self._clock, self._ssrc = 0, 0, next(self._numbers)
        self._sending = False
        self._received = bytearray()
        self.last = 0.0
        """When the last packet came (the loop's clock)."""
        self.began = 0.0
        """When the call was answered."""
        self.first = 0.0
        """When the first sound came; 0: none has."""
        self.over = asyncio.Event()
        self.left = False
        """Whether this side hung up."""
        self.asked: list[str] = []
        """The methods of what the PBX asked for, in order."""

    @property
    def heard(self) -> int:
        """How many samples have come."""
        return len(self._received)

    def sound(self) -> NDArray[np.float64]:
        """Return what was heard."""
        return decoded(bytes(self._received))

    def sound_of_last(self, samples: int) -> NDArray[np.float64]:
        """Return the last of it."""
        return decoded(bytes(self._received[len(self._received) - samples :]))

    async def begin(self, within: float) -> None:
        """Call, and return when it is answered; see Telephones.call."""
        loop = asyncio.get_running_loop()
        self._media, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self._phones.host, 0)
        )
        self._sequence = 1
        invite = self._message("INVITE", self._offer())
        try:
            async with asyncio.timeout(within * 3):
                while not self._status.done():
                    self._phones.send(invite)
                    await asyncio.wait([self._status], timeout=_RESEND_SECONDS)
                    if self._answered.is_set():
                        await self._status
        except TimeoutError as late:
            self.close()
            raise RefusedError(self._number, 0) from late
        if self._status.result() != 200:
            self.close()
            raise RefusedError(self._number, self._status.result())
        self.began = self.last = loop.time()

    async def until_heard(self, samples: int, within: float = 60) -> None:
        """Wait until so much sound has come in all, or the call is over."""
        await until(lambda: self.over.is_set() or self.heard >= samples, within, every=0.03)

    async def quiet(self, after: int, within: float = 60, gap: float = 0.6) -> None:
        """Wait until so much has come, and then nothing for a moment: a key is waited for."""
        now = asyncio.get_running_loop().time

        def waits() -> bool:
            return self.over.is_set() or (self.heard >= after and now() - self.last > gap)

        await until(waits, within, every=0.03)

    async def press(
        self, keys: str, seconds: float = KEY_SECONDS, pause: float = KEY_PAUSE_SECONDS
    ) -> None:
        """Press keys one after the other, each for so long."""
        for number, key in enumerate(keys):
            if number:
                await asyncio.sleep(pause)
            match self._keys:
                case "rfc4733":
                    await self._event(key, seconds)
                case "tone":
                    await self._play(key_sound(key, seconds))
                case "info":
                    await self._inform(key, seconds)

    async def speak(self, seconds: float) -> None:
        """Say a tone."""
        await self._play(encoded(tone((440,), seconds)))

    async def say_nothing(self, until: int, most_seconds: float = 60) -> None:
        """Send silence until more than so much was heard: the PBX has lost patience."""
        silence = _SILENCE * 10
        for _part in range(int(most_seconds * RATE / len(silence))):
            await self._play(silence)
            if self.heard > until or self.over.is_set():
                return

    def say_silence(self, seconds: float) -> None:
        """Send at once what a telephone has sent in so many seconds of saying nothing."""
        for _packet in range(round(seconds / FRAME_SECONDS)):
            self._packet_out(8, _SILENCE)

    async def hang_up(self) -> None:
        """End the call, and return when the PBX has heard so."""
        self.left = True
        for _try in range(10):
            if self.over.is_set():
                return
            self.bye()
            with_time = asyncio.create_task(self.over.wait())
            await asyncio.wait([with_time], timeout=_RESEND_SECONDS)
            with_time.cancel()
        self.close()

    def bye(self) -> None:
        """Say that it is over."""
        if not self.over.is_set():
            self._sequence += 1
            self._phones.send(self._message("BYE"))

    def close(self) -> None:
        """Forget the call."""
        self.over.set()
        self._phones.calls.pop(self.id, None)
        if self._media is not None:  # what was sent before may not have been read yet
            asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._media.close)

    def keep_alive(self) -> None:
        """Send a moment of silence, unless something is sent: a gap makes one key two."""
        if not self._sending:
            self._packet_out(8, _SILENCE)

    # --- the protocol ---

    def told(self, data: bytes) -> None:
        """Take a SIP message."""
        first = data.split(b"\r\n", 1)[0].split(b" ")
        if first[0] != b"SIP/2.0":
            self._asked(first[0].decode(), data)
            return
        status, method = int(first[1]), _header(data, "CSeq").split()[-1]
        self._answered.set()
        if method == "BYE":
            self.close()
        elif method == "INVITE" and status >= 200:
            self._to = _header(data, "To")
            self._phones.send(self._message("ACK", sequence=1))
            where = re.search(rb"c=IN IP4 (\S+).*?m=audio (\d+)", data, re.DOTALL)
            if where:
                self._there = (where[1].decode(), int(where[2]))
            if not self._status.done():
                self._status.set_result(status)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        if data[1] & 0x7F == 8:
            self.last = asyncio.get_running_loop().time()
            self.first = self.first or self.last
            self._received += data[12:]

    def _asked(self, method: str, data: bytes) -> None:
        if method == "ACK":
            return
        self.asked.append(method)
        body = self._offer() if method == "INVITE" else ""
        lines = [
            "SIP/2.0 200 OK",
            *(f"Via: {via}" for via in _headers(data, "Via")),
            *(f"{name}: {_header(data, name)}" for name in ("From", "To", "Call-ID", "CSeq")),
            f"Contact: <sip:c@{self._phones.host}:{self._phones.port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._phones.send("\r\n".join(lines) + "\r\n\r\n" + body)
        if method == "BYE":
            self.close()

    def _message(self, method: str, body: str = "", sequence: int = 0) -> str:
        host, port = self._phones.host, self._phones.port
        there = f"{self._phones.there[0]}:{self._phones.there[1]}"
        kind = "application/sdp" if method == "INVITE" else "application/dtmf-relay"
        lines = [
            f"{method} sip:{self._number}@{there} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{uuid.uuid4().hex}",
            f"From: <sip:{self.caller}@{host}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self.id}",
            f"CSeq: {sequence or self._sequence} {method}",
            f"Contact: <sip:c@{host}:{port}>",
            "Max-Forwards: 70",
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def _offer(self) -> str:
        assert self._media is not None
        port = self._media.get_extra_info("sockname")[1]
        host, events = self._phones.host, self._keys == "rfc4733"
        named = f"a=rtpmap:{_EVENT} telephone-event/8000\r\na=fmtp:{_EVENT} 0-15\r\n"
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8{f' {_EVENT}' if events else ''}\r\n"
            f"a=rtpmap:8 PCMA/8000\r\n{named if events else ''}"
        )

    async def _event(self, key: str, seconds: float) -> None:
        """Press a key as RFC 4733 has it: the event grows, its end is sent three times."""
        self._clock += FRAME
        code, began, length = _KEYS.index(key), self._clock, 0
        loop = asyncio.get_running_loop()
        at = loop.time()
        self._sending = True
        for number in range(max(int(seconds / FRAME_SECONDS), 1)):
            length += FRAME
            self._packet_out(
                _EVENT, struct.pack("!BBH", code, 10, length), began, marked=number == 0
            )
            await asyncio.sleep(max(0.0, at + (number + 1) * FRAME_SECONDS - loop.time()))
        for _time in range(3):
            self._packet_out(_EVENT, struct.pack("!BBH", code, 0x80 | 10, length), began)
        self._clock = began + length
        self._sending = False

    async def _inform(self, key: str, seconds: float) -> None:
        self._sequence += 1
        body = f"Signal={key}\r\nDuration={int(seconds * 1000)}\r\n"
        self._phones.send(self._message("INFO", body))
        await asyncio.sleep(seconds)

    async def _play(self, sound: bytes) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        self._sending = True
        for number, start in enumerate(range(0, len(sound) - FRAME + 1, FRAME)):
            self._packet_out(8, sound[start : start + FRAME])
            await asyncio.sleep(max(0.0, at + (number + 1) * FRAME_SECONDS - loop.time()))
        self._sending = False

    def _packet_out(
        self, kind: int, payload: bytes, at: int | None = None, *, marked: bool = False
    ) -> None:
        if self._there is None or self._media is None or self._media.is_closing():
            return
        if at is None:
            self._clock += FRAME
        self._packet += 1
        second = kind | (0x80 if marked else 0)
        stamp = (self._clock if at is None else at) & 0xFFFFFFFF
        head = struct.pack("!BBHII", 0x80, second, self._packet & 0xFFFF, stamp, self._ssrc)
        self._media.sendto(head + payload, self._there)


def key_sound(key: str, seconds: float) -> bytes:
    """Return a key's two tones (ITU-T Q.23) as A-law, and silence: its end is heard."""
    row, column = divmod(_LAYOUT.index(key), 3)
    still = np.zeros(int(STILL_SECONDS * RATE))
    return encoded(np.concatenate([tone((_ROWS[row], _COLUMNS[column]), seconds), still]))


def _headers(data: bytes, name: str) -> list[str]:
    head = data.split(b"\r\n\r\n", 1)[0].decode(errors="replace")
    return re.findall(rf"^{name}: *(.*?)\r?$", head, re.MULTILINE | re.IGNORECASE)


def _header(data: bytes, name: str) -> str:
    return _headers(data, name)[0]
