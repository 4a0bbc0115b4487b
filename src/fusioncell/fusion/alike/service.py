"""Use cases: which contributions hold texts like those of one, of what a viewer sees."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.fusion.alike import store
from fusioncell.fusion.alike.gather import gathered
from fusioncell.fusion.alike.model import LEAST, MOST, MOST_TEXTS, Alike, Near
from fusioncell.fusion.alike.sketch import bands_of, share, unpacked
from fusioncell.kernel.marking import Viewer, voice_of
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record


class Texts:
    """The front door of the package."""

    def __init__(self, record: Record, projections: Database) -> None:
        self._record, self._projections = record, projections

    def alike(self, viewer: Viewer, contribution: str) -> Alike:
        """Return what is like a contribution's texts; nothing for one that the viewer does not see, as for none."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            own = [(seq, unpacked(sketch))
                   for seq, sketch in store.texts_of(connection, contribution, audiences, MOST_TEXTS)]  # fmt: skip
            keys = sorted({band for _, sketch in own for band in bands_of(sketch)})
            if not keys:
                return Alike(None, (), False)
            oldest = store.sharing(connection, keys, audiences, MOST // 2, newest=False)
            newest = store.sharing(connection, keys, audiences, MOST // 2, newest=True)
            rows = store.texts_at(connection, sorted({*oldest, *newest}))
        found: dict[str, Near] = {}
        for _, other, org, at, sketch in rows:
            near = max(share(each, unpacked(sketch)) for _, each in own)
            if other != contribution and near >= LEAST and (other not in found or found[other].share < near):
                found[other] = Near(other, voice_of(org), at, near)
        first = next((found[row[1]] for row in rows if row[1] in found and row[0] < own[0][0]), None)
        nearest = sorted(found.values(), key=lambda one: (-one.share, one.at, one.contribution))
        return Alike(first, tuple(nearest), len(oldest) == MOST // 2 and not set(oldest) & set(newest))

    def gathered(self, audiences: frozenset[int], seqs: Iterable[int]) -> dict[int, int]:
        """Return of those of these entries that are texts in the audiences the first of them that each is like."""
        with self._projections.read() as connection:
            return gathered(store.sketches(connection, seqs, audiences))
