"""Values of fusion: evidence, origins, assessments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learned.model import RAW, Again, Line
from fusioncell.fusion.overrides.model import Override
from fusioncell.kernel.observable import Observable


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """All that one contributor repeats of one named source about one observable, joined by maximum (DESIGN §4).

    ``contributor``: opaque organisation id. ``creator``: the source that it names ("" for none). ``benign``: speaks
    against. ``weight``: strongest log-likelihood ratio. ``latest``: base-2 logarithm of the strongest forward-decayed
    weight. ``first``/``last``: instants of the oldest and newest claim. ``fresh``: any of them was news on arrival.
    ``keys``: ids by which repeats of one object are known. ``count``: claims joined. ``seq``: a newest entry.
    ``copier``: it repeats another of its family, so it is never the voice where the other has spoken. ``half``: the
    half-life by which it fades (µs); 0 for that of the type.
    """

    contributor: str
    creator: str
    benign: bool
    weight: float
    latest: float
    first: int
    last: int
    fresh: bool
    keys: frozenset[int]
    count: int
    seq: int
    copier: bool = False
    half: int = 0


class Origin(msgspec.Struct, frozen=True, gc=False):
    """One independent voice, and those that were found to repeat it. ``half``: of what is left of it (µs)."""

    voice: Evidence
    weight: float
    decayed: float
    repeats: tuple[Evidence, ...]
    half: int


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """What follows for one viewer from the claims that the viewer may see.

    ``malicious``: P(malicious), of the undecayed sum, calibrated by ``line``. ``active``: P(active), of the decayed
    sum. ``score`` and ``decayed``: the sums in log-odds, prior included. ``origins``: what made it.
    """

    observable: Observable
    malicious: float
    active: float
    score: float
    decayed: float
    prior: float
    origins: tuple[Origin, ...]
    first: int | None
    last: int | None
    fresh: bool
    half_life: int
    mentions: int
    fades_at: int | None = None
    """When P(active) falls below one half if nothing new is said; None where it is below already, or never falls."""
    override: Override | None = None
    """What an analyst said over the machine, as this viewer may know it; the figures are the machine's all the same."""

    line: Line = RAW
    """How P(malicious) was calibrated."""
    again: tuple[Again, ...] = ()
    """P(accused again) within 7 and 30 days, where the hub has learned it."""

    @property
    def spared(self) -> bool:
        """Whether an analyst said to leave it alone: no rule proposes it, no export holds it."""
        return self.override is not None and self.override.spares


class Standing(NamedTuple):
    """What stands against many observables for one viewer, as columns, by id.

    ``ids``: observables. ``codes``: their types. ``malicious``: P(malicious). ``days``: the first day (UTC, counted
    from 1970-01-01) on which P(active) is below :data:`fusion.stand.FLOOR`, if nothing new is said.
    """

    ids: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int16]
    malicious: npt.NDArray[np.float64]
    days: npt.NDArray[np.int32]

    def at(self, places: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Standing:
        """Return the rows at these places, or where a mask is true."""
        return Standing(self.ids[places], self.codes[places], self.malicious[places], self.days[places])

    @staticmethod
    def of(tables: Sequence[Standing]) -> Standing:
        """Return the rows of several tables, one after the other; of none, none."""
        return Standing(
            np.concatenate([np.empty(0, np.int64), *(table.ids for table in tables)]),
            np.concatenate([np.empty(0, np.int16), *(table.codes for table in tables)]),
            np.concatenate([np.empty(0), *(table.malicious for table in tables)]),
            np.concatenate([np.empty(0, np.int32), *(table.days for table in tables)]),
        )


class Profile(NamedTuple):
    """What is said of an observable, as far as a bulk look-up can keep it in memory: of many observables the same.

    ``audiences``: all that something about it stands in. ``side``: 0 nothing counts, 1 one voice against it, 2 one for
    it; ``MANY`` where its audiences or voices are several, so that only the store can say what follows for a viewer.
    ``weight``: of that voice; ``mentions``: claims that it made; ``half``: its half-life in days (0: that of the type).
    """

    audiences: frozenset[int]
    code: int
    side: int
    weight: float = 0.0
    mentions: int = 0
    half: int = 0


MANY = 3
"""The side of a :class:`Profile` that memory cannot assess."""


class Profiled(NamedTuple):
    """An observable's id and value, its profile, and the forward-decayed weight of its voice (0 where it has none)."""

    id: int
    value: str
    profile: Profile
    latest: float
