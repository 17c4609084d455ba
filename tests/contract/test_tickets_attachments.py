"""Files at tickets: once on disk, unchanged, of the kinds that the regulation names."""

import hashlib
from pathlib import Path

import pytest

from tests.contract.register import AUDITOR, HOTLINE, OPERATOR, build, filed, viewer
from tickets import attachments, drafts, referrals, results
from tickets.attachments import Files
from tickets.errors import AttachmentRefused, NoSuchAttachment, TicketForbidden, WrongState
from tickets.model import Channel
from tongdai import audit
from tongdai.accounts.model import Role
from tongdai.db import Database
from tongdai.settings import FilesTable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(FilesTable(folder=tmp_path / "files", max_bytes=2_000))


async def test_a_file_is_kept_once_and_unchanged(database: Database, files: Files) -> None:
    one, two = await filed(database), await filed(database)
    async with database.write() as tx:
        first = await files.attach(tx, one.id, "C:\\ảnh\\đèn.png", PNG, OPERATOR)
        second = await files.attach(tx, two.id, "../../etc/passwd\r\nX: y", PNG, OPERATOR)
    assert files.path_of(first) == files.path_of(second)
    assert files.path_of(first).read_bytes() == PNG
    assert first.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (first.name, second.name) == ("đèn.png", "passwd X: y")
    assert (first.kind, first.media_type, first.bytes) == ("image", "image/png", len(PNG))
    folder = files.path_of(first).parent.parent
    assert [p.name for p in folder.rglob("*") if p.is_file()] == [first.sha256]
    async with database.read() as session:
        assert [a.id for a in await attachments.of_ticket(session, one.id)] == [first.id]
        with pytest.raises(NoSuchAttachment):
            await attachments.get(session, two.id, first.id)
        [line] = await audit.history(session, audit.ticket_chain(HOTLINE), one.id)
        assert (line.kind, line.data["sha256"]) == ("attached", first.sha256)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "empty"), (PNG * 3, "too_large"), (b"<html>" * 9, "kind_not_taken")],
)
async def test_other_things_are_not_taken(
    database: Database, files: Files, data: bytes, why: str
) -> None:
    ticket = await filed(database)
    with pytest.raises(AttachmentRefused) as refusal:
        async with database.write() as tx:
            await files.attach(tx, ticket.id, "x.png", data, OPERATOR)
    assert refusal.value.fields == {"file": why}


async def test_units_attach_to_theirs_and_auditors_to_none(
    database: Database, files: Files
) -> None:
    register = await build(database)
    ticket = await filed(database)
    async with database.write() as tx:
        await referrals.refer(tx, ticket.id, unit_id=register.roads.id, person_id=None, by=OPERATOR)
    focal = viewer("focal", Role.FOCAL_POINT, register.roads.id)
    async with database.write() as tx:
        reply = await files.attach(tx, ticket.id, "tra-loi.pdf", b"%PDF-1.7 ...", focal)
        await results.record(tx, ticket.id, text="Đã sửa.", by=focal, attachment_id=reply.id)
    async with database.read() as session:
        [result] = await results.of_ticket(session, ticket.id)
    assert (result.attachment_id, result.by, reply.kind) == (reply.id, focal.id, "document")
    with pytest.raises(TicketForbidden):
        async with database.write() as tx:
            await files.attach(tx, ticket.id, "x.png", PNG, AUDITOR)


async def test_a_draft_with_a_file_is_not_thrown_away(database: Database, files: Files) -> None:
    async with database.write() as tx:
        draft = await drafts.open_blank(tx, hotline=HOTLINE, channel=Channel.PHONE, by=OPERATOR)
        await files.attach(tx, draft.id, "x.png", PNG, OPERATOR)
    with pytest.raises(WrongState):
        async with database.write() as tx:
            await drafts.discard(tx, draft.id, OPERATOR)
