"""Use cases: learn, tier by tier, once a day; say what was learned, to who may know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from fusioncell.fusion.learned import store
from fusioncell.fusion.learned.calibration import calibrate, is_news
from fusioncell.fusion.learned.model import CALIBRATED, TIERS, WIDE, CalibrationBody, Judged
from fusioncell.kernel.clock import Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

Verdicts = Callable[[frozenset[int]], Sequence[Judged]]
"""Gives what people judged, as these audiences may know it."""
Scores = Callable[[Sequence[Judged], frozenset[int]], Sequence[float | None]]
"""Gives the log-odds that stood against each before it was judged, by what these audiences see; None for nothing."""


class Learning:
    """The front door of the package."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness,
                 verdicts: Verdicts, scores: Scores) -> None:  # fmt: skip
        self._record, self._projections, self._clock, self._randomness = record, projections, clock, randomness
        self._verdicts, self._scores = verdicts, scores

    def learn(self) -> int:
        """Learn what can be learned, tier by tier; append what is new. Returns how many entries. Call it daily."""
        return sum(self._calibrate(tier) for tier in range(len(TIERS)))

    def _calibrate(self, tier: int) -> int:
        audiences = self._tier(tier)
        judged = self._verdicts(audiences)
        scored = [(score, one.malicious)
                  for one, score in zip(judged, self._scores(judged, audiences), strict=True)
                  if score is not None]  # fmt: skip
        body = calibrate(tier, [score for score, _ in scored], [malicious for _, malicious in scored])
        standing = self._standing(tier, CALIBRATED)
        known = msgspec.json.decode(standing, type=CalibrationBody) if standing else None
        if not is_news(body, known):
            return 0
        self._write(CALIBRATED, tier, body)
        return 1

    def _tier(self, tier: int) -> frozenset[int]:
        """Return the audiences that every reader of a tier belongs to."""
        return self._record.audiences_where(lambda audience: audience.tlp in WIDE[tier])

    def _standing(self, tier: int, kind: str) -> str:
        """Return the body of what was learned last."""
        with self._projections.read() as connection:
            rows = store.learned_in(connection, self._tier(tier))
        return next((body for of, number, _, body in rows if (of, number) == (kind, tier)), "")

    def _write(self, kind: str, tier: int, body: msgspec.Struct) -> None:
        payload = Payload("", kind, self._clock.now(), "", msgspec.json.encode(body))
        self._record.append("", [Draft(kind, self._record.intern_audience(TIERS[tier]), payload)],
                            new_id(self._randomness))  # fmt: skip

    def known(self, viewer: Viewer) -> list[tuple[str, int, Instant, dict[str, object]]]:
        """Return (kind, tier, since, what) of all that was learned and the viewer may know."""
        with self._projections.read() as connection:
            rows = store.learned_in(connection, self._record.visible_to(viewer))
        return [(kind, tier, at, msgspec.json.decode(body)) for kind, tier, at, body in rows]
