"""Parts of long messages and the rate of gateways.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "gateway_rate",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("room", sa.Float(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_rate")),
    )
    op.create_table(
        "message_part",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_part_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_part")),
    )
    with op.batch_alter_table("message_part", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_part_message_id"), ["message_id"], unique=False
        )
        batch_op.create_index("ix_message_part_reference", ["gateway", "reference"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("message_part", schema=None) as batch_op:
        batch_op.drop_index("ix_message_part_reference")
        batch_op.drop_index(batch_op.f("ix_message_part_message_id"))

    op.drop_table("message_part")
    op.drop_table("gateway_rate")
