"""order of call backs.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("callback_task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_callback_task_hotline_state_called_at",
            ["hotline", "state", "called_at", "id"],
            unique=False,
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("callback_task", schema=None) as batch_op:
        batch_op.drop_index("ix_callback_task_hotline_state_called_at")
