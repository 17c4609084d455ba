"""The peer on the same wire: bare panoramisk 1.4 as a second reader of a world's Asterisk.

    TONGDAI_CONFIG=... python -m benchmarks.bare_ami

Prints a line for each AgentCalled that reaches its callback: the caller's number, the event's own
Timestamp and the moment of arrival, both in nanoseconds of real time. `ready` comes first.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from panoramisk import Manager

from tongdai.settings import load


def called(_manager: Any, event: Any) -> None:
    now = time.time_ns()
    seconds, _, part = event.timestamp.partition(".")
    sent = int(seconds) * 10**9 + int(part.ljust(9, "0"))
    print("ring", event.calleridnum, sent, now, flush=True)


async def main() -> None:
    pbx = load(Path(os.environ["TONGDAI_CONFIG"])).pbx[0]
    manager = Manager(
        host=pbx.host,
        port=pbx.port,
        username=pbx.username,
        secret=pbx.secret.get_secret_value(),
    )
    manager.register_event("AgentCalled", called)
    manager.register_event("*", lambda _manager, _event: None)
    await manager.connect()
    answer = await manager.send_action({"Action": "Ping"})
    print("ready" if answer.success else f"refused {answer}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
