"""Use cases of the auditor: one report of a period, and its blocks as a table."""

from __future__ import annotations

import re

from fusioncell.kernel.clock import DAY, Clock, Instant
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield.appeals.model import Appeal
from fusioncell.shield.appeals.model import State as Appealed
from fusioncell.shield.auditing import store
from fusioncell.shield.auditing.model import Period, Report
from fusioncell.shield.charter import digest_of
from fusioncell.shield.fuse.service import Fuse
from fusioncell.shield.service import Shield
from fusioncell.shield.standing.service import SAMPLE_DAYS, StandingApprovals

LISTED = 50
"""Rows of each list; the table (CSV) has :data:`MOST`."""
MOST = 10_000
_CATEGORY = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
USUAL_DAYS, LONGEST_DAYS = 30, 1100


class Auditing:
    """The front door of the package. **Blocking**: call it in a worker thread."""

    def __init__(self, record: Record, database: Database, shield: Shield, fuse: Fuse, standing: StandingApprovals,
                 clock: Clock) -> None:  # fmt: skip
        self._record, self._database, self._shield, self._clock = record, database, shield, clock
        self._fuse, self._standing = fuse, standing

    def period(self, since: Instant | None, until: Instant | None, category: str) -> Period:
        """Return what is asked about; without instants the last 30 days. Raises BadInput."""
        end = self._clock.now() + 1 if until is None else until
        begin = end - USUAL_DAYS * DAY if since is None else since
        latest = self._clock.now() + 366 * DAY
        if not 0 < begin < end <= latest or end - begin > LONGEST_DAYS * DAY:
            raise BadInput("that is no period", hint=f"It begins before it ends, and has at most {LONGEST_DAYS} days.",
                           place="since")  # fmt: skip
        if category and not _CATEGORY.fullmatch(category):
            raise BadInput("that is no category", hint="The policy names them, as `phishing`.", place="category")
        return Period(begin, end, category)

    def report(self, viewer: Viewer, period: Period) -> Report:
        """Return all that an auditor is shown of a period, as far as the viewer may see it."""
        seen, now = self._seen(viewer), self._clock.now()
        late = now - SAMPLE_DAYS * DAY
        with self._database.read() as connection:
            guarded = store.guarded(connection, period, seen, LISTED)
            exercises, played = store.exercises(connection, period, seen, LISTED)
            sampled = store.sampled(connection, period, seen, late, LISTED)
            lifted = store.lifted(connection, period, seen, LISTED)
            appeals = [_appeal(row) for row in store.appeals(connection, period, seen, LISTED)]
            acts = store.acts(connection, period, seen, LISTED)
            linked = {*guarded, *(one.decision for one in sampled), *(one.decision for one in lifted),
                      *(one.id for one in appeals)}  # fmt: skip
            places = store.places(connection, linked) if linked else {}
            sums, shares = store.sums(connection, period, seen), store.shares(connection, period, seen, LISTED)
            days, heard = store.days(connection, period, seen), store.heard(connection, period, seen, now)
            samples, lifts = store.samples(connection, period, seen, late), store.lifts(connection, period, seen)
            logged = store.logged(connection, period)
        charter, standing = self._shield.charter, self._standing
        in_force = charter.in_force()
        return Report(
            period, (in_force, digest_of(in_force)), tuple(one for one in charter.changes(viewer) if one.adopted),
            tuple(sums), tuple(shares), tuple(days), tuple(reversed(self._shield.those(guarded))),
            tuple(reversed(self._shield.those(played))), exercises, samples, tuple(sampled),
            tuple((one, standing.fared(one)) for one in standing.listed(viewer)), lifts, tuple(lifted), heard,
            tuple(appeals), tuple(self._fuse.one(viewer, one) for one in acts), logged, places,
        )  # fmt: skip

    def table(self, viewer: Viewer, period: Period) -> list[tuple[store.Row, int | None]]:
        """Return the newest blocks of a period (columns as ``store.blocks`` has them), each with its leaf."""
        seen = self._seen(viewer)
        with self._database.read() as connection:
            rows = store.blocks(connection, period, seen, MOST)
            places = store.places(connection, [row[0] for row in rows]) if rows else {}
        return [(row, places.get(row[0])) for row in rows]

    def _seen(self, viewer: Viewer) -> frozenset[int]:
        if not viewer.may("audit"):
            raise NotAllowed("this is for auditors", hint="Everyone reads the totals at /transparency.")
        return self._record.visible_to(viewer)


def _appeal(row: store.Row) -> Appeal:
    identifier, name, decision, role, language, at, proved_at, state, ended_at, ended_by, reason = row
    return Appeal(identifier, name, decision, role, language, at, proved_at, Appealed(state), ended_at, ended_by,
                  reason)  # fmt: skip
