"""What tests of the messages share: settings, a gateway that answers by script, short cuts."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sms import outbox, store
from sms.events import MessageOwed
from sms.gateways.base import Gateway, Outcome, Request, Result
from sms.gateways.mail import FolderMail
from sms.model import Purpose
from sms.sender import Sender
from sms.tables import Message
from tests.support.tasks import running
from tongdai.clock import SystemClock
from tongdai.db import Database
from tongdai.settings import Settings, load

TEXT = """
[seats]
key = "deep-secret"

[[pbx]]
secret = "s"

[sms]
{sms}

[mail]
folder = "{folder}/mail"

[[hotline]]
id = "can-tho"
name = "Cần Thơ"
title = "Tổng đài 1022 Cần Thơ"
number = "02921022"
sender_name = "1022 Cần Thơ"
brandname = "1022CanTho"
portal = "https://1022.example.vn"
"""


def settings_for(folder: Path, sms: str = "") -> Settings:
    """Return settings of one hotline; `sms` is TOML for the [sms] table."""
    path = folder / "sms.toml"
    path.write_text(TEXT.format(folder=folder, sms=sms), encoding="utf-8")
    return load(path)


class Script:
    """A gateway that answers what a test tells it to, and keeps what it was given."""

    def __init__(
        self,
        answer: Callable[[Request], Outcome] | Outcome = Outcome.ACCEPTED,
        *,
        name: str = "script",
        reports: bool = True,
        deduplicates: bool = False,
        per_second: float = 1000.0,
    ) -> None:
        self.name = name
        self.reports = reports
        self.deduplicates = deduplicates
        self.per_second = per_second
        self.answer = answer
        self.heard: list[Request] = []

    async def send(self, request: Request) -> Result:
        self.heard.append(request)
        outcome = self.answer if isinstance(self.answer, Outcome) else self.answer(request)
        return Result(outcome=outcome, words=f"script says {outcome}", reference=f"r-{request.id}")

    async def probe(self) -> Result:
        return Result(outcome=Outcome.ACCEPTED, words="script is there")

    async def close(self) -> None:
        """Nothing is kept open."""


@asynccontextmanager
async def sending(
    db: Database, settings: Settings, *gateways: Gateway, listen: bool = True
) -> AsyncIterator[Sender]:
    """Run a sender while the block runs."""
    sender = Sender(
        db, settings, gateways=gateways, mail=FolderMail(settings.mail), real=SystemClock()
    )
    if listen:
        db.bus.on(MessageOwed, sender.on_owed)
    async with running(sender.run()):
        yield sender


async def owe(
    db: Database, key: str, to: str = "0912345678", purpose: Purpose = Purpose.REFERRAL
) -> str:
    """Owe a message about ticket t1 in a transaction of its own."""
    params = {"ticket": "2026-000123", "field": "Hạ tầng đô thị", "due": None}
    async with db.write() as tx:
        return await outbox.owe(
            tx,
            key=key,
            hotline="can-tho",
            to=to,
            purpose=purpose,
            params=params,
            ticket_id="t1",
        )


async def message(db: Database, message_id: str) -> Message:
    """Return a message as it is now."""
    async with db.read() as session:
        row = await store.get(session, message_id)
    assert row is not None
    return row


async def state(db: Database, message_id: str) -> str:
    """Return the state of a message."""
    return (await message(db, message_id)).state


async def receipt_path(db: Database, message_id: str) -> tuple[str, str]:
    """Return a message's id and receipt token."""
    return message_id, (await message(db, message_id)).receipt_token
