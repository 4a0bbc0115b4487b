"""Follow the record: where contributed YARA and Sigma rules stand. Called by the river with each cut."""

from __future__ import annotations

from fusioncell.exchange.detect import store
from fusioncell.exchange.detect.contributed import rule_of
from fusioncell.exchange.detect.store import metadata, vault_metadata
from fusioncell.intake.project import Arrived
from fusioncell.kernel.ports import Connection

__all__ = ["metadata", "project", "vault_metadata"]

_KINDS = frozenset(("stix", "misp.attribute"))


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    ended = [entry.seq for entry, _ in arrived.ended if entry.kind in _KINDS]
    if ended:
        store.end_rules(connection, ended)
    rows = []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        # An entry that claims something of observables is no rule; nearly all do, and are passed over unread.
        if entry.kind in _KINDS and not arrival.extract.claims and (found := rule_of(entry)) is not None:
            rows.append((found[0], entry.seq, entry.audience))
    if rows:
        store.add_rules(connection, rows)
