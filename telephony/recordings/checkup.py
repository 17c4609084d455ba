"""What the doctor asks of the archive: its keys, and that its store answers."""

from sqlmodel import col, select

from telephony.recordings.archive.build import make_archive, make_keys
from telephony.recordings.errors import KeyRingUnusable, SigningKeyMissing
from telephony.recordings.model import RecordingState
from telephony.recordings.tables import Recording
from tongdai.db import Database, DatabaseAway
from tongdai.settings import Settings


async def trouble(settings: Settings, db: Database) -> tuple[str, str] | None:
    """Return what is wrong with keys or store, and how to mend it; None when all is well."""
    try:
        archive = make_archive(settings)
    except KeyRingUnusable as error:
        return f"the key ring {error.ids['file']}: {error.ids['why']}", "restore it from its copy"
    try:
        make_keys(settings).signer()
    except SigningKeyMissing as missing:
        if not settings.development.enabled:
            return f"no key in {missing.ids['file']}", "run: tongdai recordings keygen"
    known = set(archive.ring.keys) if archive.ring else set()
    lost = sorted(await _used(db) - known)
    if lost:
        detail = f"recordings are encrypted with the key {lost[0]}, which is not in the key ring"
        return detail, "restore the key ring from its copy; without the key they cannot be heard"
    try:
        await archive.objects.size("tongdai-doctor")
    except OSError as error:
        return f"the store does not answer: {error}", "start it, or mend [recordings.s3]"
    return None


async def _used(db: Database) -> set[str]:
    query = select(Recording.key).where(
        col(Recording.key).is_not(None), col(Recording.state) != RecordingState.DELETED
    )
    try:
        async with db.read() as session:
            return {key for key in (await session.execute(query.distinct())).scalars() if key}
    except DatabaseAway:  # that is another line of the doctor's
        return set()
