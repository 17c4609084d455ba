"""Archives of any size: calls, recordings and tickets that the database itself makes up."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

from tickets.tables import Unit, Vocable
from tongdai.clock import HandClock
from tongdai.db import Database

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
UNITS = 200
HOTLINES = ("can-tho", "gia-lai")
_AT_ONCE = 200_000
_WORDS = ("den", "duong", "nuoc")
"""`den` is in every ticket, `duong` in every tenth, `nuoc` in every thousandth."""

_FROM = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n"
    " WHERE i < :last) SELECT ",
    "postgresql": "WITH n AS (SELECT i FROM generate_series(CAST(:first AS bigint),"
    " CAST(:last AS bigint)) AS i) SELECT ",
}
_VALUES = {
    "sqlite": {
        "id": "printf('%016x', i * 2654435761 % 4294967296)",
        "at": "datetime('2026-11-30 03:00:00', '-' || (i * 8) || ' seconds') || '.000000'",
        "digits": "printf('%08d', i % 100000)",
        "tail": "printf('%04d', i % 10000)",
        "number": "printf('2026-%06d', i)",
    },
    "postgresql": {
        "id": "lpad(to_hex(i * 2654435761 % 4294967296), 16, '0')",
        "at": "timestamptz '2026-11-30 03:00:00+00' - i * interval '8 seconds'",
        "digits": "lpad((i % 100000)::text, 8, '0')",
        "tail": "lpad((i % 10000)::text, 4, '0')",
        "number": "'2026-' || lpad(i::text, greatest(6, length(i::text)), '0')",
    },
}
_HOTLINE = "CASE i % 2 WHEN 0 THEN 'can-tho' ELSE 'gia-lai' END"
_SECONDS = (
    "CASE WHEN i % 50000 < 2 THEN 4000 WHEN i % 1000 < 2 THEN 1900 ELSE 20 + i * 7919 % 400 END"
)
_CALL = """INSERT INTO call (id, pbx, linkedid, hotline, direction, caller_number, caller_raw,
 caller_name, caller_kind, called_number, started_at, state, version, caller_tail, operator, ticket)
 {start}{id}, 'main', {id}, {hotline}, 'inbound', '+849' || {digits}, 'x', 'x', 'mobile',
 '02921022', {at}, 'ended', 1, {tail}, 'operator-' || (i % 150),
 CASE WHEN i % 20 < 2 THEN {id} END FROM n"""
_RECORDING = """INSERT INTO recording (id, kind, pbx, linkedid, n, call, hotline, started_at,
 seconds, bytes, sha256, stored_bytes, stored_sha256, source_bytes, source_sha256, pcm_sha256,
 format, channels, sample_rate, path, state, created_at)
 {start}{id}, CASE i % 50 WHEN 7 THEN 'message' ELSE 'call' END, 'main', {id}, 0, {id}, {hotline},
 {at}, {seconds}, 1, 'x', 1, 'x', 1, 'x', 'x', 'flac', 2, 8000, {id}, 'archived', {at} FROM n"""
_TICKET = """INSERT INTO ticket (id, hotline, number, state, overdue, channel, sender_kind,
 sender_name, sender_address, sender_phone, sender_e164, sender_email, confidential, content, place,
 unit_id, direct_answer, reason, guidance, created_by, created_at, changed_at, version)
 {start}{id}, {hotline}, {number}, 'closed', FALSE, 'phone', 'person', 'x', 'x', 'x',
 '+849' || {digits}, '', FALSE, 'x', 'x', {hotline} || '-' || (i / 2 % 100), '', '', '', 'x',
 {at}, {at}, 1 FROM n WHERE i % 20 < 2"""
_POSTING = """INSERT INTO search_posting (scope, word, at, ref)
 {start}'ticket:' || {hotline}, '{word}', {at}, {id} FROM n WHERE i % {each} < 2"""
_EACH = dict(zip(_WORDS, (20, 200, 20_000), strict=True))


async def fill(db: Database, rows: int) -> None:
    """Lay down `rows` calls 8 s apart, each with its recording, and a ticket for one in ten.

    The indexes are made afterwards, as a database's own restore does, and nothing is synced:
    five million rows take minutes. Ids come in no order, as real ones.
    """
    engine = create_async_engine(db.url)
    async with engine.connect() as connection:
        await _unhurried(connection, sqlite=db.is_sqlite)
        await connection.run_sync(_drop_indexes)
        await connection.run_sync(_directory)
        await connection.commit()
        for first in range(2, rows + 2, _AT_ONCE):
            span = {"first": first, "last": min(rows + 1, first + _AT_ONCE - 1)}
            for statement in _statements(db.url.get_backend_name()):
                await connection.execute(text(statement), span)
            await connection.commit()
        await connection.run_sync(_make_indexes)
        await connection.commit()
        await connection.execute(text("ANALYZE"))
        await connection.commit()
    await engine.dispose()


async def many(url: str, rows: int) -> Database:
    """Return a migrated database at `url`, filled."""
    db = Database(url, HandClock(NOW))
    await fill(db, rows)
    return db


async def _unhurried(connection: AsyncConnection, *, sqlite: bool) -> None:
    wishes = (
        ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000", "PRAGMA temp_store = MEMORY"]
        if sqlite
        else [
            f"ALTER TABLE {name} SET UNLOGGED" for name in ("call", "recording", "search_posting")
        ]
    )
    if not sqlite:
        wishes += ["SET maintenance_work_mem = '512MB'"]
    for wish in wishes:
        await connection.execute(text(wish))


def _statements(dialect: str) -> list[str]:
    values = {**_VALUES[dialect], "start": _FROM[dialect], "hotline": _HOTLINE, "seconds": _SECONDS}
    postings = [_POSTING.format(**values, word=word, each=each) for word, each in _EACH.items()]
    return [*(one.format(**values) for one in (_CALL, _RECORDING, _TICKET)), *postings]


def _drop_indexes(connection: Connection) -> None:
    for name in ("call", "recording", "ticket"):
        for index in SQLModel.metadata.tables[name].indexes:
            index.drop(connection)


def _make_indexes(connection: Connection) -> None:
    for name in ("call", "recording", "ticket"):
        for index in SQLModel.metadata.tables[name].indexes:
            index.create(connection)


def _directory(connection: Connection) -> None:
    units = [
        {"id": f"{h}-{i}", "hotline": h, "code": f"u{i}", "name": "x", "folded": "x"}
        | {
            "aliases": "",
            "kind": "commune",
            "handling_unit": True,
            "address": "",
            "valid_from": NOW,
        }
        for h in HOTLINES
        for i in range(UNITS // len(HOTLINES))
    ]
    tables = SQLModel.metadata.tables
    connection.execute(tables[str(Unit.__tablename__)].insert(), units)
    words = [{"scope": f"ticket:{h}", "word": w} for h in HOTLINES for w in _WORDS]
    connection.execute(tables[str(Vocable.__tablename__)].insert(), words)
