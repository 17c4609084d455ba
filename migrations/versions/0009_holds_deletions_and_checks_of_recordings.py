"""holds, deletions and checks of recordings.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "archive_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("started_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("last", sa.String(), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_check")),
    )
    with op.batch_alter_table("archive_check", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_archive_check_started_at"), ["started_at"], unique=False
        )

    op.create_table(
        "archive_finding",
        sa.Column("archive_check", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("archive_check", "n", name=op.f("pk_archive_finding")),
    )
    op.create_table(
        "deletion_item",
        sa.Column("deletion", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("deletion", "recording", name=op.f("pk_deletion_item")),
    )
    with op.batch_alter_table("deletion_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deletion_item_recording"), ["recording"], unique=False)

    op.create_table(
        "deletion_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("until", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_name", sa.String(), nullable=False),
        sa.Column("proposed_role", sa.String(), nullable=False),
        sa.Column("proposed_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_name", sa.String(), nullable=True),
        sa.Column("decided_reason", sa.String(), nullable=True),
        sa.Column("decided_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_list")),
    )
    with op.batch_alter_table("deletion_list", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deletion_list_hotline_proposed_at", ["hotline", "proposed_at"], unique=False
        )

    op.create_table(
        "recording_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_name", sa.String(), nullable=False),
        sa.Column("placed_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_name", sa.String(), nullable=True),
        sa.Column("released_reason", sa.String(), nullable=True),
        sa.Column("released_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_hold")),
    )
    with op.batch_alter_table("recording_hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_hold_recording_placed_at", ["recording", "placed_at"], unique=False
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_hold", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_hold_recording_placed_at")

    op.drop_table("recording_hold")
    with op.batch_alter_table("deletion_list", schema=None) as batch_op:
        batch_op.drop_index("ix_deletion_list_hotline_proposed_at")

    op.drop_table("deletion_list")
    with op.batch_alter_table("deletion_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deletion_item_recording"))

    op.drop_table("deletion_item")
    op.drop_table("archive_finding")
    with op.batch_alter_table("archive_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_check_started_at"))

    op.drop_table("archive_check")
