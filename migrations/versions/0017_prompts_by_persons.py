"""prompts by persons.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "phone_order",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("when", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_order")),
    )
    op.create_table(
        "prompt_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_edition")),
    )
    with op.batch_alter_table("prompt_edition", schema=None) as batch_op:
        batch_op.create_index("ix_prompt_edition_hotline", ["hotline", "name", "id"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("prompt_edition", schema=None) as batch_op:
        batch_op.drop_index("ix_prompt_edition_hotline")

    op.drop_table("prompt_edition")
    op.drop_table("phone_order")
