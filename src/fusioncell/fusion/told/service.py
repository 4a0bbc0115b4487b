"""Use cases of what is told against observables: which there are, who speaks against them, how often.

**Blocking**: all methods read the database; call them in a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fusioncell.fusion.told import store
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, ObservableType
from fusioncell.kernel.ports import Database

Row = tuple[int, int, int, int, int, int, int]
"""(seq, position, observable, audience, role, stance, at)."""
_PAGE = 20_000


class Told:
    """The front door of the package."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named_after(self, after: int, types: Iterable[ObservableType]) -> tuple[int, list[tuple[int, Observable]]]:
        """Return the observables of some types beyond an id, with their ids, a page of them; and how far it reaches
        (``after`` itself at the end). Whoever may see them."""
        with self._database.read() as connection:
            until = min(store.last(connection), after + _PAGE)
            rows = store.of_types(connection, [TYPE_CODES[each] for each in types], after, until)
        return max(until, after), [(number, Observable(TYPES_BY_CODE[code], value)) for number, code, value in rows]

    def statements(
        self, ids: Sequence[int], audiences: frozenset[int], but: str, *, after: int, until: int, limit: int,
        newest: bool = False,
    ) -> list[Row]:  # fmt: skip
        """Return who accuses observables, or calls them compromised, abused or attacked, in these audiences: (seq,
        position, observable, audience, role, stance, at), in order of the record, ``limit`` at most. ``but``: the
        contributor that is left out."""
        found: list[Row] = []
        for start in range(0, len(ids), _PAGE):
            with self._database.read() as connection:
                found += store.statements(connection, ids[start : start + _PAGE], audiences, but, after, until, limit,
                                          newest=newest)
            if len(ids) > _PAGE:
                found = sorted(found, key=lambda row: (-row[0] if newest else row[0], row[1]))[:limit]
        return found

    def counts(self, ids: Sequence[int], audiences: frozenset[int], but: str) -> dict[int, int]:
        """Return how many such statements stand of each observable."""
        with self._database.read() as connection:
            return dict(store.counts(connection, ids, audiences, but))
