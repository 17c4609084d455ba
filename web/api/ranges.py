"""Sends a recording's sound, or the part that a Range header asks for (RFC 9110, section 14)."""

from http import HTTPStatus

from aiohttp import web

from telephony.recordings.archive import Archive
from telephony.recordings.errors import AudioMissing
from telephony.recordings.tables import Recording

_TYPES = {"flac": "audio/flac", "wav": "audio/wav", "opus": "audio/ogg"}


async def must_be_there(archive: Archive, row: Recording) -> None:
    """Refuse a recording whose object, or whose key, the archive lacks, before anything is noted.

    Raises:
        AudioMissing: The object is not there.
        RecordingKeyMissing, RecordingKeyWrong: It cannot be decrypted.
        StoredDamaged: What is there has no head.
    """
    if await archive.objects.size(row.path) is None:
        raise AudioMissing(recording=row.id)
    if row.key is not None:
        await archive.opened(row)


async def send(request: web.Request, archive: Archive, row: Recording) -> web.StreamResponse:
    """Send the sound of a recording; what is encrypted is decrypted on the way, chunk by chunk.

    Args:
        request: Its Range header is obeyed.
        archive: Where the sound lies.
        row: The recording.

    Raises:
        AudioMissing: The archive lacks it.
        RecordingKeyMissing, RecordingKeyWrong: It cannot be decrypted.
        StoredDamaged: It is not what was stored.
    """
    span = span_of(request, row.bytes)
    answer = web.StreamResponse(
        status=HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT,
        headers={
            "Content-Type": _TYPES.get(row.format, "application/octet-stream"),
            "Content-Disposition": f'inline; filename="{row.id}.{row.format}"',
            "Cache-Control": "no-store",
            "Accept-Ranges": "bytes",
        },
    )
    start, length = span or (0, row.bytes)
    if span is not None:
        answer.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{row.bytes}"
    answer.content_length = length
    if request.method == "HEAD":
        await answer.prepare(request)
        return answer
    blocks = archive.read(row, start, length)
    first = await anext(blocks, b"")  # what is wrong with it is said before the status line goes
    await answer.prepare(request)
    await answer.write(first)
    async for block in blocks:
        await answer.write(block)
    await answer.write_eof()
    return answer


def span_of(request: web.Request, size: int) -> tuple[int, int] | None:
    """Return start and length of what is asked for; None: all of it.

    Raises:
        HTTPRequestRangeNotSatisfiable: It begins behind the end.
    """
    try:
        wanted = request.http_range
    except ValueError:
        return None  # a Range header that cannot be read is as none (RFC 9110, 14.2)
    if wanted.start is None and wanted.stop is None:
        return None
    start, stop, _ = wanted.indices(size)
    if start >= size or stop <= start:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return start, stop - start
