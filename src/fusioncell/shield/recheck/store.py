"""The SQL of the walk: open decisions that rules made, read only."""

from __future__ import annotations

from fusioncell.kernel.ports import Connection


def made_by_rule(connection: Connection, after: int, limit: int) -> list[tuple[int, str, str, str]]:
    """Return (position, id, name, state) of the open decisions that a rule proposed, after a position."""
    return connection.rows(
        "SELECT seq, id, name, state FROM shield_decision WHERE seq > ? AND scope IS NOT NULL AND proposed_by = 'rule' "
        "ORDER BY seq LIMIT ?",
        (after, limit),
    )
