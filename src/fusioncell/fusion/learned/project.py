"""Project what was learned, which arrives as entries of the hub's own; and give it out to who may know it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.fusion.learned import store
from fusioncell.fusion.learned.model import CALIBRATED, KINDS, NOTHING, RAW, CalibrationBody, Learned, Line
from fusioncell.fusion.learned.store import metadata
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection

_calibration = msgspec.json.Decoder(CalibrationBody).decode


class _Tier(msgspec.Struct, frozen=True):
    """What all bodies of this package say: for which tier."""

    tier: int


_tier = msgspec.json.Decoder(_Tier).decode


def project(connection: Connection, entries: Sequence[Entry]) -> bool:
    """Apply one cut; tell whether anything was learned."""
    done = False
    for entry in entries:
        if entry.kind in KINDS and entry.payload is not None and not entry.org:
            body = entry.payload.body
            store.put(connection, (entry.kind, _tier(body).tier, entry.seq, entry.audience, entry.at, body.decode()))
            done = True
    return done


def stamp(connection: Connection) -> int:
    """Return the position of what was learned last, 0 where nothing was."""
    return store.stamp(connection)


def learned_for(connection: Connection, audiences: frozenset[int]) -> Learned:
    """Return what was learned, as a viewer of these audiences may know it: of each kind that of the narrowest tier."""
    found = {kind: body for kind, _, _, body in store.learned_in(connection, audiences)}
    if not found:
        return NOTHING
    line = RAW
    if CALIBRATED in found:
        said = _calibration(found[CALIBRATED])
        line = Line(said.shift, said.slope, said.verdicts, said.tier) if said.verdicts else RAW
    return Learned(line)


__all__ = ["learned_for", "metadata", "project", "stamp"]
