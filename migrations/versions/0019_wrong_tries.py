"""Wrong tries: guesses at the look-up are counted for all nodes together.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "wrong_try",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("until", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_try")),
    )
    with op.batch_alter_table("wrong_try", schema=None) as batch_op:
        batch_op.create_index("ix_wrong_try_until", ["until"], unique=False)
        batch_op.create_index("ix_wrong_try_who_until", ["who", "until"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("wrong_try", schema=None) as batch_op:
        batch_op.drop_index("ix_wrong_try_who_until")
        batch_op.drop_index("ix_wrong_try_until")

    op.drop_table("wrong_try")
