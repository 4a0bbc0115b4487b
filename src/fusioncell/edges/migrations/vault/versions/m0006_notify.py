"""The tables of notify in the vault: the outbox of mail, watches and notices, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    _mail()
    _notify()
    _webhooks()


def _mail() -> None:
    op.create_table(
        "exchange_vault_mail",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("once", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("once"),
    )
    op.create_index("exchange_vault_mail_due", "exchange_vault_mail", ["state", "due"], unique=False)
    op.create_table(
        "exchange_vault_mail_bounce",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )


def _notify() -> None:
    op.create_table(
        "exchange_vault_notify_watch",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "exchange_vault_notify_watch_of", "exchange_vault_notify_watch", ["owner", "kind", "value"], unique=True
    )
    op.create_table(
        "exchange_vault_notice",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("contribution", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seqs", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("whys", sa.Text(), nullable=False),
        sa.Column("own", sa.SmallInteger(), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=False),
        sa.Column("read", sa.BigInteger(), nullable=True),
        sa.Column("mailed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "contribution", "audience"),
    )
    op.create_index("exchange_vault_notice_of", "exchange_vault_notice", ["owner", "at"], unique=False)
    op.create_index(
        "exchange_vault_notice_unmailed", "exchange_vault_notice", ["mailed", "read", "owner"], unique=False
    )
    op.create_table(
        "exchange_vault_notify_preference",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "exchange_vault_notify_told",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=10), nullable=False),
        sa.Column("instant", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "exchange_vault_notify_cursor",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )


def _webhooks() -> None:
    op.create_table(
        "exchange_vault_hook",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("watches", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), nullable=True),
        sa.Column("off", sa.SmallInteger(), nullable=False),
        sa.Column("pause", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_exchange_vault_hook_org", "exchange_vault_hook", ["org"], unique=False)
    op.create_table(
        "exchange_vault_delivery",
        sa.Column("hook", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("contribution", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("org", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seqs", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("whys", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hook", "seq"),
    )
    op.create_index("exchange_vault_delivery_due", "exchange_vault_delivery", ["state", "due"], unique=False)
    op.create_index("exchange_vault_delivery_of", "exchange_vault_delivery", ["contribution"], unique=False)
