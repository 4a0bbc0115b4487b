"""Use cases of hit counts: take a report and overrides, release sums, say what blocking came to.

Filter in the query: every figure is over audiences that the viewer may see (DESIGN rule 5). Who may see what is said in
the package's docstring.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import msgspec

from fusioncell.intake.service import Intake, Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, org
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.hits import reckon, store
from fusioncell.shield.hits.model import (
    AHEAD,
    ENOUGH,
    GRACE,
    LATEST,
    OVERRIDDEN,
    RELEASE_AFTER,
    RELEASED,
    REPORTED,
    Impact,
    K,
    Line,
    OfDecision,
    Overridden,
    Overrides,
    Report,
    Reported,
    Series,
    Taken,
)
from fusioncell.shield.model import Decision
from fusioncell.shield.service import PARTNERS
from fusioncell.shield.subscribers.model import Step, Subscriber
from fusioncell.shield.subscribers.service import Subscribers

_encode = msgspec.json.Encoder().encode
_MAX_WAITS = 100_000
MAX_TABLE = 10_000
_OPERATORS = "may:operate"
_NOT_ENFORCED = (Step.REHEARSE, Step.SHADOW)


class Told(NamedTuple):
    """One block of a period, as the table and the CSV file tell it. Times are instants (µs), 0 for none."""

    decision: str
    name: str
    category: str
    state: str
    published: Instant
    ended: Instant
    waited: int | None
    released: Line
    reported: Line


class Hits:
    """The front door of hit counts. **Blocking**: call it in a worker thread."""

    def __init__(self, record: Record, projections: Database, intake: Intake, subscribers: Subscribers, clock: Clock,
                 randomness: Randomness) -> None:  # fmt: skip
        self._record, self._projections = record, projections
        self._intake, self._subscribers = intake, subscribers
        self._clock, self._randomness = clock, randomness
        self._looked_at: Instant = 0
        self._released: set[Instant] = set()
        """Hours that this process has released; they may not be projected yet."""

    # -- what agents send --------------------------------------------------------------------------------------------

    def report(self, viewer: Viewer, said: Report) -> Taken:
        """Take the report of a closed hour, once; its good rows are kept, the places of the others returned.

        A repeat is known by its digest; another report of the same hour is refused, as a second version would let
        counts below k be worked out from the difference.
        """
        subscriber = self._own(viewer, said.subscriber)
        now = self._clock.now()
        if said.hour % HOUR or said.hour + HOUR > now + AHEAD or said.hour < now - LATEST:
            raise BadInput("that is no closed hour of late", hint="A report is of a whole hour that is over, at most "
                           f"{LATEST // DAY} days ago.", place="hour")  # fmt: skip
        if said.k < K:
            raise BadInput(f"k is at least {K}", place="k")
        digest = sha256(_encode(said)).hexdigest()
        seen = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            known = store.digest_of(connection, subscriber.id, said.hour)
            listed = store.blocked_between(connection, {row.name for row in said.rows}, said.hour - GRACE,
                                           said.hour + HOUR, seen)  # fmt: skip
        if known and known != digest:
            raise Conflict("that hour was reported already", hint="An hour is reported once, and never revised.")
        lines: dict[str, Line] = {}
        refused = []
        shadow_only = subscriber.step in _NOT_ENFORCED  # shadow is never counted as protection
        for place, row in enumerate(said.rows):
            decision = listed.get(row.name)
            if decision is None or decision in lines or not reckon.is_taken(row, said.k):
                refused.append(place)
                continue
            counts = (0, row.blocked + row.shadow) if shadow_only else (row.blocked, row.shadow)
            lines[decision] = Line(decision, *counts)
        if not known:
            body = Reported(subscriber.id, subscriber.org, said.hour, said.k, digest,
                            [lines[one] for one in sorted(lines)])  # fmt: skip
            self._write(REPORTED, self._circle(subscriber), subscriber.id, body)
        return Taken(len(lines), tuple(refused), bool(known))

    def override(self, viewer: Viewer, said: Overrides) -> tuple[int, int]:
        """Note which blocks an ISP lets pass now; returns how many came and went.

        Each that comes is also a claim of the ISP's that the name is benign, for its own organisation and the shield
        alone; what goes is withdrawn. Names that are not blocked are passed over without a word.
        """
        subscriber = self._own(viewer, said.subscriber)
        now, seen = self._clock.now(), self._record.visible_to(viewer)
        with self._projections.read() as connection:
            before = store.overrides_of(connection, subscriber.id)
            blocked = store.blocked_between(connection, set(said.names), now, now + 1, seen)
        names = {decision: name for name, decision in blocked.items()}
        added = sorted(set(names) - set(before))
        ended = sorted(set(before) - set(names))
        if added or ended:
            claims = [self._claim(viewer, names[decision]) for decision in added]
            for decision in ended:
                self._unclaim(viewer, before[decision])
            body = Overridden(subscriber.id, subscriber.org, added, ended, claims)
            self._write(OVERRIDDEN, self._circle(subscriber), subscriber.id, body)
        return len(added), len(ended)

    def _claim(self, viewer: Viewer, name: str) -> str:
        if not viewer.may("contribute"):
            return ""
        terms = Terms(tlp=Tlp.AMBER_STRICT, uses=Uses.ANALYSIS | Uses.BLOCKING, filename="overrides.csv")
        return self._intake.accept(viewer, f"domain,benign\n{name},yes\n".encode(), "text/csv", terms).contribution

    def _unclaim(self, viewer: Viewer, claim: str) -> None:
        if claim and viewer.may("recall"):
            try:
                self._intake.recall(viewer, claim, "the override ended")
            except NotFound:
                return  # it was withdrawn by hand

    def _own(self, viewer: Viewer, which: str) -> Subscriber:
        """Return a subscriber of the viewer's own organisation. NotFound for what is another's, or nobody's."""
        if not viewer.may("report_hits"):
            raise NotAllowed("this key may not report", hint="Use a key with the role isp.")
        found = self._subscribers.one(viewer, which)
        if found.org != viewer.org or found.ended_at:
            raise NotFound("there is no such resolver", hint="It may have ended, or is another organisation's.")
        return found

    def _circle(self, subscriber: Subscriber) -> Audience:
        return Audience(Tlp.AMBER_STRICT, frozenset({org(subscriber.org), _OPERATORS}), Uses.NONE)

    def _write(self, kind: str, audience: Audience, subject: str, body: msgspec.Struct) -> None:
        payload = Payload("", subject, 0, "", _encode(body))
        self._record.append("", [Draft(kind, self._record.intern_audience(audience), payload)],
                            new_id(self._randomness))  # fmt: skip

    # -- release -----------------------------------------------------------------------------------------------------

    def act(self) -> int:
        """Release the sums of hours that have waited for their reports; return how many entries that made."""
        now = self._clock.now()
        if 0 <= now - self._looked_at < SECONDS_BETWEEN:
            return 0
        self._looked_at = now
        with self._projections.read() as connection:
            due = store.to_release(connection, now - LATEST, now - HOUR - RELEASE_AFTER, ENOUGH)
            made = [reckon.release(hour, store.of_hour(connection, hour)) for hour in due
                    if hour not in self._released]  # fmt: skip
        self._released = {hour for hour in self._released if hour in due}
        for each in made:
            if each is not None:
                self._released.add(each.hour)
                self._write(RELEASED, PARTNERS, "hits", each)
        return sum(each is not None for each in made)

    # -- read --------------------------------------------------------------------------------------------------------

    def impact(self, viewer: Viewer, days: int) -> Impact:
        """Say what blocking came to in the last days, as far as the viewer may see it."""
        now = self._clock.now()
        step = reckon.step_of(days)
        begins, seen = now - days * DAY, self._record.visible_to(viewer)
        begins -= begins % step
        with self._projections.read() as connection:
            published, lifted = store.outcomes(connection, begins, now + 1, seen)
            waits = store.waits(connection, begins, now + 1, seen, _MAX_WAITS)
            overridden = store.overridden(connection, seen)
            rows = {"released": store.released_hours(connection, begins, now, seen),
                    "reported": store.hours(connection, "reported", begins, now, seen)}  # fmt: skip
            most = {circle: store.by_decision(connection, circle, begins, now, seen, reckon.MOST) for circle in rows}
            subscribers = store.reporters(connection, begins, now, seen)
        released, reported = (_series(rows[one], most[one], begins, now, step) for one in ("released", "reported"))
        return Impact(begins, now, step, reckon.pace(waits), published, lifted, overridden, released, reported,
                      subscribers)  # fmt: skip

    def metrics(self, audiences: frozenset[int]) -> dict[str, float]:
        """Return the last week's figures for those who operate the hub, by their names in Prometheus."""
        now = self._clock.now()
        begins = now - 7 * DAY
        with self._projections.read() as connection:
            told = store.hours(connection, "reported", begins, now, audiences)
            found = reckon.pace(store.waits(connection, begins, now + 1, audiences, _MAX_WAITS))
            published, lifted = store.outcomes(connection, begins, now + 1, audiences)
            figures: dict[str, float] = {
                "blocked_week": sum(row[1] for row in told),
                "shadow_week": sum(row[2] for row in told),
                "reporting_subscribers": store.reporters(connection, begins, now, audiences),
                "published_week": published,
                "lifted_as_wrong_week": lifted,
                "overridden": store.overridden(connection, audiences),
            }
        if found.median is not None and found.p95 is not None:
            figures["report_to_block_median_minutes"] = round(found.median / MINUTE, 1)
            figures["report_to_block_p95_minutes"] = round(found.p95 / MINUTE, 1)
        return {f"fusioncell_shield_{name}": value for name, value in figures.items()}

    def of_decision(self, viewer: Viewer, item: Decision) -> OfDecision:
        """Say what one block came to; the decision is one that the viewer was given."""
        now, seen = self._clock.now(), self._record.visible_to(viewer)
        last = min(item.ended_at or now, now)
        begins = max(item.published_at or now, last - 90 * DAY)
        step = reckon.step_of(-(-(last - begins) // DAY))
        begins -= begins % step
        with self._projections.read() as connection:
            rows = {circle: store.hours(connection, circle, begins, last + GRACE, seen, item.id)
                    for circle in store.TABLES}  # fmt: skip
            waited = store.wait_of(connection, item.id) if item.published_at else None
            overridden = store.overridden(connection, seen, item.id)
        mine = [one for one in self._subscribers.listed(viewer) if one.step not in _NOT_ENFORCED]
        carried = sum(one.choice.takes(item.category, item.severity) for one in mine) if not item.ended_at else 0
        released, reported = (_series(rows[circle], (), begins, last + 1, step) for circle in ("released", "reported"))
        return OfDecision(released, reported, step, waited, overridden, carried, len(mine))

    def table(self, viewer: Viewer, days: int) -> list[Told]:
        """Return the blocks that were in force in the last days, each with its counts; the newest first."""
        now = self._clock.now()
        begins, seen = now - days * DAY, self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.decisions(connection, begins, now + 1, seen, MAX_TABLE)
            counts = [
                {row[0]: Line(*row) for row in store.by_decision(connection, circle, begins, now, seen, 1 << 30)}
                for circle in ("released", "reported")
            ]
        return [
            Told(one, name, category, state, published, ended, waited if first else None,
                 *(circle.get(one, Line(one, 0, 0)) for circle in counts))
            for one, name, category, state, published, ended, waited, first in rows
        ]  # fmt: skip


SECONDS_BETWEEN = 30_000_000
"""Between two looks for what is to be released (µs)."""


def _series(rows: list[tuple[int, int, int]], most: list[tuple[str, int, int]] | tuple[()], begins: Instant,
            ends: Instant, step: int) -> Series:  # fmt: skip
    return Series(sum(row[1] for row in rows), sum(row[2] for row in rows), reckon.spells(rows, begins, ends, step),
                  tuple(Line(*row) for row in most))  # fmt: skip
