"""The table of uploads in the vault."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "exchange_vault_upload",
        sa.Column("org", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media", sa.String(length=128), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "digest"),
    )
    op.create_index("exchange_vault_upload_digest", "exchange_vault_upload", ["digest"])
    op.create_index("exchange_vault_upload_at", "exchange_vault_upload", ["at"])
