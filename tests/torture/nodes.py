"""Two nodes on PostgreSQL empty one outbox: none is sent twice, and both have sent."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from rig.postgres import cluster
from sms import outbox
from sms.model import Purpose, State
from sms.tables import Message
from tests.support.sms import settings_for
from tests.support.wait import until
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.migrate import import_tables

BATCH = 500
NODES = 2
_LOG = """
[[sms.gateway]]
name = "log"
kind = "log"
file = "{file}"
per_second = 1000
"""


class Nodes:
    """One run; see `run`."""

    def __init__(self, folder: Path, *, count: int = 10_000, within: float = 400) -> None:
        self._folder = folder
        self._count = count
        self._within = within

    async def run(self) -> dict[str, Any]:
        """Owe everything, let two nodes send it, count what each has written."""
        import_tables()
        with cluster(self._folder / "postgres") as url:
            db = Database(url, SystemClock())
            try:
                await db.create_all()
                await self._owe(db)
                return await self._sent(db, url)
            finally:
                await db.close()

    async def _owe(self, db: Database) -> None:
        for first in range(0, self._count, BATCH):
            async with db.write() as tx:
                for n in range(first, min(first + BATCH, self._count)):
                    await outbox.owe(
                        tx,
                        key=f"n{n}",
                        hotline="can-tho",
                        to=f"0912{n:06d}",
                        purpose=Purpose.CODE,
                        params={"code": f"{n:06d}", "minutes": 5},
                    )

    async def _sent(self, db: Database, url: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        began, folders = loop.time(), [self._folder / f"node{n}" for n in range(NODES)]
        running = [self._node(folder, url, db) for folder in folders]
        try:
            await until(lambda: _through(db), within=self._within, every=0.3)
        finally:
            for node in running:
                node.kill()
                node.wait()
        seconds = loop.time() - began
        shares = [_written(folder / "sent.jsonl") for folder in folders]
        arrived = Counter(one for share in shares for one in share)
        problems = [f"{one} was sent {n} times" for one, n in arrived.items() if n > 1]
        if len(arrived) != self._count:
            problems.append(f"{len(arrived)} of {self._count} were sent")
        return {
            "messages": self._count,
            "shares": [len(share) for share in shares],
            "a_second": round(self._count / seconds, 1),
            "problems": problems,
        }

    def _node(self, folder: Path, url: str, db: Database) -> subprocess.Popen[bytes]:
        folder.mkdir(parents=True)
        settings_for(folder, _LOG.format(file=folder / "sent.jsonl"))
        told = {
            "url": url,
            "now": db.clock.now().isoformat(),
            "settings": str(folder / "sms.toml"),
            "receipt_url": None,
        }
        program = [sys.executable, "-m", "tests.support.sender_process", json.dumps(told)]
        with (folder / "log").open("wb") as log:
            return subprocess.Popen(program, stdout=log, stderr=log)


async def _through(db: Database) -> bool:
    query = select(func.count()).where(col(Message.state) != State.ACCEPTED)
    async with db.read() as session:
        return (await session.execute(query)).scalar_one() == 0


def _written(file: Path) -> list[str]:
    if not file.exists():
        return []
    return [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()]
