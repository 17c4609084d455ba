"""A process that plays a capture as a manager interface: at a rate, or as fast as it is read.

    python -m benchmarks.ami_feed EVENTS RATE LOG        (RATE 0: as fast as possible)

Prints its port. Writes to LOG, for every AgentCalled, call and seat and the monotonic
nanosecond at which it was sent. The stream begins at `Action: UserEvent` from the reader.
"""

import asyncio
import sys
import time
from pathlib import Path

from benchmarks.capture import packets, ring_of

MARK = b"Event: UserEvent\r\nTimestamp: 1.0\r\nUserEvent: %s\r\n\r\n"
EMPTY = (
    "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
    "Event: ListComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
)
BOOTED = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"


def answer(action: dict[str, str]) -> bytes:
    name = action["Action"]
    if name in ("CoreShowChannels", "QueueStatus"):
        text = EMPTY
    else:
        text = "Response: Success\r\nActionID: {id}\r\nMessage: fine\r\n\r\n"
        text += BOOTED if name == "Login" else ""
    return text.replace("{id}", action.get("ActionID", "")).encode()


async def play(writer: asyncio.StreamWriter, count: int, rate: int, log: Path) -> None:
    chosen = packets(count)
    sent: list[str] = []
    writer.write(MARK % b"BenchStart")
    start, step = time.monotonic(), 0.01
    each = max(1, int(rate * step)) if rate else 50
    for turn, place in enumerate(range(0, len(chosen), each)):
        if rate:
            await asyncio.sleep(max(0, start + turn * step - time.monotonic()))
        part = chosen[place : place + each]
        now = time.monotonic_ns()
        sent += [f"{u} {now}" for p in part if (u := ring_of(p))]
        writer.write(b"\r\n\r\n".join(part) + b"\r\n\r\n")
        await writer.drain()
    await asyncio.to_thread(log.write_text, "\n".join(sent), "ascii")
    writer.write(MARK % b"BenchEnd")
    await writer.drain()


async def main(count: int, rate: int, log: Path) -> None:
    playing: list[asyncio.Task[None]] = []

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                writer.write(answer(action))
                if action["Action"] == "UserEvent":
                    playing.append(asyncio.create_task(play(writer, count, rate, log)))
        except (asyncio.IncompleteReadError, OSError):
            server.close()

    server = await asyncio.start_server(joined, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
