"""recordings by length.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recording_hotline_started_at_id"))
        batch_op.create_index(
            "ix_recording_length", ["hotline", "seconds", "started_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recording_list", ["hotline", "started_at", "id", "seconds"], unique=False
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_list")
        batch_op.drop_index("ix_recording_length")
        batch_op.create_index(
            batch_op.f("ix_recording_hotline_started_at_id"),
            ["hotline", "started_at", "id"],
            unique=False,
        )
