"""Keeps the archive provable: files in step, a head and a walk a day, deletions listed and done."""

import asyncio
from contextlib import suppress
from datetime import date, timedelta

import structlog

from telephony.recordings.archive import Archive
from telephony.recordings.archive.build import make_keys
from telephony.recordings.errors import KeyRingUnusable, SigningKeyMissing
from telephony.recordings.manifest import heads
from telephony.recordings.manifest.beside import catch_up
from telephony.recordings.manifest.keys import Keys
from telephony.recordings.proof import check
from telephony.recordings.retention import deletion
from telephony.recordings.retention.schedule import Schedule, make_schedule
from tongdai.clock import HCM, Clock
from tongdai.db import Database, DatabaseAway
from tongdai.health import Condition, Part, State
from tongdai.settings import Settings

log = structlog.get_logger()

ROUND_SECONDS = 30.0
EVERY = timedelta(hours=24)


class Keeper:
    """One round after the other; each part of one fails alone."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        archive: Archive,
        keys: Keys,
        *,
        makes_key: bool,
        schedule: Schedule | None = None,
    ) -> None:
        """Take what is needed; nothing is touched before `run`.

        Args:
            db: The register.
            clock: The service's clock.
            archive: What is kept.
            keys: What the manifest is signed with.
            makes_key: Make the signing key when there is none (development).
            schedule: How lists of what is due are made; None: people alone make them.
        """
        self._db, self._clock, self._archive, self._keys = db, clock, archive, keys
        self._makes_key, self._schedule = makes_key, schedule
        self._listed: date | None = None
        self._condition = Condition(clock, State.OK)
        self._wake = asyncio.Event()
        self.findings = 0
        """What the last walk through the archive found wrong."""

    def wake(self) -> None:
        """Do a round at once: something was decided."""
        self._wake.set()

    async def run(self) -> None:
        """Do rounds until cancelled."""
        while True:
            await self.round()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), ROUND_SECONDS)
            self._wake.clear()

    async def round(self) -> None:
        """Sign, write beside, delete, list what is due, walk; say what could not be done."""
        wrong = []
        for part in (self._sign, self._write_beside, self._delete, self._list, self._walk):
            try:
                why = await part()
            except DatabaseAway:
                log.warning("recording.keeper_without_database")
                return
            except (OSError, KeyRingUnusable) as error:
                why = f"the archive: {error}"
            except Exception as error:
                log.exception("recording.keeper_failed")
                why = f"the archive: {type(error).__name__}"
            if why:
                wrong.append(why)
        self._condition.set(State.DEGRADED if wrong else State.OK, "; ".join(wrong))

    async def health(self) -> dict[str, Part]:
        """Return the part `archive`; see HasHealth."""
        return {"archive": self._condition.part}

    async def _sign(self) -> str:
        try:
            ask = self._keys.ensure if self._makes_key else self._keys.signer
            signer = await asyncio.to_thread(ask)
        except SigningKeyMissing as missing:
            return f"the manifest is not signed: no key in {missing.ids['file']}; recordings keygen"
        async with self._db.read() as session:
            if not heads.is_due(await heads.latest(session), self._clock.now()):
                return ""
        async with self._db.write() as tx:
            head = await heads.sign_if_due(tx, signer)
        if head is not None:
            log.info("recording.head_signed", no=head.no, last=head.last)
        return ""

    async def _write_beside(self) -> str:
        public = await asyncio.to_thread(self._keys.public)
        await catch_up(self._db, self._archive, public)
        return ""

    async def _delete(self) -> str:
        if await deletion.carry_out(self._db, self._archive):
            self._listed = None  # what did not fit into that list is listed at once
        return ""

    async def _list(self) -> str:
        """List what is due, once a day in Vietnam and after each list that was carried out."""
        today = self._clock.now().astimezone(HCM).date()
        if self._schedule is None or self._listed == today:
            return ""
        made = await self._schedule.propose(self._db)
        self._listed = today
        if made:
            log.info("recording.deletion_listed", lists=made)
        return ""

    async def _walk(self) -> str:
        last = await check.latest(self._db)
        if check.is_due(last, self._clock.now(), EVERY):
            done = await check.run(self._db, self._archive, self._keys)
            log.info("recording.archive_checked", recordings=done.recordings, found=done.found)
            last = done
        self.findings = last.found if last else 0
        if not self.findings:
            return ""
        return f"{self.findings} things in the archive are not as they were sealed: /audit/checks"


def make_keeper(settings: Settings, db: Database, clock: Clock, archive: Archive) -> Keeper:
    """Return the keeper of the settings."""
    return Keeper(
        db,
        clock,
        archive,
        make_keys(settings),
        makes_key=settings.development.enabled,
        schedule=make_schedule(settings),
    )
