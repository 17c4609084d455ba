"""holes in recordings.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("recording_sound", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("holes", tongdai.db.Json, nullable=False, server_default=sa.text("'[]'"))
        )
    with op.batch_alter_table("recording_sound", schema=None) as batch_op:
        batch_op.alter_column("holes", server_default=None)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_sound", schema=None) as batch_op:
        batch_op.drop_column("holes")
