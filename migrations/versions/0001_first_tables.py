"""first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

import tongdai.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("extension", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("extension", name=op.f("uq_account_extension")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_person_id"), ["person_id"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("revoked_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("data", tongdai.db.Json, nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("chain", "seq", name=op.f("uq_audit_entry_chain_seq")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "calendar_in_force",
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("since", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hotline", name=op.f("pk_calendar_in_force")),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pbx", sa.String(), nullable=False),
        sa.Column("linkedid", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("caller_number", sa.String(), nullable=True),
        sa.Column("caller_raw", sa.String(), nullable=False),
        sa.Column("caller_name", sa.String(), nullable=False),
        sa.Column("caller_kind", sa.String(), nullable=False),
        sa.Column("called_number", sa.String(), nullable=False),
        sa.Column("started_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("queue_joined_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("answered_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("menu", sa.String(), nullable=True),
        sa.Column("ticket", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("pbx", "linkedid", name=op.f("uq_call_pbx_linkedid")),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index(
            "ix_call_caller_number_started_at", ["caller_number", "started_at"], unique=False
        )
        batch_op.create_index(
            "ix_call_hotline_started_at_id", ["hotline", "started_at", "id"], unique=False
        )
        batch_op.create_index("ix_call_open", ["pbx", "ended_at"], unique=False)
        batch_op.create_index(
            "ix_call_operator_started_at", ["operator", "started_at"], unique=False
        )
        batch_op.create_index("ix_call_started_at_id", ["started_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_ticket"), ["ticket"], unique=False)

    op.create_table(
        "call_leg",
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("uniqueid", sa.String(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("transfer", sa.String(), nullable=True),
        sa.Column("bridge", sa.String(), nullable=True),
        sa.Column("started_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("call", "n", name=op.f("pk_call_leg")),
    )
    with op.batch_alter_table("call_leg", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_call_leg_transfer"), ["transfer"], unique=False)

    op.create_table(
        "clock_offset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_offset")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["contact.id"], name=op.f("fk_contact_merged_into")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_hotline_folded", ["hotline", "folded", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_contact_merged_into"), ["merged_into"], unique=False)

    op.create_table(
        "login_failure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    with op.batch_alter_table("login_failure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_failure_address"), ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_failure_username"), ["username"], unique=False)

    op.create_table(
        "message",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("params", tongdai.db.Json, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("shown", tongdai.db.Json, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("alphabet", sa.String(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("tried", tongdai.db.Json, nullable=False),
        sa.Column("bound_to", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("again_of", sa.String(), nullable=True),
        sa.Column("receipt_token", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("next_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("lease_until", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("accepted_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("settled_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("unknown_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("asked_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_message")),
        sa.UniqueConstraint("id", name=op.f("uq_message_id")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_cost", ["hotline", "accepted_at"], unique=False)
        batch_op.create_index("ix_message_due", ["state", "next_at"], unique=False)
        batch_op.create_index("ix_message_page", ["hotline", "seq"], unique=False)
        batch_op.create_index("ix_message_recipient", ["recipient", "seq"], unique=False)
        batch_op.create_index("ix_message_reference", ["gateway", "reference"], unique=False)
        batch_op.create_index("ix_message_state", ["hotline", "state", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "message_reply",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("stop", sa.Boolean(), nullable=False),
        sa.Column("seen_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("seen_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_message_reply")),
        sa.UniqueConstraint("id", name=op.f("uq_message_reply_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_message_reply_reference")),
    )
    with op.batch_alter_table("message_reply", schema=None) as batch_op:
        batch_op.create_index("ix_message_reply_page", ["hotline", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_reply_sender"), ["sender"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_reply_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "message_stop",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", "hotline", name=op.f("pk_message_stop")),
    )
    op.create_table(
        "message_template",
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("networks", tongdai.db.Json, nullable=False),
        sa.Column("changed_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hotline", "template", "language", name=op.f("pk_message_template")
        ),
    )
    op.create_table(
        "operator_state_change",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("hotlines", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_state_change")),
    )
    with op.batch_alter_table("operator_state_change", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_operator_state_change_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_operator_state_change_at"), ["at"], unique=False)

    op.create_table(
        "procedure_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version")),
    )
    op.create_table(
        "recording",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("pbx", sa.String(), nullable=False),
        sa.Column("linkedid", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=True),
        sa.Column("started_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source_bytes", sa.Integer(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.Column("pcm_sha256", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("path", name=op.f("uq_recording_path")),
        sa.UniqueConstraint(
            "pbx", "linkedid", "kind", "n", name=op.f("uq_recording_pbx_linkedid_kind_n")
        ),
    )
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_call"), ["call"], unique=False)
        batch_op.create_index(
            "ix_recording_hotline_started_at_id", ["hotline", "started_at", "id"], unique=False
        )
        batch_op.create_index("ix_recording_started_at_id", ["started_at", "id"], unique=False)

    op.create_table(
        "search_posting",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column(
            "word", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "word", "at", "ref", name=op.f("pk_search_posting")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_word",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column(
            "word", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("scope", "word", name=op.f("pk_search_word")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "standstill",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("until_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standstill")),
    )
    with op.batch_alter_table("standstill", schema=None) as batch_op:
        batch_op.create_index("ix_standstill_hotline", ["hotline", "began_at"], unique=False)
        batch_op.create_index("ix_standstill_open", ["ended_at", "until_at"], unique=False)

    op.create_table(
        "ticket_link",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("expires_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("used_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_ticket_link")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_number",
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hotline", "year", name=op.f("pk_ticket_number")),
    )
    op.create_table(
        "transfer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pbx", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("operator_there", sa.Boolean(), nullable=False),
        sa.Column("started_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("rang_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("answered_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("accepted_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("caller_channel", sa.String(), nullable=False),
        sa.Column("operator_channel", sa.String(), nullable=False),
        sa.Column("linkedid", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_ticket_id"), ["ticket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "unit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("aliases", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("handling_unit", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("valid_from", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("valid_to", tongdai.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("hotline", "code", name=op.f("uq_unit_hotline_code")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "contact_phone",
        sa.Column("contact_id", sa.String(), nullable=False),
        sa.Column(
            "e164", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("last_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_phone_contact_id")
        ),
        sa.PrimaryKeyConstraint("contact_id", "e164", name=op.f("pk_contact_phone")),
    )
    with op.batch_alter_table("contact_phone", schema=None) as batch_op:
        batch_op.create_index(
            "ix_contact_phone_number", ["hotline", "e164", "last_at"], unique=False
        )

    op.create_table(
        "field",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("keywords", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_field_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field")),
        sa.UniqueConstraint("hotline", "code", name=op.f("uq_field_hotline_code")),
    )
    op.create_table(
        "law_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_law_edition_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_edition")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_membership_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "account_id",
            "hotline",
            "role",
            "unit_id",
            name=op.f("uq_membership_account_id_hotline_role_unit_id"),
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_account_id"), ["account_id"], unique=False)

    op.create_table(
        "message_attempt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("begun_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_attempt_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attempt")),
    )
    with op.batch_alter_table("message_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_attempt_message_id"), ["message_id"], unique=False
        )

    op.create_table(
        "message_receipt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("moved_to", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_receipt_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_receipt")),
    )
    with op.batch_alter_table("message_receipt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_receipt_message_id"), ["message_id"], unique=False
        )

    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("mobile", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("active_from", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("active_to", tongdai.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_hotline_mobile", ["hotline", "mobile"], unique=False)
        batch_op.create_index("ix_person_hotline_phone", ["hotline", "phone"], unique=False)
        batch_op.create_index("ix_person_hotline_role", ["hotline", "role"], unique=False)
        batch_op.create_index(
            "ix_person_unit_role", ["unit_id", "role", "active_from"], unique=False
        )

    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("seen_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("track", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("due_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=True),
        sa.Column("popped_by", sa.String(), nullable=True),
        sa.Column("caller_e164", sa.String(), nullable=True),
        sa.Column("contact_id", sa.String(), nullable=True),
        sa.Column("sender_kind", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("sender_address", sa.String(), nullable=False),
        sa.Column("sender_phone", sa.String(), nullable=False),
        sa.Column("sender_e164", sa.String(), nullable=True),
        sa.Column("sender_email", sa.String(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("field_id", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("proposed_unit_id", sa.String(), nullable=True),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("direct_answer", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("resubmission_of", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("filed_by", sa.String(), nullable=True),
        sa.Column("filed_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("closed_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("changed_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_ticket_contact_id")),
        sa.ForeignKeyConstraint(["field_id"], ["field.id"], name=op.f("fk_ticket_field_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_person_id")),
        sa.ForeignKeyConstraint(
            ["proposed_unit_id"], ["unit.id"], name=op.f("fk_ticket_proposed_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["resubmission_of"], ["ticket.id"], name=op.f("fk_ticket_resubmission_of")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ticket_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("code", name=op.f("uq_ticket_code")),
        sa.UniqueConstraint("hotline", "number", name=op.f("uq_ticket_hotline_number")),
        sa.UniqueConstraint("popped_by", name=op.f("uq_ticket_popped_by")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_author", ["created_by", "state", "created_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ticket_call_id"), ["call_id"], unique=False)
        batch_op.create_index(
            "ix_ticket_caller", ["hotline", "caller_e164", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_ticket_contact", ["contact_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_ticket_due", ["hotline", "state", "due_at", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_field", ["hotline", "field_id", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_ticket_list", ["hotline", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_overdue_list",
            ["hotline", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("overdue = 1"),
            postgresql_where=sa.text("overdue"),
        )
        batch_op.create_index(
            "ix_ticket_phone", ["hotline", "sender_e164", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ticket_resubmission_of"), ["resubmission_of"], unique=False
        )
        batch_op.create_index(
            "ix_ticket_state_list", ["hotline", "state", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_ticket_unit_due", ["hotline", "unit_id", "state", "due_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_ticket_unit_list", ["hotline", "unit_id", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_ticket_unit_overdue_list",
            ["hotline", "unit_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("overdue = 1"),
            postgresql_where=sa.text("overdue"),
        )
        batch_op.create_index(
            "ix_ticket_unit_state_list",
            ["hotline", "unit_id", "state", "created_at", "id"],
            unique=False,
        )

    op.create_table(
        "attachment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_attachment_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "deadline",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("set_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("done_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_deadline_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
    )
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.create_index("ix_deadline_state_due", ["state", "due_at", "id"], unique=False)
        batch_op.create_index("ix_deadline_ticket", ["ticket_id", "state"], unique=False)

    op.create_table(
        "ladder_state",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("state", tongdai.db.Json, nullable=False),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ladder_state_ticket_id")
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["procedure_version.id"], name=op.f("fk_ladder_state_version")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ladder_state")),
    )
    with op.batch_alter_table("ladder_state", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ladder_state_open", ["hotline", "open", "ticket_id"], unique=False
        )

    op.create_table(
        "rating",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("score", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_rating_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index("ix_rating_ticket", ["ticket_id", "at"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ended_at", tongdai.db.UtcDateTime(), nullable=True),
        sa.Column("ended_why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_referral_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_referral_ticket_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_referral_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index("ix_referral_ticket", ["ticket_id", "at"], unique=False)
        batch_op.create_index("ix_referral_unit", ["unit_id", "ticket_id"], unique=False)

    op.create_table(
        "standstill_ticket",
        sa.Column("standstill_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["standstill_id"], ["standstill.id"], name=op.f("fk_standstill_ticket_standstill_id")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_standstill_ticket_ticket_id")
        ),
        sa.PrimaryKeyConstraint("standstill_id", "ticket_id", name=op.f("pk_standstill_ticket")),
    )
    with op.batch_alter_table("standstill_ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_standstill_ticket_state", ["standstill_id", "state"], unique=False
        )

    op.create_table(
        "ticket_call",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("linked_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("linked_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_call_ticket_id")
        ),
        sa.PrimaryKeyConstraint("ticket_id", "call_id", name=op.f("pk_ticket_call")),
    )
    with op.batch_alter_table("ticket_call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_call_call_id"), ["call_id"], unique=False)

    op.create_table(
        "ticket_draft",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("form", tongdai.db.Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_draft_ticket_id")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_draft")),
    )
    op.create_table(
        "ticket_note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_note_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_note")),
    )
    with op.batch_alter_table("ticket_note", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_note_ticket", ["ticket_id", "at"], unique=False)

    op.create_table(
        "extension_letter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("document_number", sa.String(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("until", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.String(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_extension_letter_attachment_id")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_extension_letter_ticket_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_letter")),
    )
    with op.batch_alter_table("extension_letter", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_extension_letter_ticket_id"), ["ticket_id"], unique=False
        )

    op.create_table(
        "result",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document_number", sa.String(), nullable=False),
        sa.Column("attachment_id", sa.String(), nullable=True),
        sa.Column("at", tongdai.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_result_attachment_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_result_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_result_ticket_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_result_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
    )
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_result_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    with op.batch_alter_table("result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_result_ticket_id"))

    op.drop_table("result")
    with op.batch_alter_table("extension_letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_extension_letter_ticket_id"))

    op.drop_table("extension_letter")
    with op.batch_alter_table("ticket_note", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_note_ticket")

    op.drop_table("ticket_note")
    op.drop_table("ticket_draft")
    with op.batch_alter_table("ticket_call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_call_call_id"))

    op.drop_table("ticket_call")
    with op.batch_alter_table("standstill_ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_standstill_ticket_state")

    op.drop_table("standstill_ticket")
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index("ix_referral_unit")
        batch_op.drop_index("ix_referral_ticket")

    op.drop_table("referral")
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index("ix_rating_ticket")

    op.drop_table("rating")
    with op.batch_alter_table("ladder_state", schema=None) as batch_op:
        batch_op.drop_index("ix_ladder_state_open")

    op.drop_table("ladder_state")
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.drop_index("ix_deadline_ticket")
        batch_op.drop_index("ix_deadline_state_due")

    op.drop_table("deadline")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_sha256"))

    op.drop_table("attachment")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_unit_state_list")
        batch_op.drop_index(
            "ix_ticket_unit_overdue_list",
            sqlite_where=sa.text("overdue = 1"),
            postgresql_where=sa.text("overdue"),
        )
        batch_op.drop_index("ix_ticket_unit_list")
        batch_op.drop_index("ix_ticket_unit_due")
        batch_op.drop_index("ix_ticket_state_list")
        batch_op.drop_index(batch_op.f("ix_ticket_resubmission_of"))
        batch_op.drop_index("ix_ticket_phone")
        batch_op.drop_index(
            "ix_ticket_overdue_list",
            sqlite_where=sa.text("overdue = 1"),
            postgresql_where=sa.text("overdue"),
        )
        batch_op.drop_index("ix_ticket_list")
        batch_op.drop_index("ix_ticket_field")
        batch_op.drop_index("ix_ticket_due")
        batch_op.drop_index("ix_ticket_contact")
        batch_op.drop_index("ix_ticket_caller")
        batch_op.drop_index(batch_op.f("ix_ticket_call_id"))
        batch_op.drop_index("ix_ticket_author")

    op.drop_table("ticket")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_account_id"))

    op.drop_table("session")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_unit_role")
        batch_op.drop_index("ix_person_hotline_role")
        batch_op.drop_index("ix_person_hotline_phone")
        batch_op.drop_index("ix_person_hotline_mobile")

    op.drop_table("person")
    with op.batch_alter_table("message_receipt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_receipt_message_id"))

    op.drop_table("message_receipt")
    with op.batch_alter_table("message_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_attempt_message_id"))

    op.drop_table("message_attempt")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_account_id"))

    op.drop_table("membership")
    op.drop_table("law_edition")
    op.drop_table("field")
    with op.batch_alter_table("contact_phone", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_phone_number")

    op.drop_table("contact_phone")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unit_parent_id"))

    op.drop_table("unit")
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfer_unit_id"))
        batch_op.drop_index(batch_op.f("ix_transfer_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_transfer_person_id"))
        batch_op.drop_index(batch_op.f("ix_transfer_ended_at"))
        batch_op.drop_index(batch_op.f("ix_transfer_call_id"))

    op.drop_table("transfer")
    op.drop_table("ticket_number")
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_link_ticket_id"))

    op.drop_table("ticket_link")
    with op.batch_alter_table("standstill", schema=None) as batch_op:
        batch_op.drop_index("ix_standstill_open")
        batch_op.drop_index("ix_standstill_hotline")

    op.drop_table("standstill")
    op.drop_table("search_word")
    op.drop_table("search_posting")
    with op.batch_alter_table("recording", schema=None) as batch_op:
        batch_op.drop_index("ix_recording_started_at_id")
        batch_op.drop_index("ix_recording_hotline_started_at_id")
        batch_op.drop_index(batch_op.f("ix_recording_call"))

    op.drop_table("recording")
    op.drop_table("procedure_version")
    with op.batch_alter_table("operator_state_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_operator_state_change_at"))
        batch_op.drop_index(batch_op.f("ix_operator_state_change_account_id"))

    op.drop_table("operator_state_change")
    op.drop_table("message_template")
    op.drop_table("message_stop")
    with op.batch_alter_table("message_reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_reply_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_message_reply_sender"))
        batch_op.drop_index("ix_message_reply_page")

    op.drop_table("message_reply")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_ticket_id"))
        batch_op.drop_index("ix_message_state")
        batch_op.drop_index("ix_message_reference")
        batch_op.drop_index("ix_message_recipient")
        batch_op.drop_index("ix_message_page")
        batch_op.drop_index("ix_message_due")
        batch_op.drop_index("ix_message_cost")

    op.drop_table("message")
    with op.batch_alter_table("login_failure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_failure_username"))
        batch_op.drop_index(batch_op.f("ix_login_failure_address"))

    op.drop_table("login_failure")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_merged_into"))
        batch_op.drop_index("ix_contact_hotline_folded")

    op.drop_table("contact")
    op.drop_table("clock_offset")
    with op.batch_alter_table("call_leg", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_leg_transfer"))

    op.drop_table("call_leg")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_call_ticket"))
        batch_op.drop_index("ix_call_started_at_id")
        batch_op.drop_index("ix_call_operator_started_at")
        batch_op.drop_index("ix_call_open")
        batch_op.drop_index("ix_call_hotline_started_at_id")
        batch_op.drop_index("ix_call_caller_number_started_at")

    op.drop_table("call")
    op.drop_table("calendar_in_force")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject"))

    op.drop_table("audit_entry")
    op.drop_table("api_token")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_person_id"))

    op.drop_table("account")
