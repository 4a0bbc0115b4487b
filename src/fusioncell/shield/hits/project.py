"""Follow the record: reports, releases, overrides, and how long blocks waited. Called by the river, behind the shield.

Of two reports of one subscriber and hour the first in the record counts, and so of two releases.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.shield.hits import store
from fusioncell.shield.hits.model import OVERRIDDEN, RELEASED, REPORTED, Overridden, Released, Reported
from fusioncell.shield.hits.store import metadata
from fusioncell.shield.model import Body as DecisionBody

__all__ = ["metadata", "project"]

_PUBLISHED = "decision.published"
_published = msgspec.json.Decoder(DecisionBody).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut. Only entries of the hub's own count, as all of them pass its checks."""
    waits: list[tuple[object, ...]] = []
    for entry in entries:
        if entry.payload is None or entry.org:
            continue
        body = entry.payload.body
        if entry.kind == REPORTED:
            _report(connection, entry, msgspec.json.decode(body, type=Reported))
        elif entry.kind == RELEASED:
            _release(connection, entry, msgspec.json.decode(body, type=Released))
        elif entry.kind == OVERRIDDEN:
            _override(connection, entry, msgspec.json.decode(body, type=Overridden))
        elif entry.kind == _PUBLISHED:
            said = _published(body)
            if not said.exercise:
                waits.append((said.decision, entry.audience, said.reported, entry.at))
    if waits:
        store.add_waits(connection, waits)


def _report(connection: Connection, entry: Entry, said: Reported) -> None:
    row = (said.subscriber, said.hour, said.org, entry.audience, said.digest, entry.at)
    if store.add_report(connection, row):
        store.add_lines(connection, [
            (said.subscriber, said.hour, line.decision, entry.audience, line.blocked, line.shadow)
            for line in said.lines
        ])  # fmt: skip


def _release(connection: Connection, entry: Entry, said: Released) -> None:
    row = (said.hour, entry.audience, said.organisations, said.blocked, said.shadow)
    if store.add_release(connection, row):
        store.add_sums(connection, [
            (said.hour, line.decision, entry.audience, line.blocked, line.shadow, line.organisations)
            for line in said.lines
        ])  # fmt: skip


def _override(connection: Connection, entry: Entry, said: Overridden) -> None:
    for decision in said.ended:
        store.end_override(connection, said.subscriber, decision, entry.at)
    for number, decision in enumerate(said.added):
        claim = said.claims[number] if number < len(said.claims) else ""
        store.override(connection, (said.subscriber, decision, entry.audience, claim, entry.at))
