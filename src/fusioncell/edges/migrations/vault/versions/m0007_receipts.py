"""The tables of receipts in the vault."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "exchange_vault_export",
        sa.Column("contribution", sa.String(length=64), nullable=False),
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("told_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("contribution", "org"),
    )
    op.create_table(
        "exchange_vault_value",
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "org"),
    )
    op.create_table(
        "exchange_vault_range",
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("audience_set", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("reached_seq", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "audience_set", "first_seq"),
    )
    op.create_table(
        "exchange_vault_told",
        sa.Column("recall_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recall_seq", "org"),
    )
