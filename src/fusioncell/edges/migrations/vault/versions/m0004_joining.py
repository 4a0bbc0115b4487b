"""The tables of joining in the vault."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of the days on which people last used the hub."""
    op.create_table(
        "members_vault_last",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
