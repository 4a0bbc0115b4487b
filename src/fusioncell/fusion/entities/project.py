"""Follow the record: what refers to which entity, what objects say of themselves, what analysts link.

What is added comes before what ends, so that a row that both touch is never dropped between them: batch boundaries do
not show. What a reference means is not asked here (``refer``).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.fusion.entities import store
from fusioncell.fusion.entities.model import LINK, SAYS, UNLINK, LinkBody, UnlinkBody
from fusioncell.fusion.entities.refer import fold, number_of, refs_in, related_by, said_of
from fusioncell.fusion.entities.store import metadata
from fusioncell.intake import since_of
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived, is_fresh
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

_Row = tuple[object, ...]
_Report = tuple[int, int]
"""A contribution by its first position, and an audience."""


class _Mentions:
    """Sums what a cut adds to and takes from each row. Most items of a contribution refer to the same: they are counted
    together first."""

    def __init__(self) -> None:
        self._counted: dict[_Report, dict[tuple[str, ...], list[int]]] = {}
        self._reports: list[_Row] = []

    def count(self, entry: Entry, refs: tuple[str, ...], fresh: bool, sign: int) -> None:
        """Add or take an item."""
        report = (entry.commit_seq, entry.audience)
        counted = self._counted.get(report)
        if counted is None:
            assert entry.payload is not None
            counted = self._counted[report] = {}
            at = since_of(entry.payload, entry.at)
            self._reports.append((*report, entry.contribution, voice_of(entry.org), at))
        sums = counted.get(refs)
        if sums is None:
            sums = counted[refs] = [0, 0]
        sums[0] += sign
        if fresh:
            sums[1] += sign

    def save(self, connection: Connection) -> None:
        """Write what was counted, and take out what nothing refers to any more."""
        if not self._reports:
            return
        names: dict[int, str] = {}
        rows: list[tuple[int, int, int, int, int]] = []
        for report, counted in self._counted.items():
            sums: dict[str, list[int]] = {}
            for refs, (items, fresh) in counted.items():
                for ref in refs:
                    row = sums.get(ref)
                    if row is None:
                        sums[ref] = [items, fresh]
                    else:
                        row[0] += items
                        row[1] += fresh
            for ref, (items, fresh) in sums.items():
                number = number_of(ref)
                names[number] = ref
                rows.append((number, *report, items, fresh))
        rows.sort()
        store.add_reports(connection, sorted(self._reports))
        store.add_refs(connection, names)
        store.add_mentions(connection, rows)
        taken = [row[:3] for row in rows if row[3] <= 0]
        if taken:
            store.drop_unmentioned(connection, taken)


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut."""
    mentions = _Mentions()
    said: list[_Row] = []
    relations: list[_Row] = []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        refs = refs_in(entry, arrival.extract)
        if not refs:
            continue
        mentions.count(entry, refs, arrival.fresh, 1)
        if entry.kind == "stix":
            _read(entry, arrival.extract, refs, said, relations)
    for entry, extract in arrived.ended:
        refs = refs_in(entry, extract)
        if refs:
            mentions.count(entry, refs, is_fresh(entry, extract), -1)
    mentions.save(connection)
    if said:
        store.add_said(connection, said)
    if relations:
        store.add_relations(connection, relations)
    if arrived.ended:
        store.drop_seqs(connection, [entry.seq for entry, _ in arrived.ended])
    for entry in entries:
        if entry.kind in (LINK, UNLINK):
            _link(connection, entry)


def _read(entry: Entry, extract: Extract, refs: tuple[str, ...], said: list[_Row], relations: list[_Row]) -> None:
    """Add what a STIX object says of itself, or of two others."""
    relation = related_by(entry, extract)
    if relation is not None:
        if relation.source in refs and relation.target in refs:
            relations.append((entry.seq, number_of(relation.source), number_of(relation.target), relation.type,
                              entry.audience, entry.commit_seq))  # fmt: skip
    elif (one := said_of(entry)) is not None:
        said.append((one.entity, entry.seq, entry.audience, voice_of(entry.org), entry.at, one.kind, one.external,
                     "\n".join(one.names), fold_each(one.names), "\n".join(one.tactics), one.description))  # fmt: skip


def fold_each(names: Sequence[str]) -> str:
    """Return names as they are compared, a line each, with a line end before and behind."""
    return "\n" + "\n".join(map(fold, names)) + "\n"


def _link(connection: Connection, entry: Entry) -> None:
    if entry.payload is None:
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
