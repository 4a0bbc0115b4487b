"""The tags that stand on content, from the MISP door's read model."""

from __future__ import annotations

from typing import Any

from fusioncell.exchange.misp import STANDING
from fusioncell.kernel.ports import Connection

Row = tuple[Any, ...]
MAX_TAGS = 100_000


def in_use(connection: Connection, audiences: frozenset[int], hash: int | None = None) -> list[Row]:
    """Return (name, events, attributes) of the tags on what these audiences may see; of one hash, or of all."""
    allowed, sight = connection.among(audiences)
    one = "" if hash is None else " AND t.hash = ?"
    return connection.rows(
        "SELECT t.name, COUNT(DISTINCT CASE WHEN d.model = 'Event' THEN d.uuid END), "
        "COUNT(DISTINCT CASE WHEN d.model = 'Attribute' THEN d.uuid END) "
        f"FROM exchange_misp_tag t JOIN {STANDING} d ON d.common = t.common WHERE d.audience IN {allowed}{one} "
        f"AND d.deleted = 0 GROUP BY t.name LIMIT {MAX_TAGS}",
        (sight,) if hash is None else (sight, hash),
    )
