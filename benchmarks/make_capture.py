"""Make benchmarks/data/ami-2000.xz: what our own Asterisk tells of 2,000 calls placed by SIPp.

    .venv/bin/python benchmarks/make_capture.py [CALLS [RATE]]

Calls to all five hotlines, forty desk telephones in the queues, names in Vietnamese; some callers
hang up before they are answered. The bytes are what the service's own manager user is sent.
"""

import asyncio
import lzma
import random
import sys
import tempfile
from pathlib import Path

from tests.support.world import World

DATA = Path(__file__).parent / "data" / "ami-2000.xz"
DESKS = tuple(str(1001 + n) for n in range(40))
NAMES = ("Nguyễn Văn An", "Trần Thị Bích", "Lê Hoàng Phúc", "Phạm Đức", "Hồ Thị Ngọc Ánh", "")

INVITE = """<?xml version="1.0" encoding="UTF-8"?><scenario name="citizen">
<send retrans="500"><![CDATA[
INVITE sip:[field2]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "[field0]" <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field2]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:c@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=u 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200"/>
<send><![CDATA[
ACK sip:[field2]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "[field0]" <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field2]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<pause distribution="uniform" min="400" max="5000"/>
<send retrans="500"><![CDATA[
BYE sip:[field2]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "[field0]" <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[field2]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


async def record(world: World, into: bytearray, calls: int, rate: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.pbx.port)
    secret = world.pbx.secret.get_secret_value()
    login = f"Action: Login\r\nUsername: {world.pbx.username}\r\nSecret: {secret}\r\n\r\n"
    writer.write(login.encode())

    async def read() -> None:
        while data := await reader.read(1 << 20):
            into.extend(data)

    reading = asyncio.create_task(read())
    for number, desk in enumerate(DESKS):
        hotline = world.settings.hotlines[number % len(world.settings.hotlines)]
        await world.add_member(hotline.id, desk, f"operator-{desk}")
    await sipp(world, calls, rate)
    await asyncio.sleep(3)
    writer.close()
    await reading


async def sipp(world: World, calls: int, rate: int) -> None:
    scenario, people = world.folder / "citizen.xml", world.folder / "people.csv"
    scenario.write_text(INVITE, encoding="utf-8")
    chance = random.Random(1022)
    lines = ["SEQUENTIAL"]
    for _ in range(calls):
        hotline = chance.choice(world.settings.hotlines)
        number = f"09{chance.randrange(10**7, 10**8)}"
        lines.append(f"{chance.choice(NAMES)};{number};{hotline.number}")
    people.write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["-sf", str(scenario), "-inf", str(people), "-i", "127.0.0.2", "-p", "5999"]
    arguments += ["-m", str(calls), "-r", str(rate), "-nostdin", "-timeout", "900"]
    arguments += ["-default_behaviors", "all,-abortunexp"]  # a re-INVITE of a short call may wait
    process = await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        f"{world.pbx.sip_host}:{world.pbx.sip_port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()


async def main(calls: int, rate: int) -> None:
    raw = bytearray()
    with tempfile.TemporaryDirectory() as folder:
        changes: dict[str, dict[str, object]] = {"hotline": {"wrap_up_seconds": 0}}
        async with World(Path(folder), desks=DESKS, seats=(1001, 1040), changes=changes) as world:
            await record(world, raw, calls, rate)
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_bytes(lzma.compress(bytes(raw), preset=9))
    print(f"{DATA}: {len(raw):,} bytes, {DATA.stat().st_size:,} compressed")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(given or [2000]), *([] if len(given) > 1 else [8])))
