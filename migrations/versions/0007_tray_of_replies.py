"""Tray of replies.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    reply = sa.table(
        "message_reply", sa.column("stop", sa.Boolean), sa.column("seen_at"), sa.column("at")
    )
    done = sa.update(reply).where(reply.c.stop, reply.c.seen_at.is_(None))
    op.execute(done.values(seen_at=reply.c.at))  # a STOP asked for nothing more
    with op.batch_alter_table("message_reply", schema=None) as batch_op:
        batch_op.create_index(
            "ix_message_reply_tray", ["hotline", "seen_at", "ticket_id", "seq"], unique=False
        )


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("message_reply", schema=None) as batch_op:
        batch_op.drop_index("ix_message_reply_tray")
