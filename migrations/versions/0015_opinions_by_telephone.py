"""opinions by telephone.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("answered_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("score", sa.String(), nullable=False),
        sa.Column("reason_seconds", sa.Float(), nullable=False),
        sa.Column("on_ticket", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint("about", name="uq_survey_answer_about"),
        sa.UniqueConstraint("call", name="uq_survey_answer_call"),
    )
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.create_index("ix_survey_answer_ticket", ["ticket_id", "asked_at"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_answer_ticket")

    op.drop_table("survey_answer")
