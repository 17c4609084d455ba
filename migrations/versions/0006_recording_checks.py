"""recording checks.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "reconciliation_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ran_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_reconciliation_day")),
    )
    op.create_table(
        "reconciliation_item",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("call", sa.String(), nullable=True),
        sa.Column("recording", sa.String(), nullable=True),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_item")),
    )
    with op.batch_alter_table("reconciliation_item", schema=None) as batch_op:
        batch_op.create_index("ix_reconciliation_item_day_id", ["day", "id"], unique=False)

    op.create_table(
        "recording_finding",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("at_second", sa.Float(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("seen_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("seen_by", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_finding")),
        sa.UniqueConstraint("recording", "kind", name=op.f("uq_recording_finding_recording_kind")),
    )
    with op.batch_alter_table("recording_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_finding_call"), ["call"], unique=False)
        batch_op.create_index(
            "ix_recording_finding_created_at_id", ["created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recording_finding_hotline_created_at_id",
            ["hotline", "created_at", "id"],
            unique=False,
        )

    op.create_table(
        "recording_sound",
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("left", sa.LargeBinary(), nullable=False),
        sa.Column("right", sa.LargeBinary(), nullable=False),
        sa.Column("clipped_left", sa.Float(), nullable=False),
        sa.Column("clipped_right", sa.Float(), nullable=False),
        sa.Column("checked_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_recording_sound")),
    )
    with op.batch_alter_table("recording_sound", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_sound_checked_at", ["checked_at", "recording"], unique=False
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_sound", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_sound_checked_at")

    op.drop_table("recording_sound")
    with op.batch_alter_table("recording_finding", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_finding_hotline_created_at_id")
        batch_op.drop_index("ix_recording_finding_created_at_id")
        batch_op.drop_index(batch_op.f("ix_recording_finding_call"))

    op.drop_table("recording_finding")
    with op.batch_alter_table("reconciliation_item", schema=None) as batch_op:
        batch_op.drop_index("ix_reconciliation_item_day_id")

    op.drop_table("reconciliation_item")
    op.drop_table("reconciliation_day")
