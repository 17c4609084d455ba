"""`tongdai sms send`: one message through the outbox, and what became of it."""

import asyncio
from contextlib import suppress

from sqlmodel import col, select

from sms import outbox
from sms.gateways import build, build_mail
from sms.model import PENDING, Purpose, State
from sms.sender import Sender
from sms.tables import Message
from tongdai.clock import SystemClock
from tongdai.commands.support import CommandError, register, run, say, settings
from tongdai.db import Database
from tongdai.ids import new_id
from tongdai.settings import Settings

_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.2


def sms_send(number: str, hotline: str | None) -> None:
    """Send a trial code to a number, through the first gateway that takes it.

    Raises:
        CommandError: There is no such hotline, or the message did not leave.
    """
    found = settings()
    name = hotline or found.hotlines[0].id
    if found.hotline_by_id(name) is None:
        message = f"--hotline {name}: known are {', '.join(h.id for h in found.hotlines)}"
        raise CommandError(message)
    sent = run(_send(found, number, name))
    if sent.state not in {State.ACCEPTED, State.DELIVERED}:
        message = f"{number}: {sent.state}{': ' + sent.reason if sent.reason else ''}"
        raise CommandError(message)
    say(f"{sent.state} by {sent.gateway}: {sent.text}")


async def _send(found: Settings, number: str, hotline: str) -> Message:
    async with register(found) as db:
        async with db.write() as tx:
            owed = await outbox.owe(
                tx,
                key=f"trial:{new_id()}",
                hotline=hotline,
                to=number,
                purpose=Purpose.CODE,
                params={"code": "102200", "minutes": 5},
            )
        sender = Sender(
            db, found, gateways=build(found), mail=build_mail(found.mail), real=SystemClock()
        )
        sending = asyncio.create_task(sender.run())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    while (await _row(db, owed)).state in PENDING:
                        await asyncio.sleep(_LOOK_SECONDS)
            return await _row(db, owed)
        finally:
            sending.cancel()


async def _row(db: Database, message_id: str) -> Message:
    async with db.read() as session:
        query = select(Message).where(col(Message.id) == message_id)
        row: Message = (await session.execute(query)).scalar_one()
        return row
