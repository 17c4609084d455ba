"""The tests' callers send a key as one: a telephone that stutters would be taken for the PBX."""

import asyncio

from tests.support.caller import FRAME, Telephones, key_sound
from tests.support.wait import until
from tongdai.settings import PbxTable

ANSWER = (
    "SIP/2.0 200 OK\r\nTo: <sip:1@127.0.0.1>;tag=1\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n\r\n"
    "c=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 8\r\n"
)


class Media(asyncio.DatagramProtocol):
    """What a telephone sends, packet by packet."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self.payloads.append(data[12:])


async def test_a_tone_is_never_broken_by_the_silence_that_keeps_a_call_alive() -> None:
    loop = asyncio.get_running_loop()
    transport, media = await loop.create_datagram_endpoint(Media, local_addr=("127.0.0.1", 0))
    nobody = PbxTable(secret="x", sip_host="127.0.0.1", sip_port=9, carrier_address="127.0.0.1")
    async with Telephones(nobody) as phones:
        calling = asyncio.create_task(phones.call("1022", "0912345678", keys="tone"))
        await until(lambda: phones.calls)
        [call] = phones.calls.values()
        port = transport.get_extra_info("sockname")[1]
        call.told(ANSWER.format(call=call.id, port=port).encode())
        await calling
        pressing = asyncio.create_task(call.press("5"))
        await until(lambda: len(media.payloads) >= 2, every=0.001)
        call.keep_alive()
        await pressing
        call.keep_alive()
        sound = key_sound("5", 0.1)
        frames = [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)]
        await until(lambda: len(media.payloads) > len(frames))
        begin = media.payloads.index(frames[0])
        assert media.payloads[begin : begin + len(frames)] == frames
        others = media.payloads[:begin] + media.payloads[begin + len(frames) :]
        assert set(others) == {b"\xd5" * FRAME}
    transport.close()
