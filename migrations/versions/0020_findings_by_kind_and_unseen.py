"""findings by kind and unseen.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("recording_finding", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_finding_kind_created_at_id", ["kind", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recording_finding_unseen",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("seen_at IS NULL AND why = ''"),
            postgresql_where=sa.text("seen_at IS NULL AND why = ''"),
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_finding", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_recording_finding_unseen",
            sqlite_where=sa.text("seen_at IS NULL AND why = ''"),
            postgresql_where=sa.text("seen_at IS NULL AND why = ''"),
        )
        batch_op.drop_index("ix_recording_finding_kind_created_at_id")
