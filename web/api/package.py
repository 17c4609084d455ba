"""A sealed package over HTTP: who takes it, and why, is written down before it goes out."""

import asyncio
import hashlib
from http import HTTPStatus

from aiohttp import web

from telephony.recordings.archive.build import make_keys
from telephony.recordings.errors import ManifestUnsigned, RecordingKeyMissing, StoredDamaged
from telephony.recordings.hearing import plays
from telephony.recordings.manifest import heads
from telephony.recordings.manifest.excerpt import Excerpt, excerpt
from telephony.recordings.manifest.keys import Signer
from telephony.recordings.package import paper
from telephony.recordings.package.seal import Contents, seal
from telephony.recordings.store import Listed
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.clock import HCM
from tongdai.db import Tx
from web.api.facts import Facts, facts_of
from web.api.ranges import must_be_there
from web.api.sound import archive_of, to_hear
from web.auth import viewer
from web.keys import DB, SETTINGS

EXPORTED = "exported"


async def exported(request: web.Request, recording_id: str, reason: str) -> web.Response:
    """Make a package and write down who takes it.

    Args:
        request: Whose; the viewer must be auditor or supervisor of the recording's hotline.
        recording_id: Which recording.
        reason: Why it leaves the house.

    Raises:
        RecordingUnknown, HearingForbidden, RecordingDeleted: See web.api.sound.play.
        AudioMissing, RecordingKeyMissing, RecordingKeyWrong: See must_be_there.
        StoredDamaged: The sound is not what was sealed: such a package would prove nothing.
        SigningKeyMissing, FontMissing: It cannot be made.
        ReasonMissing: A person does not say why.
    """
    who, keys = viewer(request), make_keys(request.app[SETTINGS])
    listed = await to_hear(request, who, recording_id)
    archive, row = archive_of(request.app), listed.recording
    await must_be_there(archive, row)
    development = request.app[SETTINGS].development.enabled
    signer = await asyncio.to_thread(keys.ensure if development else keys.signer)
    public = await asyncio.to_thread(keys.public)
    sound = b"".join([block async for block in archive.read(row)])
    if await asyncio.to_thread(_sha256, sound) != row.sha256:
        raise StoredDamaged(recording=row.id)
    async with request.app[DB].write() as tx:
        await plays.begin(tx, listed, who, how="export", reason=reason)
        found = await _excerpt(tx, row.id, signer, public)
        facts = await facts_of(tx.session, who, listed, at=tx.now, reason=reason)
        contents = Contents(
            sound=sound,
            extension=row.format,
            facts=facts.told,
            paper=await asyncio.to_thread(_paper, facts, found, _place(request, row.hotline)),
            excerpt=found,
            at=tx.now.astimezone(HCM),
        )
        if signer.key not in public:
            raise RecordingKeyMissing(key=signer.key)
        made = await asyncio.to_thread(seal, contents, signer, public[signer.key])
        await _write_down(tx, listed, who, reason, made)
    day = row.started_at.astimezone(HCM)
    name = f"ghi-am-{day:%Y%m%d-%H%M}-{row.id[:8]}.zip"
    return web.Response(
        status=HTTPStatus.OK,
        body=made,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _excerpt(tx: Tx, recording: str, signer: Signer, public: dict[str, str]) -> Excerpt:
    """Return the excerpt; what no head covers yet is signed now."""
    try:
        return await excerpt(tx.session, recording, public)
    except ManifestUnsigned:
        await heads.sign(tx, signer)
        await tx.session.flush()  # the excerpt reads the head
        return await excerpt(tx.session, recording, public)


async def _write_down(tx: Tx, listed: Listed, who: Viewer, reason: str, made: bytes) -> None:
    await audit.append(
        tx,
        chain=audit.RECORDINGS,
        subject=listed.recording.id,
        kind=EXPORTED,
        actor=who.id,
        data={
            "name": who.name,
            "reason": reason,
            "bytes": len(made),
            "sha256": _sha256(made),
        },
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _place(request: web.Request, hotline: str | None) -> str:
    known = request.app[SETTINGS].hotline_by_id(hotline) if hotline else None
    return known.title if known else hotline or ""


def _paper(facts: Facts, found: Excerpt, place: str) -> bytes:
    return paper.paper(facts.title, facts.sections(found, place), facts.foot)
