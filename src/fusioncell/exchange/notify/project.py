"""Follows what arrives, and keeps what of it concerns whom. Called in the river's thread, right after each batch.

1. Nothing is watched: nothing is done; the cursor moves in memory.
2. What the batch brought is matched in memory, by the extracts that the river has made already.
3. When the river has caught up (or a second has passed), of those whom a contribution would concern each is asked for
   whether they may see it: by its audience, by ``may_see``.
4. The notices, the webhooks' deliveries and the cursor are kept in one transaction of the vault. What was matched in
   memory alone when the hub died is read again from the record, and counts once.

History (what is older than fourteen days on arrival), repeats and what the watcher wrote concern nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fusioncell.exchange.hooks.model import Delivery, State
from fusioncell.exchange.hooks.service import Hooks
from fusioncell.exchange.notify import store
from fusioncell.exchange.notify.admit import network, network_text
from fusioncell.exchange.notify.match import Bucket, Index, Test
from fusioncell.exchange.notify.model import (
    MENTION,
    OWN,
    REFRESH_EVERY,
    SEQS_PER_NOTICE,
    THREAD,
    WATCHES_PER_OWNER,
    WHYS_PER_NOTICE,
    Hit,
    Parties,
    Threads,
    Watch,
    Why,
)
from fusioncell.exchange.notify.store import vault_metadata
from fusioncell.intake import read_post
from fusioncell.intake.project import Arrival, Arrived, Recall, kept
from fusioncell.kernel.clock import SECOND, Clock, Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FAULTS_OF_CONTENT, BadInput
from fusioncell.kernel.marking import Viewer, person
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

__all__ = ["Follower", "vault_metadata"]

REMEMBER_FOR = 2 * SECOND
"""Who a party is, is asked anew this often while batches come, and after each change of the membership."""
MAX_WATCHES = 100_000
BLOCKS = 64
LONGEST_WAIT = SECOND
"""While batches come one after another, what they hit is kept together at least this often …"""
MOST_WAITING = 20_000
"""… and with this many items."""
_log = logging.getLogger("fusioncell.notify")


@dataclass(slots=True)
class _Pending:
    """What was matched of one contribution in one audience. ``seqs``: the items that hit anything, in order.

    ``base``: buckets in which every item is; ``buckets``: by identity, each with its items as bits over ``seqs``.
    """

    contribution: str
    audience: int
    org: str
    at: Instant
    author: str
    base: list[Bucket]
    seqs: list[int] = field(default_factory=list)
    buckets: dict[int, tuple[Bucket, int]] = field(default_factory=dict)
    thread: str = ""
    muted: frozenset[str] = frozenset()

    def add(self, seq: int, found: list[Bucket]) -> None:
        """Note an item and the buckets that it is in."""
        bit = 1 << len(self.seqs)
        self.seqs.append(seq)
        for bucket in found:
            known = self.buckets.get(id(bucket))
            self.buckets[id(bucket)] = (bucket, bit if known is None else known[1] | bit)

    def first(self, bits: int) -> list[int]:
        """Return the positions of the first items among these bits."""
        found: list[int] = []
        while bits and len(found) < SEQS_PER_NOTICE:
            low = bits & -bits
            found.append(self.seqs[low.bit_length() - 1])
            bits ^= low
        return found


class Follower:
    """Matches what arrives; the river calls :meth:`arrived` after each batch, and :meth:`follow` when idle."""

    def __init__(self, record: Record, projections: Database, vault: Database, clock: Clock, parties: Parties,
                 threads: Threads, hooks: Hooks) -> None:
        self._record, self._projections, self._vault, self._clock = record, projections, vault, clock
        self._parties, self._threads, self._hooks = parties, threads, hooks
        self.assets_of: Callable[[str], list[str]] = lambda org: []
        """An organisation's proved assets as text: CIDR, AS numbers, domain names. Set by whoever keeps them."""
        self.query_of: Callable[[str], Test | None] = lambda which: None
        """The test of a saved query, None where there is none any more. Set by whoever keeps them."""
        self._index: Index | None = None
        self._index_at: Instant = 0
        self._viewers: dict[str, Viewer | None] = {}
        self._viewers_at: Instant = 0
        self._sectors: dict[str, str] = {}
        self._pending: dict[tuple[str, int], _Pending] = {}
        self._recalls: list[tuple[Entry, Recall]] = []
        self._waiting, self._since = 0, 0
        with vault.read() as connection:
            known = store.cursor(connection)
        self._kept = known
        self.position = known if known is not None else record.head()[0]
        """All up to here has been matched."""

    def changed(self) -> None:
        """Read anew what is watched before the next batch: a watch, a webhook or an asset has changed."""
        self._index = None

    def membership_changed(self) -> None:
        """Forget who parties are: one has joined, left, or was suspended."""
        self._viewers = {}

    # -- the index -----------------------------------------------------------------------------------------------------

    def index(self) -> Index:
        """Return the index of all watches; assets are read anew every minute."""
        now = self._clock.now()
        if self._index is None or not 0 <= now - self._index_at < REFRESH_EVERY:
            with self._vault.read() as connection:
                watches = store.all_watches(connection, MAX_WATCHES)
            watches += [Watch(hook.id, f"hook:{hook.id}", hook.org, kind, value, hook.created)
                        for hook, kind, value in self._hooks.watches()]
            orgs = sorted({watch.org for watch in watches if watch.kind == "assets"})
            tests = {watch.value: self.query_of(watch.value) for watch in watches if watch.kind == "query"}
            self._index = Index(watches, {org: list(self._assets(org)) for org in orgs},
                                {which: test for which, test in tests.items() if test is not None})  # fmt: skip
            self._index_at = now
            self._sectors = {}
        return self._index

    def _assets(self, org: str) -> Iterable[str]:
        for text in self.assets_of(org)[:WATCHES_PER_OWNER]:
            try:
                yield network_text(network(text))
            except BadInput:
                continue

    # -- what the river calls ------------------------------------------------------------------------------------------

    def arrived(self, cuts: Sequence[Arrived], before: int, position: int) -> None:
        """Match what one batch brought: the entries after ``before`` up to ``position``."""
        if position <= self.position:
            # A rebuild: all this was matched when it came.
            return
        if before > self.position:
            self.follow(before)
        self._match(cuts, position)
        if self._waits_long_enough() or self._record.head()[0] <= position:
            self.flush()

    def follow(self, position: int) -> None:
        """Match what lies between the cursor and a position, from the record (after a restart); keep what waits."""
        while self.position < position:
            entries = [e for e in self._record.read_after(self.position, blocks=BLOCKS) if e.seq <= position]
            if not entries:
                self.position = position
                break
            self._record.refresh_audiences()
            with self._projections.read() as connection:
                cut = kept(connection, entries)
            self._match([cut], entries[-1].seq)
        self.flush()

    def save(self) -> None:
        """Keep the cursor where it moved in memory alone: from time to time, and before a stop."""
        self.flush(always=self._kept != self.position)

    def flush(self, *, always: bool = False) -> None:
        """Keep the notices and deliveries of what was matched, and the cursor, in one transaction."""
        if not self._pending and not self._recalls and not always:
            return
        hits = [hit for pending in self._pending.values() for hit in self._expanded(pending)]
        if hits or self._recalls or always:
            with self._vault.write() as connection:
                store.add_hits(connection, [hit for hit in hits if hit.owner.startswith("person:")])
                self._hooks.add(connection, [_delivery(hit) for hit in hits if hit.owner.startswith("hook:")])
                self._hooks.recall(connection, self._recalls)
                store.move_cursor(connection, self.position)
            self._kept = self.position
        self._pending, self._recalls, self._waiting = {}, [], 0

    def _waits_long_enough(self) -> bool:
        waited = self._clock.now() - self._since
        return self._waiting > MOST_WAITING or (self._waiting > 0 and not 0 <= waited < LONGEST_WAIT)

    # -- matching ------------------------------------------------------------------------------------------------------

    def _match(self, cuts: Sequence[Arrived], position: int) -> None:
        """Note, contribution by contribution, which items are in which buckets; who that is, is asked in ``flush``."""
        index, posts = self.index(), self._threads
        pending: _Pending | None = None
        for cut in cuts:
            for arrival in cut.arrivals:
                entry = arrival.entry
                if not arrival.fresh or (not index.size and entry.kind != "post"):
                    continue
                if pending is None or pending.contribution != entry.contribution or pending.audience != entry.audience:
                    pending = self._pending_of(index, entry)
                try:
                    found = index.of_item(arrival)
                    if entry.kind == "post":
                        found = self._of_post(posts, pending, arrival, found)
                except FAULTS_OF_CONTENT as fault:
                    # A mistake of ours in matching one entry must not keep all others from being told.
                    _log.error("entry %s cannot be matched", entry.seq, exc_info=fault)
                    continue
                if found or pending.base:
                    self._waiting += 1
                    pending.add(entry.seq, found)
            if cut.recalls and self._hooks.any_sent():
                self._recalls += cut.recalls
        self.position = position

    def _pending_of(self, index: Index, entry: Entry) -> _Pending:
        key = (entry.contribution, entry.audience)
        known = self._pending.get(key)
        if known is None:
            if not self._pending:
                self._since = self._clock.now()
            base = index.of_contribution(self._record.audience(entry.audience), self._sector(entry.org))
            author = person(entry.payload.author) if entry.payload and entry.payload.author else ""
            known = self._pending[key] = _Pending(entry.contribution, entry.audience, entry.org, entry.at, author, base)
        return known

    def _expanded(self, pending: _Pending) -> Iterator[Hit]:
        """Yield the hits of one contribution and audience: of each owner who may see it, what concerns them."""
        owners: dict[str, tuple[int, list[Why]]] = {}
        every = (1 << len(pending.seqs)) - 1
        for bucket, items in [*((bucket, every) for bucket in pending.base), *pending.buckets.values()]:
            for owner, why, since in bucket:
                if since > pending.at or owner == pending.author:
                    continue
                bits, whys = owners.get(owner) or (0, [])
                if why not in whys and len(whys) < WHYS_PER_NOTICE:
                    whys.append(why)
                owners[owner] = (bits | items, whys)
        places: dict[int, list[int]] = {}
        for owner, (bits, whys) in owners.items():
            if pending.audience not in self._sight(owner) or owner in pending.muted and not _is_own(whys):
                continue
            if bits not in places:
                places[bits] = pending.first(bits)
            yield Hit(owner, pending.contribution, pending.audience, pending.org, pending.at, list(places[bits]),
                      bits.bit_count(), whys, pending.thread)

    def _of_post(self, threads: Threads, pending: _Pending, arrival: Arrival, found: list[Bucket]) -> list[Bucket]:
        """Add whom a post concerns as a post: who watches its thread, whom it mentions. An edit is no new post."""
        payload = arrival.entry.payload
        assert payload is not None
        post = read_post(payload.body)
        pending.thread = post.thread or payload.subject
        states = threads.watchers(pending.thread)
        pending.muted = frozenset(person(who) for who, state in states.items() if state == "mute")
        if post.begun and payload.version > post.begun:
            return found
        more: Bucket = [(person(who), (THREAD, ""), 0) for who, state in states.items() if state == "watch"]
        more += [(party, (MENTION, ""), 0) for party in post.mentions if party.startswith("person:")]
        return [*found, more] if more else found

    def _sector(self, org: str) -> str:
        known = self._sectors.get(org)
        if known is None:
            known = self._sectors[org] = self._parties.sector_of(org).lower()
        return known

    def _sight(self, owner: str) -> frozenset[int]:
        """Return the audiences that an owner belongs to."""
        now, viewers = self._clock.now(), self._viewers
        if not 0 <= now - self._viewers_at < REMEMBER_FOR:
            viewers = self._viewers = {}
            self._viewers_at = now
        if owner not in viewers:
            party = self._hooks.party_of(owner) if owner.startswith("hook:") else owner
            viewers[owner] = self._parties.viewer_of(party) if party else None
        viewer = viewers[owner]
        # The record knows what a viewer sees, new audiences too.
        return self._record.visible_to(viewer) if viewer is not None else frozenset()


def _delivery(hit: Hit) -> Delivery:
    return Delivery(hit.owner.removeprefix("hook:"), hit.seqs[0], "entry", hit.contribution, hit.audience, hit.org,
                    hit.at, tuple(hit.seqs), hit.count, tuple(hit.whys), State.WAITING, hit.at, 0, 0, "")


def _is_own(whys: Sequence[Why]) -> bool:
    return any(kind in OWN for kind, _ in whys)
