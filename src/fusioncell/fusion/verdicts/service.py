"""Use cases of verdicts: list them, and count them by source."""

from __future__ import annotations

from collections.abc import Set

from fusioncell.fusion.verdicts import store
from fusioncell.fusion.verdicts.model import Verdict
from fusioncell.kernel.observable import TYPES_BY_CODE, Observable
from fusioncell.kernel.ports import Database

MOST = 100_000


class Verdicts:
    """The front door of the package."""

    def __init__(self, projections: Database) -> None:
        self._projections = projections

    def standing(self, audiences: frozenset[int], limit: int = MOST) -> list[Verdict]:
        """Return the verdicts that stand in these audiences, the newest first."""
        with self._projections.read() as connection:
            rows = store.standing(connection, audiences, min(limit, MOST))
        return [Verdict(Observable(TYPES_BY_CODE[code], value), bool(upheld), malicious, at, seq)
                for code, value, upheld, malicious, at, seq in rows]  # fmt: skip

    def by_source(self, audiences: frozenset[int], proven: Set[str]) -> dict[str, tuple[int, int]]:
        """Return (upheld, overturned) for each source that had accused a value before the verdict on it.

        Overturned is, without a verdict, what another member of ``proven`` record called benign afterwards: who has no
        record could else ruin that of others.
        """
        found: dict[str, tuple[int, int]] = {}
        with self._projections.read() as connection:
            rows = store.by_source(connection, audiences)
            told = store.contested(connection, audiences, sorted(proven)) if proven else []
        rows += [(source, 0, count) for source, count in told]
        for source, upheld, count in rows:
            held, fell = found.get(source, (0, 0))
            found[source] = (held + count, fell) if upheld else (held, fell + count)
        return found
