"""The table of what was taken from other hubs, in the vault."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "exchange_vault_feed_taken",
        sa.Column("feed", sa.String(length=64), nullable=False),
        sa.Column("oid", sa.String(length=255), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("there", sa.String(length=64), nullable=False),
        sa.Column("here", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("feed", "oid", "version"),
    )
    op.create_index("ix_exchange_vault_feed_taken_there", "exchange_vault_feed_taken", ["there"])
