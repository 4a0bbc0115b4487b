"""Follow the record: what imports changed, and the CVSS vectors that contributions give beside a CVE."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from fusioncell.fusion.vulns import store
from fusioncell.fusion.vulns.model import TABLE, Part
from fusioncell.fusion.vulns.rate import MAX_VECTOR, VECTOR, rate
from fusioncell.fusion.vulns.store import metadata
from fusioncell.intake.project import Arrival, Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.observable import ObservableType
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

_SAYS_CVSS = re.compile(rb"CVSS:[34]\.")
_MOST = 8


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut."""
    for entry in entries:
        if entry.kind == TABLE and entry.payload is not None:
            _put(connection, entry, msgspec.json.decode(entry.payload.body, type=Part))
    rows = [row for arrival in arrived.arrivals if arrival.extract.claims for row in _vectors(arrival)]
    if rows:
        store.add_vectors(connection, rows)
    if arrived.ended:
        store.drop_vectors(connection, [entry.seq for entry, _ in arrived.ended])


def _put(connection: Connection, entry: Entry, part: Part) -> None:
    name = part.version.rpartition(":")[0] if part.source == "ssvc" else part.source
    body = storable(bytes(part.decide).decode()) if part.decide else ""
    store.put_table(connection, (name, part.source, part.version, part.date, part.total, entry.at, body))
    if part.kev:
        store.put_kev(connection, [(row.cve, row.added, row.due, storable(msgspec.json.encode(row).decode()))
                                   for row in part.kev])  # fmt: skip
    if part.epss:
        store.put_epss(connection, [(row.cve, row.score, row.percentile) for row in part.epss])
    if part.gone:
        (store.drop_kev if part.source == "kev" else store.drop_epss)(connection, part.gone)


def _vectors(arrival: Arrival) -> list[tuple[object, ...]]:
    """Return the vectors of an item that speaks of one CVE: of several nobody could say which one is rated."""
    cves = {claim.observable.value for claim in arrival.extract.claims
            if claim.observable.type is ObservableType.VULNERABILITY}  # fmt: skip
    entry = arrival.entry
    if len(cves) != 1 or entry.payload is None or not _SAYS_CVSS.search(entry.payload.body):
        return []
    text = entry.payload.body.decode("utf-8", "replace").replace("\\/", "/")
    found = {vector for vector in VECTOR.findall(text)[:_MOST] if len(vector) <= MAX_VECTOR and rate(vector, "")}
    return [(cve, entry.seq, vector, entry.audience, voice_of(entry.org)) for cve in cves for vector in sorted(found)]


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what the entries at these positions said, after their payloads were erased."""
    store.drop_vectors(connection, seqs)
