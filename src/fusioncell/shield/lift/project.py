"""Follow the record: lifts that were made, bars that stand. Called by the river, before the shield's own step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.lift import store
from fusioncell.shield.lift.model import BARRED, KINDS, MADE, Barred, Made, Unbarred
from fusioncell.shield.lift.store import metadata

__all__ = ["bars_on", "metadata", "project"]

_names = msgspec.json.Decoder(list[str]).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    for entry in entries:
        if entry.kind not in KINDS or entry.payload is None or entry.org:
            continue
        body = entry.payload.body
        if entry.kind == MADE:
            said = msgspec.json.decode(body, type=Made)
            store.add_made(connection, (entry.seq, said.lift, said.by, said.chosen, said.value, storable(said.reason),
                                        said.names, entry.at, entry.audience))  # fmt: skip
        elif entry.kind == BARRED:
            set_by = msgspec.json.decode(body, type=Barred)
            store.set_bars(connection, [(each.name, set_by.lift, set_by.by, storable(set_by.reason),
                                         msgspec.json.encode(each.origins).decode(), entry.at, entry.audience)
                                        for each in set_by.bars])  # fmt: skip
        else:
            store.end_bar(connection, msgspec.json.decode(body, type=Unbarred).name)


def bars_on(connection: Connection, names: Iterable[str]) -> dict[str, list[str]]:
    """Return the origins that were wrong about each of these names on which a bar stands."""
    return {name: _names(origins) for name, origins in store.origins_barred(connection, names).items()}
