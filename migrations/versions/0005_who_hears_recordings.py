"""who hears recordings.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_ENTRY = sa.table(
    "audit_entry",
    sa.column("id"),
    sa.column("chain"),
    sa.column("at", tongdai.db.UtcDateTime()),
    sa.column("subject"),
    sa.column("kind"),
    sa.column("actor"),
    sa.column("data", tongdai.db.Json),
)
_PLAY = sa.table(
    "recording_play",
    *(sa.column(n) for n in ("id", "recording", "hotline", "account", "name", "how", "reason")),
    sa.column("at", tongdai.db.UtcDateTime()),
    sa.column("heard_seconds", sa.Float()),
)


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "recording_peaks",
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_recording_peaks")),
    )
    op.create_table(
        "recording_play",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("heard_seconds", sa.Float(), nullable=False),
        sa.Column("heard_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_play")),
    )
    with op.batch_alter_table("recording_play", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_play_account_at_id", ["account", "at", "id"], unique=False
        )
        batch_op.create_index("ix_recording_play_at_id", ["at", "id"], unique=False)
        batch_op.create_index(
            "ix_recording_play_hotline_at_id", ["hotline", "at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recording_play_recording_at_id", ["recording", "at", "id"], unique=False
        )

    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("caller_tail", sa.String(), nullable=True))
        batch_op.create_index(
            "ix_call_caller_tail_started_at", ["caller_tail", "started_at"], unique=False
        )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_hotline_kind_started_at_id",
            ["hotline", "kind", "started_at", "id"],
            unique=False,
        )
    _carry_over()


def _carry_over() -> None:
    """Give calls their last digits, and plays that stand in the chain their rows."""
    op.execute(
        "UPDATE call SET caller_tail = substr(caller_number, length(caller_number) - 3)"
        " WHERE caller_number IS NOT NULL"
    )
    found = op.get_bind().execute(
        sa.select(_ENTRY).where(_ENTRY.c.chain == "recordings", _ENTRY.c.kind == "played")
    )
    while lines := found.fetchmany(_AT_ONCE):
        op.bulk_insert(
            _PLAY,
            [
                {
                    "id": line.id,
                    "recording": line.subject,
                    "hotline": line.data.get("hotline"),
                    "account": line.actor,
                    "name": line.data.get("name", ""),
                    "at": line.at,
                    "how": line.data.get("how", "page"),
                    "reason": "",
                    "heard_seconds": 0.0,
                }
                for line in lines
            ],
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_hotline_kind_started_at_id")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index("ix_call_caller_tail_started_at")
        batch_op.drop_column("caller_tail")

    with op.batch_alter_table("recording_play", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_play_recording_at_id")
        batch_op.drop_index("ix_recording_play_hotline_at_id")
        batch_op.drop_index("ix_recording_play_at_id")
        batch_op.drop_index("ix_recording_play_account_at_id")

    op.drop_table("recording_play")
    op.drop_table("recording_peaks")
