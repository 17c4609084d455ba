"""call marks.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "call_mark",
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("call", "at", "kind", name=op.f("pk_call_mark")),
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_table("call_mark")
