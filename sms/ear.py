"""What gateways with a standing connection tell: receipts and replies, written down in order."""

import asyncio

import structlog

from sms.gateways.base import Heard
from sms.gateways.smpp import spellings
from sms.receipts import Receipts, Report, Taken
from sms.replies import Said, take
from tongdai.db import Database, DatabaseAway
from tongdai.ids import new_id
from tongdai.settings import Settings

log = structlog.get_logger()

_AGAIN_SECONDS = (0.2, 0.5, 1.0, 3.0, 10.0)
"""A receipt may be quicker than the writing down of its acceptance."""


class Ear:
    """Takes what one gateway hears."""

    def __init__(self, db: Database, settings: Settings, gateway: str) -> None:
        self._db = db
        self._settings = settings
        self._gateway = gateway
        self._receipts = Receipts(db)

    async def take(self, heard: Heard) -> None:
        """Write it down; a receipt whose message is not known yet is tried a few times more."""
        if not heard.receipt:
            await self._reply(heard)
            return
        report = Report(signal=heard.signal, code=heard.code, words=heard.words)
        for pause in (*_AGAIN_SECONDS, None):
            try:
                taken = await self._receipts.take_by_reference(
                    gateway=self._gateway,
                    references=spellings(heard.reference),
                    report=report,
                )
            except DatabaseAway:
                taken = Taken.STRANGER
            if taken is not Taken.STRANGER or pause is None:
                return
            await asyncio.sleep(pause)

    async def _reply(self, heard: Heard) -> None:
        """SMPP gives a reply no id: each is one."""
        said = Said(gateway=self._gateway, reference=new_id(), sender=heard.sender, text=heard.text)
        try:
            await take(self._db, self._settings, said)
        except DatabaseAway:
            log.warning("reply.lost", gateway=self._gateway)
