"""Messages a second from the outbox to Kannel's fake SMSC, every receipt written down.

    python -m benchmarks.messages [--count N]        prints JSON

On SQLite and PostgreSQL with one node, on PostgreSQL with two: `delivered_a_second` counts from
the moment the sender may begin until the last receipt of the last message is settled.
`bare` is the same number of the same requests to the same Kannel by an aiohttp loop that keeps
nothing and counts the receipts; `ratio` is what share of its rate the outbox reaches. Every run
also says how often the SMSC received a message twice. `enqueue` is what `outbox.owe` adds to the
transaction of a ticket's history line.
"""

import argparse
import asyncio
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from sqlalchemy import delete, func
from sqlmodel import col, select

from rig import postgres
from rig.config import Ports
from rig.kannel import Kannel
from rig.ports import free_ports
from sms import outbox
from sms.model import Purpose, State
from sms.tables import Message, MessageAttempt, MessageReceipt
from tests.support.sms import settings_for
from tongdai import audit, migrate
from tongdai.accounts.model import SYSTEM
from tongdai.clock import SystemClock
from tongdai.db import Database, Tx
from tongdai.settings import Settings

AT_ONCE = 16
"""Requests under way at the same time, as in sms.exits."""
ENQUEUED = 200
WITHIN_SECONDS = 60.0
_GATEWAY = """
[[sms.gateway]]
name = "kannel"
kind = "kannel"
url = "http://127.0.0.1:{port}/cgi-bin/sendsms"
username = "tongdai"
password = "right"
per_second = 5000
"""


