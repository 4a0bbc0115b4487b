"""Follow the record: publications, and what ended of what they were made of. Called by the river with each cut."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.exchange.proxy import store
from fusioncell.exchange.proxy.model import PUBLISHED, Published
from fusioncell.exchange.proxy.store import metadata
from fusioncell.exchange.receipts.model import Consented
from fusioncell.exchange.receipts.project import CONSENT
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project"]


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut: its recalls first, which stand at its beginning."""
    for entry, recall in arrived.recalls:
        whole = recall.last > recall.first
        if recall.moved and whole and recall.to:
            store.move(connection, recall.contribution, entry.contribution)
        else:
            store.end(connection, recall.contribution, entry.seq, entry.at if whole else 0)
    for entry in entries:
        if entry.payload is None:
            continue
        if entry.kind == PUBLISHED:
            said = msgspec.json.decode(entry.payload.body, type=Published)
            store.add(connection, (
                entry.seq, entry.audience, entry.contribution, storable(said.original), storable(said.originator),
                entry.org, storable(said.consent), said.tlp.value, entry.at, said.items,
            ))  # fmt: skip
        elif entry.kind == CONSENT:
            answer = msgspec.json.decode(entry.payload.body, type=Consented)
            if answer.proxy and not answer.granted:
                store.decline(connection, entry.payload.subject, entry.org, entry.seq)
