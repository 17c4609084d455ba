"""requests to hear.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "recording_request",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("unit_name", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_name", sa.String(), nullable=False),
        sa.Column("asked_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("due_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_name", sa.String(), nullable=False),
        sa.Column("decided_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("from_seconds", sa.Float(), nullable=True),
        sa.Column("until_seconds", sa.Float(), nullable=True),
        sa.Column("valid_until", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_request")),
    )
    with op.batch_alter_table("recording_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_request_list", ["hotline", "asked_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recording_request_open", ["hotline", "state", "due_at"], unique=False
        )
        batch_op.create_index("ix_recording_request_ticket", ["ticket", "asked_at"], unique=False)
        batch_op.create_index("ix_recording_request_unit", ["unit", "asked_at", "id"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_request", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_request_unit")
        batch_op.drop_index("ix_recording_request_ticket")
        batch_op.drop_index("ix_recording_request_open")
        batch_op.drop_index("ix_recording_request_list")

    op.drop_table("recording_request")
