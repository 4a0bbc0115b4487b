"""The walk over what rules had blocked.

1. It begins when another line stands than the one by which the last walk went. A hub that starts has walked by none.
2. Each call looks at some decisions, in the record's order. Of those whose evidence no longer suffices, proposals end
   at once, blocks are kept.
3. When it has seen all, the blocks end, as many as a machine may end alone: the fuse knows of all of them, not of one
   portion. What it holds is tried again when people have decided something, by what the evidence says then.
"""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.fusion.learned.model import RAW
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield import policy
from fusioncell.shield.fuse.service import Fuse
from fusioncell.shield.model import State
from fusioncell.shield.recheck import store
from fusioncell.shield.service import Shield, allows_blocking

PORTION = 200
"""Decisions that one call looks at."""
MOST = 20_000
"""Decisions that are kept to be ended, as many as the fuse lists; the walk goes on when these have ended."""


class Recheck:
    """The front door of the package."""

    def __init__(self, record: Record, database: Database, fusion: Fusion, shield: Shield, fuse: Fuse) -> None:
        self._record, self._database, self._fusion, self._shield, self._fuse = record, database, fusion, shield, fuse
        self._line = RAW
        """The line by which the last walk went, or goes."""
        self._at: int | None = None
        """Where the walk is; None where none is on its way."""
        self._rest = 0
        """Where the last walk stopped, because it had found enough."""
        self._lacking: dict[str, str] = {}
        """Name by id of the blocks whose evidence no longer suffices."""
        self._tried: tuple[int, int] | None = None
        """What people had decided when these were last tried."""

    def lacking(self) -> Iterable[str]:
        """Return the ids of the blocks that are to end, once the walk has found all of them."""
        return () if self._at is not None else tuple(self._lacking)

    def act(self) -> int:
        """Walk on, or end what was found; return how much was done, 0 where nothing is left to do."""
        audiences = self._record.audiences_where(allows_blocking)
        if self._at is None:
            line = self._fusion.learned(audiences).line
            if line != self._line:
                self._line, self._at, self._lacking = line, 0, {}
            elif self._rest and not self._lacking:
                self._at = self._rest
            else:
                return self._end(audiences)
            self._rest, self._tried = 0, None
        with self._database.read() as connection:
            rows = store.made_by_rule(connection, self._at, PORTION)
        lacking = self._still({identifier: name for _, identifier, name, _ in rows}, audiences)
        waiting = {identifier for _, identifier, _, state in rows if state == State.PROPOSED}
        self._shield.end_by_rule([name for identifier, name in lacking.items() if identifier in waiting])
        self._lacking |= {identifier: name for identifier, name in lacking.items() if identifier not in waiting}
        if len(rows) < PORTION:
            self._at = None
        elif len(self._lacking) > MOST - PORTION:
            self._at, self._rest = None, rows[-1][0]
        else:
            self._at = rows[-1][0]
        return max(len(rows), 1)

    def _still(self, found: dict[str, str], audiences: frozenset[int]) -> dict[str, str]:
        """Return those of the decisions whose evidence does not suffice now, as ``shield.policy.due`` has it."""
        asked = {name: Observable(ObservableType.DOMAIN, name) for name in found.values()}
        assessed = self._fusion.match(list(asked.values()), audiences)

        def lacks(name: str) -> bool:
            said = assessed.get(asked[name])
            return said is not None and policy.due(said, State.PUBLISHED, by_rule=True) == "end"

        return {identifier: name for identifier, name in found.items() if lacks(name)}

    def _end(self, audiences: frozenset[int]) -> int:
        if not self._lacking:
            return 0
        decided = self._fuse.decided()
        if decided == self._tried:
            return 0
        self._tried, done = decided, 0
        self._lacking = self._still(self._lacking, audiences)
        names = list(self._lacking.values())
        for start in range(0, len(names), PORTION):
            done += self._shield.end_by_rule(names[start : start + PORTION])
        open_now = {item.id for item in self._shield.those(self._lacking) if item.open}
        self._lacking = {identifier: name for identifier, name in self._lacking.items() if identifier in open_now}
        return done
