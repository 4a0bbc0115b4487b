"""The river: every entry flows through the rooms once, in order, by cursor; each batch is one transaction.

1. Read blocks of entries past the cursor.
2. In one transaction on the projections: members; then, cut by cut, intake (what is new), fusion (claims), picture,
   shield; then the cursor.
3. After the commit: hand the events to the live stream, let the shield act on what has become due (its acts are new
   entries, and flow through the river in turn).

A batch that fails over what stands in it (``FAULTS_OF_CONTENT``) is halved until the one entry is found. That one is
projected as if it were erased, with a fault of its submission that says so: a mistake of ours in reading one entry
must not stop the hub for all. The same entry fails the same way in a rebuild, until a version reads it. Whatever else
fails (the database, the disk) is tried again each second, and ``readyz`` says so.

What is *not* here: any decision of its own. A wake-up that is lost costs a tick of latency, never an entry.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec

import fusioncell.exchange.event as event
from fusioncell.exchange.detect import project as detect_project
from fusioncell.exchange.files import project as files_project
from fusioncell.exchange.live import LiveEvent
from fusioncell.exchange.misp import project as misp_project
from fusioncell.exchange.participation import project as participation_project
from fusioncell.exchange.proxy import project as proxy_project
from fusioncell.exchange.receipts import project as receipts_project
from fusioncell.exchange.requests import project as requests_project
from fusioncell.exchange.talk import project as talk_project
from fusioncell.exchange.taxii import project as taxii_project
from fusioncell.fusion import project as fusion_project
from fusioncell.fusion.alike import project as alike_project
from fusioncell.fusion.clusters import Commons
from fusioncell.fusion.clusters import project as clusters_project
from fusioncell.fusion.entities import project as entities_project
from fusioncell.fusion.learned import project as learned_project
from fusioncell.fusion.origins import project as origins_project
from fusioncell.fusion.overrides import project as overrides_project
from fusioncell.fusion.service import find_many
from fusioncell.fusion.verdicts import project as verdicts_project
from fusioncell.fusion.vulns import project as vulns_project
from fusioncell.intake import project as intake_project
from fusioncell.intake.project import Arrival, Arrived, Recall
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FAULTS_OF_CONTENT
from fusioncell.kernel.ports import Database
from fusioncell.members import project as members_project
from fusioncell.picture import project as picture_project
from fusioncell.picture.horizon import project as horizon_project
from fusioncell.picture.notebook import project as notebook_project
from fusioncell.picture.products import project as products_project
from fusioncell.picture.saved import project as saved_project
from fusioncell.picture.triage import project as triage_project
from fusioncell.record import Seal
from fusioncell.record import service as record_cursors
from fusioncell.record.model import MAX_BLOCK_ENTRIES
from fusioncell.record.service import Record
from fusioncell.shield import project as shield_project
from fusioncell.shield.appeals import project as appeals_project
from fusioncell.shield.fuse import project as fuse_project
from fusioncell.shield.guards import project as guards_project
from fusioncell.shield.hits import project as hits_project
from fusioncell.shield.holds import project as holds_project
from fusioncell.shield.lift import project as lift_project
from fusioncell.shield.radius import project as radius_project
from fusioncell.shield.service import allows_blocking
from fusioncell.shield.standing import project as standing_project
from fusioncell.shield.subscribers import project as subscribers_project
from fusioncell.shield.translog import project as translog_project

GC_THRESHOLD = 50_000
"""Allocations between two looks for garbage: a batch makes many values and no cycles (measured: a tenth of it)."""

CURSOR = "river"
BLOCKS = 96
"""Blocks a batch: up to 12,288 entries, so that index work comes in large sorted batches."""
LIVE_BLOCKS = 6
"""Blocks a batch while the hub serves: what arrives behind a big import waits for 768 entries, not for 12,288."""
SWITCH_INTERVAL = 0.001
"""Seconds after which the river's thread lets the event loop go on; Python's default of 5 ms makes streams stutter."""
GATHER = 0.02
"""Seconds that the river lets arrivals gather after a round, so that many small contributions share a transaction."""
MAX_HISTORY = 10
"""Old items of one contribution that are streamed one by one; beyond that one event sums them up."""

_REFUSED_VALUES = frozenset({"DataError", "IntegrityError"})
"""By these names every driver (PEP 249) refuses what stands in a row, and not its database's state of health."""

