"""Files at tickets: what they are is looked at, not believed; bytes lie under their SHA-256."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tickets.access import to_change
from tickets.errors import AttachmentRefused, NoSuchAttachment
from tickets.events import TicketChanged, about
from tickets.tables import Attachment
from tongdai import audit
from tongdai.accounts.model import Viewer
from tongdai.db import Tx
from tongdai.settings import FilesTable
from tongdai.text import clean

_LONGEST_NAME = 150


def sniff(data: bytes) -> str | None:
    """Return the media type of a picture, video, sound or PDF by its first bytes (CT-6.4).

    None for everything else, whatever its name says: a page or a program is no attachment.
    """
    for start, media_type in _STARTS:
        if data.startswith(start):
            return media_type
    if data[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(
            data[8:12]
        )
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:
        return "audio/mpeg"  # a layer III frame; FF FE would be the mark of UTF-16 text
    return None


_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
}


class Files:
    """The attachments' folder: `ab/abcdef...`, each file once however often it is attached."""

    def __init__(self, settings: FilesTable) -> None:
        """Take the folder (made when it is needed) and the size limit in bytes."""
        self._folder = settings.folder
        self._most = settings.max_bytes

    async def attach(
        self, tx: Tx, ticket_id: str, name: str, data: bytes, by: Viewer
    ) -> Attachment:
        """Keep a file at a ticket, unchanged (CT-14.6).

        The bytes are on disk before the row is written; a transaction that is rolled back leaves
        a file that nobody names, never a row without its file.

        Raises:
            AttachmentRefused: Empty, too large, or none of the kinds of CT-6.4.
            NoSuchTicket, TicketForbidden: See tickets.access.
            OSError: The disk does not take it.
        """
        ticket = await to_change(tx.session, by, ticket_id, "attach")
        media_type = sniff(data)
        if len(data) > self._most:
            raise AttachmentRefused(fields={"file": "too_large"}, bytes=self._most)
        if media_type is None:
            raise AttachmentRefused(fields={"file": "kind_not_taken" if data else "empty"})
        digest = hashlib.sha256(data).hexdigest()
        await asyncio.to_thread(self._write, digest, data)
        row = Attachment(
            ticket_id=ticket_id,
            kind="document" if media_type == "application/pdf" else media_type.split("/")[0],
            media_type=media_type,
            name=_safe_name(name, media_type),
            bytes=len(data),
            sha256=digest,
            at=tx.now,
            by=by.id,
        )
        tx.session.add(row)
        await audit.append(
            tx,
            chain=audit.ticket_chain(ticket.hotline),
            subject=ticket_id,
            kind="attached",
            actor=by.id,
            data={"attachment": row.id, "sha256": digest, "bytes": len(data), "name": row.name},
        )
        tx.emit(TicketChanged(**about(ticket, by)))
        return row

    def path_of(self, attachment: Attachment) -> Path:
        """Return where an attachment's bytes lie."""
        return self._path(attachment.sha256)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _write(self, digest: str, data: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


async def get(session: AsyncSession, ticket_id: str, attachment_id: str) -> Attachment:
    """Return a file of a ticket.

    Raises:
        NoSuchAttachment: The ticket has none of that id.
    """
    found = await session.get(Attachment, attachment_id)
    if found is None or found.ticket_id != ticket_id:
        raise NoSuchAttachment(attachment=attachment_id)
    return found


async def of_ticket(session: AsyncSession, ticket_id: str) -> list[Attachment]:
    """Return the files of a ticket, oldest first."""
    query = (
        select(Attachment)
        .where(col(Attachment.ticket_id) == ticket_id)
        .order_by(col(Attachment.at), col(Attachment.id))
    )
    return list((await session.execute(query)).scalars())


def _safe_name(name: str, media_type: str) -> str:
    """Return a name to show and to download under: no path, no control characters."""
    last = clean(name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    return last[-_LONGEST_NAME:] or media_type.replace("/", ".")
