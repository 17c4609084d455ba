"""One node that empties the outbox and takes the receipts: python -m benchmarks.message_node JSON.

Says `ready` when its receipts are taken, begins to send when a line comes, ends at end of file.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from sms.gateways import build, build_mail
from sms.sender import Sender
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.settings import load
from web import receipts
from web.keys import DB, SETTINGS


async def run(told: dict[str, Any]) -> None:
    """Take receipts; send from the first line on standard input until its end."""
    settings = load(Path(told["settings"]))
    table = settings.sms.model_copy(update={"receipt_url": f"http://127.0.0.1:{told['port']}"})
    settings = settings.model_copy(update={"sms": table})
    db = Database(told["url"], SystemClock())
    app = web.Application()
    app[DB], app[SETTINGS] = db, settings
    receipts.setup(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", told["port"]).start()
    sender = Sender(
        db, settings, gateways=build(settings), mail=build_mail(settings.mail), real=SystemClock()
    )
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    sending = asyncio.create_task(sender.run())
    await asyncio.to_thread(sys.stdin.read)
    sending.cancel()
    await asyncio.wait([sending])
    await runner.cleanup()
    await db.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(run(json.loads(sys.argv[1])))
