"""The manifest of recordings; what was archived before it becomes its first lines.

Revision ID: 0002
Revises: 0001
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "manifest_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_manifest_entry")),
    )
    with op.batch_alter_table("manifest_entry", schema=None) as batch_op:
        batch_op.create_index("ix_manifest_entry_recording_seq", ["recording", "seq"], unique=False)

    op.create_table(
        "manifest_head",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("until", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_manifest_head")),
    )
    with op.batch_alter_table("manifest_head", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_manifest_head_last"), ["last"], unique=False)

    op.create_table(
        "manifest_tip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest_tip")),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stored_bytes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("stored_sha256", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("key", sa.String(), nullable=True))
    op.execute("UPDATE recording SET stored_bytes = bytes, stored_sha256 = sha256")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.alter_column("stored_bytes", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("stored_sha256", existing_type=sa.String(), nullable=False)
    _enter_what_is_there()


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_column("key")
        batch_op.drop_column("stored_sha256")
        batch_op.drop_column("stored_bytes")

    op.drop_table("manifest_tip")
    with op.batch_alter_table("manifest_head", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_manifest_head_last"))

    op.drop_table("manifest_head")
    with op.batch_alter_table("manifest_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_manifest_entry_recording_seq")

    op.drop_table("manifest_entry")


_SAME = (
    *("kind", "pbx", "linkedid", "n", "call", "seconds", "bytes", "sha256", "stored_bytes"),
    *("stored_sha256", "source_bytes", "source_sha256", "pcm_sha256", "format", "channels"),
    *("sample_rate", "key", "hotline"),
)
_ROWS = sa.table(
    "recording",
    *(sa.column(name) for name in ("id", "path", *_SAME)),
    sa.column("started_at", tongdai.db.UtcDateTime()),
    sa.column("created_at", tongdai.db.UtcDateTime()),
)
_TIP = sa.table("manifest_tip", sa.column("id"), sa.column("seq"), sa.column("hash"))
_ENTRIES = sa.table(
    "manifest_entry",
    *(sa.column(name) for name in ("seq", "event", "recording", "line", "hash")),
    sa.column("at", tongdai.db.UtcDateTime()),
)


def _enter_what_is_there() -> None:
    """Write an `archived` line for every recording, in the order in which they came."""
    connection = op.get_bind()
    seq, previous = 0, "0" * 64
    after: tuple[datetime, str] = (datetime(1, 1, 1, tzinfo=UTC), "")
    order = (_ROWS.c.created_at, _ROWS.c.id)
    while batch := connection.execute(
        sa.select(_ROWS).where(sa.tuple_(*order) > after).order_by(*order).limit(500)
    ).all():
        entries = []
        for row in batch:
            seq += 1
            line = _line(row, seq, previous)
            previous = hashlib.sha256(f"{line}\n".encode()).hexdigest()
            entries.append(
                {
                    "seq": seq,
                    "event": "archived",
                    "recording": row.id,
                    "at": row.created_at,
                    "line": line,
                    "hash": previous,
                }
            )
        connection.execute(sa.insert(_ENTRIES), entries)
        after = (batch[-1].created_at, batch[-1].id)
    if seq:
        connection.execute(sa.insert(_TIP), [{"id": 1, "seq": seq, "hash": previous}])


def _line(row: Any, seq: int, previous: str) -> str:
    facts = {name: getattr(row, name) for name in _SAME} | {
        "v": 1,
        "event": "archived",
        "seq": seq,
        "at": _moment(row.created_at),
        "previous": previous,
        "recording": row.id,
        "name": row.path,
        "started_at": _moment(row.started_at),
        "ticket": None,
        "parties": None,
        "late": True,
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
