"""Project overrides, which arrive as entries of analysts; and what stands about values, for assessments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from fusioncell.fusion.overrides import store
from fusioncell.fusion.overrides.model import KINDS, OVERRIDDEN, Override, OverrideBody, RestoredBody, Verdict
from fusioncell.fusion.overrides.store import metadata
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, ObservableType, key64
from fusioncell.kernel.ports import Connection, storable

_said = msgspec.json.Decoder(OverrideBody).decode
_restored = msgspec.json.Decoder(RestoredBody).decode


def project(connection: Connection, entries: Sequence[Entry]) -> list[tuple[int, Observable]]:
    """Apply one cut. Returns (audience, value) of what is judged otherwise from now on."""
    moved = []
    for entry in entries:
        if entry.kind not in KINDS or entry.payload is None:
            continue
        id, author = entry.payload.subject, storable(entry.payload.author[:64])
        if entry.kind == OVERRIDDEN:
            said = _said(entry.payload.body)
            o = Observable(ObservableType(said.type), said.value)
            store.add(connection, (entry.seq, id, key64(o), TYPE_CODES[o.type], storable(o.value), said.verdict.value,
                                   storable(said.reason), entry.audience, entry.at, author, entry.org))  # fmt: skip
        else:
            back = _restored(entry.payload.body)
            o = Observable(ObservableType(back.type), back.value)
            store.restore(connection, id, entry.audience, entry.at)
        moved.append((entry.audience, o))
    return moved


def override_of(row: store.Row) -> Override:
    """Make the value of a row."""
    id, code, value, verdict, reason, audience, at, author, org, restored, seq = row
    return Override(id, Observable(TYPES_BY_CODE[code], value), Verdict(verdict), reason, at, author, org, audience,
                    restored, seq)  # fmt: skip


def overrides_among(
    connection: Connection, observables: Iterable[Observable], audiences: frozenset[int]
) -> dict[Observable, Override]:
    """Return the newest that stands of each of the values, as a viewer of these audiences sees it."""
    hashes = sorted({key64(one) for one in observables})
    found = [override_of(row) for row in store.standing(connection, hashes, audiences)] if hashes else []
    return {one.observable: one for one in found}


def overridden(connection: Connection) -> set[tuple[int, str]]:
    """Return (type, value) of all that anything was ever said of, for whomever."""
    return store.values(connection)


__all__ = ["metadata", "overridden", "override_of", "overrides_among", "project"]
