"""The SQL of the door's statistics: counts over what stands in MISP's terms (tables of ``exchange.misp``)."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.exchange.misp import STANDING
from fusioncell.kernel.ports import Connection


def count_by_model(connection: Connection, audiences: Iterable[int]) -> dict[str, int]:
    """Return model → how many different things of it the viewer sees, deleted ones left out."""
    among, values = connection.among(sorted(audiences))
    rows = connection.rows(
        f"SELECT model, count(DISTINCT uuid) FROM {STANDING} d WHERE audience IN {among} AND deleted = 0"
        " GROUP BY model ORDER BY model", (values,))
    return {str(model): int(count) for model, count in rows}


def count_by_org(connection: Connection, audiences: Iterable[int]) -> dict[str, int]:
    """Return contributor → how many events of it the viewer sees."""
    among, values = connection.among(sorted(audiences))
    rows = connection.rows(
        f"SELECT org, count(DISTINCT uuid) FROM {STANDING} d WHERE audience IN {among} AND deleted = 0"
        " AND model = 'Event' GROUP BY org ORDER BY org", (values,))
    return {str(org): int(count) for org, count in rows}


def attribute_types_by_org(connection: Connection, audiences: Iterable[int]) -> list[tuple[str, str, int]]:
    """Return (contributor, type, how many attributes) of what the viewer sees."""
    among, values = connection.among(sorted(audiences))
    return [(str(org), str(kind), int(count)) for org, kind, count in connection.rows(
        f"SELECT org, type, count(DISTINCT uuid) FROM {STANDING} d WHERE audience IN {among} AND deleted = 0"
        " AND model = 'Attribute' GROUP BY org, type ORDER BY org, type", (values,))]