_log = logging.getLogger("fusioncell.river")
Listener = Callable[[list[LiveEvent], int], None]
Matcher = Callable[[Sequence[Arrived], int, int], None]


class River:
    """Drives the projections. One at a time for each projections database."""

    def __init__(self, record: Record, database: Database, seal: Seal, commons: Commons | None = None) -> None:
        self._record = record
        self._database = database
        self._seal = seal
        self._nonces = seal.derive(translog_project.NONCES)
        self._listeners: list[Listener] = []
        self._matchers: list[Matcher] = []
        self._after: list[Callable[[], None]] = []
        self._first: list[Callable[[], None]] = []
        self._wake = threading.Event()
        self._pause = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self._moved = threading.Condition()
        self._most = 0
        self.commons = commons
        """What knows the values that everybody has, which join no reports."""
        self.failing = ""
        """What the last attempt failed with; empty while all is well."""
        self.set_aside = 0
        """Entries that this process could not project."""
        gc.set_threshold(GC_THRESHOLD, 20, 50)
        with database.read() as connection:
            self.position = record_cursors.read_cursor(connection, CURSOR)

    def on_events(self, listener: Listener) -> None:
        """Call ``listener(events, position)`` after each batch."""
        self._listeners.append(listener)

    def on_arrived(self, matcher: Matcher) -> None:
        """Call ``matcher(cuts, before, position)`` after each batch, with what the entries between the two brought."""
        self._matchers.append(matcher)

    def first_after_batch(self, action: Callable[[], None]) -> None:
        """Call ``action`` as soon as a batch is committed, before anybody else hears of it, however many follow."""
        self._first.append(action)

    def after_batch(self, action: Callable[[], None]) -> None:
        """Call ``action`` after each batch, and on every idle tick."""
        self._after.append(action)

    # -- one batch ---------------------------------------------------------------------------------------------------

    def step(self, *, until: int | None = None) -> int:
        """Project one batch; return how many entries it held. ``until`` bounds the last position (for rebuilds)."""
        # What a batch makes lives to its end: to look for garbage meanwhile finds none (measured: a twentieth of it).
        gc.disable()
        try:
            return self._step(until)
        finally:
            gc.enable()

    def _step(self, until: int | None) -> int:
        entries = self._record.follow(self.position, blocks=LIVE_BLOCKS if self.running else BLOCKS)
        if until is not None:
            entries = [entry for entry in entries if entry.seq <= until]
        if not entries:
            return 0
        self._record.refresh_audiences()
        entries, cuts = self._what_can_be(entries)
        before = self.position
        with self._moved:
            self.position = entries[-1].seq
            self._moved.notify_all()
        for action in self._first:
            action()
        for matcher in self._matchers:
            matcher(cuts, before, self.position)
        if self._listeners:
            events = self.events(cuts)
            for listener in self._listeners:
                listener(events, self.position)
        return len(entries)

    def _what_can_be(self, entries: list[Entry]) -> tuple[list[Entry], list[Arrived]]:
        """Project a batch, or as much of its beginning as can be; where that is nothing, its first entry as erased."""
        retried = False
        if self._most:
            entries = entries[: self._most]
        while True:
            try:
                cuts = self._project(entries)
                break
            except Exception as fault:
                if not _is_of_content(fault):
                    raise
                if len(entries) > 1:
                    self._most = len(entries) // 2
                    entries = entries[: self._most]
                elif not retried:
                    retried = True
                else:
                    cuts = self._put_aside(entries[0], fault)
                    break
        # From here it is tried with ever larger batches again.
        self._most = self._most * 2 if self._most and self._most < BLOCKS * MAX_BLOCK_ENTRIES else 0
        return entries, cuts

    def _put_aside(self, entry: Entry, fault: Exception) -> list[Arrived]:
        cuts = self._project([msgspec.structs.replace(entry, payload=None)], aside=(entry, type(fault).__name__))
        self.set_aside += 1
        _log.error("entry %s (%s) cannot be projected and is set aside", entry.seq, entry.kind, exc_info=fault)
        return cuts

    def _project(self, entries: Sequence[Entry], aside: tuple[Entry, str] | None = None) -> list[Arrived]:
        blocking = self._record.audiences_where(allows_blocking)
        tiers = [self._record.audiences_where(test) for test in clusters_project.TIERS]
        cuts: list[Arrived] = []
        with self._database.write() as connection:
            members_project.project(connection, entries)
            for cut in intake_project.cuts(entries):
                arrived = intake_project.project(connection, cut, self._record.read_many)
                arrived.relearned = learned_project.project(connection, cut.entries)
                kin = origins_project.project(connection, cut.entries)
                origins_project.count(connection, arrived)
                voices = {one.entry.org for one in arrived.arrivals}
                grades = origins_project.Grades(connection, voices, self._record.audience)
                lives = learned_project.Lives(connection, self._record.audience)
                changes = fusion_project.project(connection, arrived, grades, lives)
                alike_project.project(connection, arrived)
                clusters_project.project(connection, cut.entries, arrived, tiers, self.commons)
                changes.moved.update(kin)
                arrived.judged = overrides_project.project(connection, cut.entries)
                if arrived.judged:
                    changes.moved.update(find_many(connection, [one for _, one in arrived.judged]))
                verdicts_project.project(connection, cut.entries)
                entities_project.project(connection, cut.entries, arrived)
                vulns_project.project(connection, cut.entries, arrived)
                picture_project.project(connection, arrived, changes)
                triage_project.project(connection, cut.entries)
                notebook_project.project(connection, cut.entries)
                horizon_project.project(connection, cut.entries)
                saved_project.project(connection, cut.entries)
                talk_project.project(connection, cut.entries, arrived)
                files_project.project(connection, arrived)
                misp_project.project(connection, arrived)
                requests_project.project(connection, cut.entries, arrived)
                fuse_project.project(connection, cut.entries)
                appeals_project.project(connection, cut.entries)
                lift_project.project(connection, cut.entries)
                guards_project.project(connection, cut.entries, arrived)
                radius_project.project(connection, arrived)
                holds_project.project(connection, cut.entries)
                standing_project.project(connection, cut.entries)
                shield_project.project(connection, cut.entries, changes, blocking)
                subscribers_project.project(connection, cut.entries)
                hits_project.project(connection, cut.entries)
                translog_project.project(connection, cut.entries, self._nonces)
                receipts_project.project(connection, cut.entries, arrived)
                participation_project.project(connection, arrived)
                proxy_project.project(connection, cut.entries, arrived)
                taxii_project.project(connection, cut.entries, arrived, self._record.audience, self._record.read_range)
                detect_project.project(connection, arrived)
                products_project.project(connection, cut.entries, arrived)
                cuts.append(arrived)
            if aside is not None:
                intake_project.set_aside(connection, *aside)
            record_cursors.move_cursor(connection, CURSOR, entries[-1].seq)
        return cuts

    def run_dry(self, *, until: int | None = None) -> int:
        """Project all that the record holds now; return how many entries that was."""
        count = 0
        while done := self.step(until=until):
            count += done
        return count

    # -- events ------------------------------------------------------------------------------------------------------

    def events(self, cuts: Sequence[Arrived]) -> list[LiveEvent]:
        """Make the live events of what arrived and what was recalled."""
        made: list[LiveEvent] = []
        for arrived in cuts:
            made += self._arrivals(arrived.arrivals)
            made += [self._tombstone(entry, recall) for entry, recall in arrived.recalls]
        # A recall may stand before items of its own cut; a cursor says that all before it was sent.
        return sorted(made, key=_seq)

    def past(self, after: int, until: int, audiences: frozenset[int]) -> Iterator[list[LiveEvent]]:
        """Give the events in these audiences with ``after < seq <= until``, from the record, in pages.

        What was repeated or recalled since is left out; the tombstone of a recall comes in its place.
        """
        while after < until:
            entries = [e for e in self._record.read_after(after, blocks=32, visible=audiences) if e.seq <= until]
            if not entries:
                return
            after = entries[-1].seq
            with self._database.read() as connection:
                kept = intake_project.kept(connection, entries)
            yield self.events([kept])

    def _arrivals(self, arrivals: list[Arrival]) -> list[LiveEvent]:
        history: dict[tuple[str, int], list[Arrival]] = {}
        for arrival in arrivals:
            if not arrival.fresh:
                history.setdefault((arrival.entry.contribution, arrival.entry.audience), []).append(arrival)
        summed = {key for key, items in history.items() if len(items) > MAX_HISTORY}
        made: list[LiveEvent] = []
        for arrival in arrivals:
            entry = arrival.entry
            key = (entry.contribution, entry.audience)
            if arrival.fresh or key not in summed:
                audience = self._record.audience(entry.audience)
                made.append(
                    LiveEvent(
                        entry.seq,
                        entry.audience,
                        "entry",
                        event.entry_event(
                            entry, arrival.extract, audience, self._seal.entry_id(entry.seq), arrival.fresh,
                            self._was(entry),
                        ),
                    )
                )
            elif history.get(key):
                items = history.pop(key)
                last = items[-1].entry
                made.append(
                    LiveEvent(
                        last.seq,
                        last.audience,
                        "history",
                        event.history_event(last, len(items), self._record.audience(last.audience)),
                        since=items[0].entry.seq,
                    )
                )
        return made

    def _was(self, entry: Entry) -> str:
        was = entry.payload.meta.get("was") if entry.payload is not None else None
        return self._seal.entry_id(was) if isinstance(was, int) else ""

    def _tombstone(self, entry: Entry, recall: Recall) -> LiveEvent:
        gone = self._seal.entry_id(recall.first) if recall.first == recall.last else ""
        return LiveEvent(
            entry.seq,
            entry.audience,
            "tombstone",
            event.tombstone_event(
                entry, recall, self._record.audience(entry.audience), self._seal.entry_id(entry.seq), gone
            ),
            ends=(recall.first, recall.last),
        )

    # -- the thread --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the record in a thread of its own."""
        self._record.on_append(lambda _: self._wake.set())
        self._record.hand_over(True)
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._thread = threading.Thread(target=self._follow, name="river", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._stop:
            self._wake.clear()
            try:
                self.run_dry()
                for action in self._after:
                    action()
                self.failing = ""
                behind = self._record.head()[0] > self.position
            except Exception as fault:  # noqa: BLE001 - whatever it was, the river must not stop for good
                # The record keeps everything; say so and try again rather than stop for good.
                _log.exception("the river stopped at position %s; trying again in a second", self.position)
                self.failing = type(fault).__name__
                self._pause.wait(1.0)
                continue
            if not behind:
                # After a round, not before it: what comes alone is projected at once.
                self._pause.wait(GATHER)
                self._wake.wait(1.0)

    def wait_for(self, seq: int, timeout: float) -> bool:
        """Wait until the projections have passed a position; False if they have not within ``timeout`` seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self.position >= seq, timeout)

    def lag(self, seq: int) -> int:
        """Return how many entries up to a position are not projected yet; 0 where no thread follows the record."""
        return max(0, seq - self.position) if self.running else 0

    @property
    def running(self) -> bool:
        """Tell whether the thread follows the record."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """Finish the batch under way and stop."""
        self._stop = True
        self._record.hand_over(False)
        self._wake.set()
        self._pause.set()
        if self._thread is not None:
            self._thread.join()


def _is_of_content(fault: Exception) -> bool:
    return isinstance(fault, FAULTS_OF_CONTENT) or any(kind.__name__ in _REFUSED_VALUES for kind in type(fault).__mro__)


def _seq(item: LiveEvent) -> int:
    return item.seq
