"""A sender in a process of its own, to be killed: python -m tests.support.sender_process JSON."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from sms.gateways import build, build_mail
from sms.sender import Sender
from tongdai.clock import HandClock, SystemClock
from tongdai.db import Database
from tongdai.settings import load


async def main(told: dict[str, Any]) -> None:
    settings = load(Path(told["settings"]))
    sms = settings.sms.model_copy(update={"receipt_url": told["receipt_url"]})
    settings = settings.model_copy(update={"sms": sms})
    db = Database(told["url"], HandClock(datetime.fromisoformat(told["now"])))
    sender = Sender(
        db, settings, gateways=build(settings), mail=build_mail(settings.mail), real=SystemClock()
    )
    await sender.run()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
