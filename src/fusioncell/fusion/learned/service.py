"""Use cases: learn, tier by tier, once a day; say what was learned, to who may know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from fusioncell.fusion.learned import store
from fusioncell.fusion.learned.asks import BACK, HORIZONS, SILENT, WEEK, asked_of
from fusioncell.fusion.learned.calibration import calibrate, is_news
from fusioncell.fusion.learned.lives import live
from fusioncell.fusion.learned.model import (
    CALIBRATED,
    FORESEEN,
    LIVED,
    TIERS,
    WIDE,
    CalibrationBody,
    Judged,
    LivesBody,
    OutlookBody,
)
from fusioncell.fusion.learned.outlook import look_out, moved
from fusioncell.kernel.clock import DAY, Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

PAGE = 50_000
"""Observables that are read in one transaction."""
MOST = 1_000_000
"""Accusations that are learned from; of more, those of values chosen by their hash."""

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
        return sum(self._calibrate(tier) + self._live(tier) for tier in range(len(TIERS)))

    def _live(self, tier: int) -> int:
        """Learn from what was accused again, and what was not: half-lives, and the outlook."""
        asked = asked_of(self._accused(tier), self._clock.now())
        done = 0
        known = self._standing(tier, LIVED)
        standing = {(one.type, one.context): one.days
                    for one in (msgspec.json.decode(known, type=LivesBody).lives if known else ())}  # fmt: skip
        lives = live(tier, asked, standing)
        if {(one.type, one.context): one.days for one in lives.lives} != standing:
            self._write(LIVED, tier, lives)
            done += 1
        known = self._standing(tier, FORESEEN)
        before = msgspec.json.decode(known, type=OutlookBody) if known else None
        outlook = look_out(tier, asked)
        if (outlook.horizons or before is not None) and moved(outlook, before):
            self._write(FORESEEN, tier, outlook)
            done += 1
        return done

    def _accused(self, tier: int) -> list[tuple[int, int, int, int]]:
        """Return the accusations that the readers of a tier see, in pages, each a transaction of its own."""
        audiences = self._tier(tier)
        since = self._clock.now() - (WEEK * BACK + SILENT + max(HORIZONS)) * DAY
        with self._projections.read() as connection:
            last = store.last_observable(connection)
            count = store.count_accusations(connection, since, audiences)
        # Chosen by the value's hash, so that what is learned does not hang on ids, which tell of what is hidden.
        mask = (1 << max(0, (count // MOST).bit_length())) - 1
        rows: list[tuple[int, int, int, int]] = []
        for start in range(0, last, PAGE):
            with self._projections.read() as connection:
                rows += store.accused_between(connection, start, start + PAGE, since, mask, audiences)
        return rows

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
