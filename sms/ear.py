"""What gateways with a standing connection tell: receipts and replies, written down."""

import asyncio

import structlog

from sms.gateways.base import Heard
from sms.receipts import Receipts, Report, Taken
from sms.references import Named, spellings
from sms.replies import Said, take
from tongdai.db import Database, DatabaseAway
from tongdai.ids import new_id
from tongdai.settings import Settings

log = structlog.get_logger()

_AGAIN_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""A receipt may be quicker than the writing down of its acceptance."""


class Ear:
    """Takes what one gateway hears."""

    def __init__(self, db: Database, settings: Settings, gateway: str) -> None:
        self._db = db
        self._settings = settings
        self._gateway = gateway
        self._receipts = Receipts(db)
        self._in_parts = any(
            table.name == gateway and table.long_text != "payload" for table in settings.sms.gateway
        )

    async def take(self, heard: Heard) -> bool:
        """Write it down; say whether that was done, or need not be done again."""
        return await (self._receipt(heard) if heard.receipt else self._reply(heard))

    async def _receipt(self, heard: Heard) -> bool:
        """Take a receipt; one whose message is not known yet is tried a few times more."""
        report = Report(signal=heard.signal, code=heard.code, words=heard.words)
        taken: Taken | None = None
        for pause in (*_AGAIN_SECONDS, None):
            named = Named(
                gateway=self._gateway,
                references=spellings(heard.reference),
                ours=heard.ours,
                to=heard.to,
                in_parts=self._in_parts,
                last=pause is None,
            )
            try:
                taken = await self._receipts.take_named(named, report)
            except DatabaseAway:
                taken = None
            if taken not in {None, Taken.STRANGER} or pause is None:
                break
            await asyncio.sleep(pause)
        return taken is not None

    async def _reply(self, heard: Heard) -> bool:
        """SMPP gives a reply no id: each is one."""
        said = Said(gateway=self._gateway, reference=new_id(), sender=heard.sender, text=heard.text)
        try:
            await take(self._db, self._settings, said)
        except DatabaseAway:
            log.warning("reply.waits", gateway=self._gateway)
            return False
        return True
