"""Follow the record: what refers to which entity, what objects say of themselves, what analysts link.

What is added comes before what ends, so that a row that both touch is never dropped between them: batch boundaries do
not show. What a reference means is not asked here (``refer``).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.fusion.entities import store
from fusioncell.fusion.entities.model import LINK, SAYS, UNLINK, LinkBody, UnlinkBody
from fusioncell.fusion.entities.refer import fold, refs_in, related_by, said_of
from fusioncell.fusion.entities.store import metadata
from fusioncell.intake import since_of
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived, is_fresh
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

_Key = tuple[str, str, int]
_Neighbours = tuple[tuple[str, ...], str, int, str]


class _Mentions:
    """Sums what a cut adds to and takes from each row. Most items of a contribution refer to the same: they are counted
    together first."""

    def __init__(self) -> None:
        self._counted: dict[_Neighbours, list[int]] = {}

    def count(self, entry: Entry, extract: Extract, fresh: bool, sign: int) -> None:
        """Add or take an item."""
        refs = refs_in(entry, extract)
        if not refs:
            return
        key = (refs, entry.contribution, entry.audience, entry.org)
        sums = self._counted.get(key)
        if sums is None:
            assert entry.payload is not None
            sums = self._counted[key] = [since_of(entry.payload, entry.at), 0, 0]
        sums[1] += sign
        sums[2] += sign * fresh

    def rows(self) -> list[tuple[object, ...]]:
        """Return (reference, contribution, audience, voice, at, items, fresh ones); of several instants the first."""
        rows: dict[_Key, list[object]] = {}
        for (refs, contribution, audience, org), (at, items, fresh) in self._counted.items():
            for ref in refs:
                key = (ref, contribution, audience)
                row = rows.setdefault(key, [*key, voice_of(org), at, 0, 0])
                row[5] += items  # type: ignore[operator]
                row[6] += fresh  # type: ignore[operator]
        return [tuple(rows[key]) for key in sorted(rows)]


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut."""
    mentions = _Mentions()
    said: list[tuple[object, ...]] = []
    relations: list[tuple[object, ...]] = []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        mentions.count(entry, arrival.extract, arrival.fresh, 1)
        if entry.kind == "stix":
            one = said_of(entry)
            if one is not None:
                names = "\n".join(one.names)
                said.append((one.entity, entry.seq, entry.audience, voice_of(entry.org), entry.at, one.kind,
                             one.external, names, fold_each(one.names), "\n".join(one.tactics),
                             one.description))  # fmt: skip
            relation = related_by(entry)
            if relation is not None:
                relations.append((entry.seq, *relation, entry.audience, entry.contribution))
    for entry, extract in arrived.ended:
        mentions.count(entry, extract, is_fresh(entry, extract), -1)
    rows = mentions.rows()
    if rows:
        store.add_mentions(connection, rows)
        taken = [row[:3] for row in rows if row[5] <= 0]  # type: ignore[operator]
        if taken:
            store.drop_unmentioned(connection, taken)
    if said:
        store.add_said(connection, said)
    if relations:
        store.add_relations(connection, relations)
    if arrived.ended:
        store.drop_seqs(connection, [entry.seq for entry, _ in arrived.ended])
    for entry in entries:
        _link(connection, entry)


def fold_each(names: Sequence[str]) -> str:
    """Return names as they are compared, a line each, with a line end before and behind."""
    return "\n" + "\n".join(map(fold, names)) + "\n"


def _link(connection: Connection, entry: Entry) -> None:
    if entry.payload is None or entry.kind not in (LINK, UNLINK):
        return
    if entry.kind == LINK:
        body = msgspec.json.decode(entry.payload.body, type=LinkBody)
        if body.says in SAYS:
            store.add_link(connection, (entry.payload.subject, entry.seq, storable(body.a), storable(body.b), body.says,
                                        storable(body.reason), entry.org, entry.at, entry.audience))  # fmt: skip
        return
    why = msgspec.json.decode(entry.payload.body, type=UnlinkBody).reason
    store.undo_link(connection, (entry.at, entry.org, storable(why), entry.payload.subject, entry.audience))


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what the entries at these positions said, after their payloads were erased."""
    store.drop_seqs(connection, seqs)
