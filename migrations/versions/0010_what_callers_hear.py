"""what callers hear.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "call_prompt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_prompt")),
    )
    with op.batch_alter_table("call_prompt", schema=None) as batch_op:
        batch_op.create_index("ix_call_prompt_call_n", ["call", "n"], unique=False)

    op.create_table(
        "flow_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_edition")),
    )
    with op.batch_alter_table("flow_edition", schema=None) as batch_op:
        batch_op.create_index("ix_flow_edition_hotline_id", ["hotline", "id"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("flow_edition", schema=None) as batch_op:
        batch_op.drop_index("ix_flow_edition_hotline_id")

    op.drop_table("flow_edition")
    with op.batch_alter_table("call_prompt", schema=None) as batch_op:
        batch_op.drop_index("ix_call_prompt_call_n")

    op.drop_table("call_prompt")
