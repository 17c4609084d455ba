"""words of reasons and open holds.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from tongdai.text import fold

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BATCH = 1000


def upgrade() -> None:
    """Go to this version."""
    with op.batch_alter_table("recording_hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recording_hold_open",
            ["placed_at", "id"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    with op.batch_alter_table("recording_play", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("folded", sa.Text(), server_default=sa.text("''"), nullable=False)
        )
        batch_op.create_index(
            "ix_recording_play_request_at_id", ["request", "at", "id"], unique=False
        )
    _fold_reasons()


def _fold_reasons() -> None:
    """Carry the reasons over as their words are looked for from now on."""
    connection, last = op.get_bind(), ""
    play = sa.table("recording_play", *map(sa.column, ("id", "reason", "folded")))
    some = sa.select(play.c.id, play.c.reason).order_by(play.c.id).limit(BATCH)
    change = (
        sa.update(play).where(play.c.id == sa.bindparam("its")).values(folded=sa.bindparam("key"))
    )
    while rows := connection.execute(some.where(play.c.id > last)).all():
        connection.execute(change, [{"its": one, "key": fold(reason)} for one, reason in rows])
        last = rows[-1][0]


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("recording_play", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_play_request_at_id")
        batch_op.drop_column("folded")

    with op.batch_alter_table("recording_hold", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_recording_hold_open",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
