"""call backs.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "callback_decline",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("task", "account", name=op.f("pk_callback_decline")),
    )
    op.create_table(
        "callback_task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=True),
        sa.Column("called_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("due_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("waiting_since", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("claimed_until", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("offered_to", sa.String(), nullable=True),
        sa.Column("offered_until", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("closed_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_call", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_task")),
        sa.UniqueConstraint("call", name=op.f("uq_callback_task_call")),
    )
    with op.batch_alter_table("callback_task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_callback_task_hotline_called_at", ["hotline", "called_at"], unique=False
        )
        batch_op.create_index(
            "ix_callback_task_hotline_state_due_at_id",
            ["hotline", "state", "due_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_callback_task_number_hotline_state", ["number", "hotline", "state"], unique=False
        )
        batch_op.create_index("ix_callback_task_owner_state", ["owner", "state"], unique=False)
        batch_op.create_index(
            "ix_callback_task_state_claimed_until", ["state", "claimed_until"], unique=False
        )

    op.create_table(
        "callback_try",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("call", sa.String(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("settled_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_try")),
        sa.UniqueConstraint("task", "n", name=op.f("uq_callback_try_task_n")),
    )
    with op.batch_alter_table("callback_try", schema=None) as batch_op:
        batch_op.create_index("ix_callback_try_call", ["call"], unique=False)
        batch_op.create_index(
            "ix_callback_try_unsettled",
            ["at"],
            unique=False,
            sqlite_where=sa.text("result IS NULL"),
            postgresql_where=sa.text("result IS NULL"),
        )

    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("followed", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_index(
            "ix_call_not_followed",
            ["started_at"],
            unique=False,
            sqlite_where=sa.text("followed = 0"),
            postgresql_where=sa.text("NOT followed"),
        )

    calls = sa.table("call", sa.column("followed", sa.Boolean()), sa.column("ended_at"))
    # what ended before call-backs were kept owes nothing: the sum counts it apart
    ended = calls.update().where(calls.c.ended_at.is_not(None))
    op.execute(ended.values(followed=sa.true()))


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_call_not_followed",
            sqlite_where=sa.text("followed = 0"),
            postgresql_where=sa.text("NOT followed"),
        )
        batch_op.drop_column("followed")

    with op.batch_alter_table("callback_try", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_callback_try_unsettled",
            sqlite_where=sa.text("result IS NULL"),
            postgresql_where=sa.text("result IS NULL"),
        )
        batch_op.drop_index("ix_callback_try_call")

    op.drop_table("callback_try")
    with op.batch_alter_table("callback_task", schema=None) as batch_op:
        batch_op.drop_index("ix_callback_task_state_claimed_until")
        batch_op.drop_index("ix_callback_task_owner_state")
        batch_op.drop_index("ix_callback_task_number_hotline_state")
        batch_op.drop_index("ix_callback_task_hotline_state_due_at_id")
        batch_op.drop_index("ix_callback_task_hotline_called_at")

    op.drop_table("callback_task")
    op.drop_table("callback_decline")
