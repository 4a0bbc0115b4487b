"""Project what was learned, which arrives as entries of the hub's own; and give it out to who may know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from fusioncell.fusion.learned import store
from fusioncell.fusion.learned.context import Context
from fusioncell.fusion.learned.model import (
    CALIBRATED,
    FORESEEN,
    KINDS,
    LIVED,
    NOTHING,
    RAW,
    CalibrationBody,
    Learned,
    Line,
    LivesBody,
    OutlookBody,
)
from fusioncell.fusion.learned.store import metadata
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Audience, within
from fusioncell.kernel.ports import Connection

_calibration = msgspec.json.Decoder(CalibrationBody).decode
_lives = msgspec.json.Decoder(LivesBody).decode
_outlook = msgspec.json.Decoder(OutlookBody).decode


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


def learned_for(connection: Connection, audiences: frozenset[int]) -> Learned:
    """Return what was learned, as a viewer of these audiences may know it: of each kind that of the narrowest tier."""
    found = {kind: body for kind, _, _, body in store.learned_in(connection, audiences)}
    if not found:
        return NOTHING
    line = RAW
    if CALIBRATED in found:
        said = _calibration(found[CALIBRATED])
        line = Line(said.shift, said.slope, said.verdicts, said.tier) if said.verdicts else RAW
    return Learned(line, _outlook(found[FORESEEN]).horizons if FORESEEN in found else ())


class Lives:
    """Half-lives for claims as they arrive, in days: those learned of what every reader of the claim may see."""

    def __init__(self, connection: Connection, audience: Callable[[int], Audience]) -> None:
        self._tiers = [(audience(number), {(one.type, one.context): one.days for one in _lives(body).lives})
                       for _, number, body in store.all_of(connection, LIVED)]  # fmt: skip
        self._audience = audience
        self._known: dict[int, Mapping[tuple[int, int], int]] = {}

    def of(self, number: int) -> Mapping[tuple[int, int], int]:
        """Return what was learned for claims of an audience, by number: days by type and context; empty for nothing."""
        if not self._tiers:
            return {}
        known = self._known.get(number)
        if known is None:
            claimed = self._audience(number)
            fitting = [lives for tier, lives in self._tiers if within(claimed, tier)]
            known = self._known[number] = fitting[-1] if fitting else {}
        return known


def days_of(lives: Mapping[tuple[int, int], int], code: int, context: int, usual: int) -> int:
    """Return the half-life of a type in a context: that of the type alone where none was learned, else the usual."""
    found = lives.get((code, context))
    return lives.get((code, int(Context.ANY)), usual) if found is None else found


__all__ = ["Lives", "days_of", "learned_for", "metadata", "project"]