class Bench:
    """One Kannel, and what is sent through it."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        names = ("sendsms", "kannel_admin", "smsbox", "smsc")
        ports = Ports(**dict(zip(names, free_ports(len(names)), strict=True)))
        self._settings: Settings = settings_for(folder, _GATEWAY.format(port=ports.sendsms))
        self._table = self._settings.sms.gateway[0]
        self._kannel = Kannel(folder / "kannel", ports, self._table, folder / "smsc.log")

    async def measure(self) -> dict[str, Any]:
        """Return what was seen, the bare loop first."""
        found: dict[str, Any] = {"messages": self._count}
        await self._kannel.start()
        try:
            found["bare"] = bare = await self._bare()
            found["sqlite"] = await self._on(f"sqlite+aiosqlite:///{self._folder}/bench.db", (1,))
            with postgres.cluster(self._folder / "data") as server:
                found["postgresql"] = await self._on(server, (1, 2))
        finally:
            self._kannel.stop()
        for name in ("sqlite", "postgresql"):
            for nodes in found[name]["nodes"].values():
                nodes["ratio"] = round(nodes["delivered_a_second"] / bare["delivered_a_second"], 3)
        return found

    async def _bare(self) -> dict[str, Any]:
        """Send the same requests from a loop with no database, and count the receipts."""
        port = free_ports(1)[0]
        heard: Counter[str] = Counter()
        whole = asyncio.Event()

        async def hear(request: web.Request) -> web.Response:
            heard[request.query.get("d", "")] += 1
            if heard["1"] == self._count:
                whole.set()
            return web.Response()

        app = web.Application()
        app.router.add_get("/{id}", hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        left = iter(range(self._count))
        begun = time.perf_counter()
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True, limit=0)
            ) as http,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(AT_ONCE):
                tasks.create_task(self._requests(http, left, port))
        accepted = time.perf_counter() - begun
        async with asyncio.timeout(WITHIN_SECONDS):
            await whole.wait()
        delivered = time.perf_counter() - begun
        await runner.cleanup()
        return {
            "accepted_a_second": round(self._count / accepted, 1),
            "delivered_a_second": round(self._count / delivered, 1),
        }

    async def _requests(self, http: aiohttp.ClientSession, left: Any, port: int) -> None:
        for n in left:
            query = {
                "username": self._table.username,
                "password": self._table.password.get_secret_value(),
                "from": "1022CanTho",
                "to": f"+84912{n:06d}",
                "text": f"1022 Can Tho: Ma xac nhan cua quy vi la {n:06d}, co hieu luc 5 phut.",
                "charset": "UTF-8",
                "coding": "0",
                "dlr-mask": "31",
                "dlr-url": f"http://127.0.0.1:{port}/{n}?d=%d&a=%A&f=%F",
            }
            async with http.get(self._table.url, params=query) as answer:
                assert answer.status == 202, await answer.text()
                await answer.read()

    async def _on(self, url: str, nodes: tuple[int, ...]) -> dict[str, Any]:
        await migrate.upgrade(url)
        db = Database(url, SystemClock())
        try:
            found = {"enqueue": await _enqueue(db), "nodes": {}}
            for number in nodes:
                await _empty(db)
                found["nodes"][str(number)] = await self._sent(db, url, number)
            return found
        finally:
            await db.close()

    async def _sent(self, db: Database, url: str, nodes: int) -> dict[str, Any]:
        already = len(self._kannel.messages)
        for first in range(0, self._count, 250):
            async with db.write() as tx:
                for n in range(first, min(first + 250, self._count)):
                    await _owe(tx, f"{nodes}:{n}", f"0912{n:06d}")
        running = [self._node(url, port) for port in free_ports(nodes)]
        try:
            for node in running:
                await asyncio.to_thread(node.stdout.readline)
            began = db.clock.now()
            for node in running:
                node.stdin.write("go\n")
                node.stdin.flush()
            await _until_delivered(db, self._count)
        finally:
            for node in running:
                node.communicate()
        async with db.read() as session:
            last = (await session.execute(select(func.max(col(Message.settled_at))))).scalar_one()
            accepted = (
                await session.execute(select(func.max(col(Message.accepted_at))))
            ).scalar_one()
            receipts = await session.execute(select(func.count()).select_from(MessageReceipt))
        sent = Counter(str(m["to"]) for m in self._kannel.messages[already:])
        return {
            "delivered_a_second": round(self._count / (last - began).total_seconds(), 1),
            "accepted_a_second": round(self._count / (accepted - began).total_seconds(), 1),
            "receipts": receipts.scalar_one(),
            "received": sent.total(),
            "received_twice": sum(n > 1 for n in sent.values()),
        }

    def _node(self, url: str, port: int) -> Any:
        told = {"url": url, "settings": str(self._folder / "sms.toml"), "port": port}
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.message_node", json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


async def _owe(tx: Tx, key: str, to: str) -> None:
    await outbox.owe(
        tx,
        key=key,
        hotline="can-tho",
        to=to,
        purpose=Purpose.CODE,
        params={"code": "482913", "minutes": 5},
    )


async def _enqueue(db: Database) -> dict[str, float]:
    """Return the milliseconds of a history line's transaction, alone and with a message owed."""
    took: dict[bool, list[float]] = {False: [], True: []}
    for n in range(ENQUEUED * 2):
        owing = n % 2 == 1
        begun = time.perf_counter()
        async with db.write() as tx:
            await audit.append(
                tx,
                chain=audit.ticket_chain("can-tho"),
                subject="bench",
                kind="note",
                actor=SYSTEM.id,
                data={"text": "x"},
            )
            if owing:
                await _owe(tx, f"enqueue:{n}", f"0987{n:06d}")
        took[owing].append(time.perf_counter() - begun)
    alone, owed = (statistics.median(took[owing]) * 1000 for owing in (False, True))
    return {
        "history_line_ms": round(alone, 3),
        "with_message_ms": round(owed, 3),
        "message_ms": round(owed - alone, 3),
    }


async def _empty(db: Database) -> None:
    async with db.write() as tx:
        for table in (MessageReceipt, MessageAttempt, Message):
            await tx.session.execute(delete(table))


async def _until_delivered(db: Database, count: int) -> None:
    query = select(func.count()).where(col(Message.state) == State.DELIVERED)
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            async with db.read() as session:
                if (await session.execute(query)).scalar_one() == count:
                    return
            await asyncio.sleep(0.2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages")
    parser.add_argument("--count", type=int, default=600)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="bench-sms-") as name:
        print(json.dumps(asyncio.run(Bench(Path(name), asked.count).measure()), indent=1))


if __name__ == "__main__":
    main()
