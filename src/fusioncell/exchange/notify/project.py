"""Follows what arrives, and keeps what of it concerns whom. Called in the river's thread, right after each batch.

1. Nothing is watched: nothing is done; the cursor moves in memory.
2. What the batch brought is matched in memory, by the extracts that the river has made already.
3. Of those whom an arrival would concern, each is asked for who may see it: by its audience, by ``may_see``.
4. The notices, the webhooks' deliveries and the cursor are kept in one transaction of the vault. What was matched in
   memory when the hub died is read again from the record, and counts once.

History (what is older than fourteen days on arrival), repeats and what the watcher wrote concern nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from fusioncell.exchange.hooks.model import Delivery, State
from fusioncell.exchange.hooks.service import Hooks
from fusioncell.exchange.notify import store
from fusioncell.exchange.notify.admit import network
from fusioncell.exchange.notify.match import Found, Index
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
)
from fusioncell.exchange.notify.store import vault_metadata
from fusioncell.intake import read_post
from fusioncell.intake.project import Arrival, Arrived, Recall, kept
from fusioncell.kernel.clock import SECOND, Clock, Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FAULTS_OF_CONTENT, BadInput
from fusioncell.kernel.marking import Viewer, person
from fusioncell.kernel.observable import Observable
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record

__all__ = ["Follower", "vault_metadata"]

REMEMBER_FOR = 2 * SECOND
"""Who a party is, is asked anew this often while batches come, and after each change of the membership."""
MAX_WATCHES = 100_000
BLOCKS = 64
Key = tuple[str, str, int]
_log = logging.getLogger("fusioncell.notify")


class Follower:
    """Matches what arrives; the river calls :meth:`arrived` after each batch, and :meth:`follow` when idle."""

    def __init__(self, record: Record, projections: Database, vault: Database, clock: Clock, parties: Parties,
                 threads: Threads, hooks: Hooks) -> None:
        self._record, self._projections, self._vault, self._clock = record, projections, vault, clock
        self._parties, self._threads, self._hooks = parties, threads, hooks
        self.assets_of: Callable[[str], list[str]] = lambda org: []
        """An organisation's proved assets as text: CIDR, AS numbers, domain names. Set by whoever keeps them."""
        self._index: Index | None = None
        self._index_at: Instant = 0
        self._viewers: dict[str, Viewer | None] = {}
        self._viewers_at: Instant = 0
        self._sectors: dict[str, str] = {}
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
            self._index = Index(watches, {org: list(self._assets(org)) for org in orgs})
            self._index_at = now
            self._sectors = {}
        return self._index

    def _assets(self, org: str) -> Iterable[Observable]:
        for text in self.assets_of(org)[:WATCHES_PER_OWNER]:
            try:
                yield network(text)
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

    def follow(self, position: int) -> None:
        """Match what lies between the cursor and a position, from the record: after a restart."""
        while self.position < position:
            entries = [e for e in self._record.read_after(self.position, blocks=BLOCKS) if e.seq <= position]
            if not entries:
                self._keep([], [], position)
                return
            self._record.refresh_audiences()
            with self._projections.read() as connection:
                cut = kept(connection, entries)
            self._match([cut], entries[-1].seq)

    def save(self) -> None:
        """Keep the cursor where it moved in memory alone: from time to time, and before a stop."""
        if self._kept != self.position:
            self._keep([], [], self.position, durable=True)

    def _match(self, cuts: Sequence[Arrived], position: int) -> None:
        hits = self.hits([arrival for cut in cuts for arrival in cut.arrivals if arrival.fresh])
        recalls = [recall for cut in cuts for recall in cut.recalls] if self._hooks.any_sent() else []
        self._keep(hits, recalls, position)

    def _keep(self, hits: Sequence[Hit], recalls: Sequence[tuple[Entry, Recall]], position: int, *,
              durable: bool = False) -> None:
        if hits or recalls or durable:
            with self._vault.write() as connection:
                store.add_hits(connection, [hit for hit in hits if hit.owner.startswith("person:")])
                self._hooks.add(connection, [_delivery(hit) for hit in hits if hit.owner.startswith("hook:")])
                self._hooks.recall(connection, recalls)
                store.move_cursor(connection, position)
            self._kept = position
        self.position = position

    # -- matching ------------------------------------------------------------------------------------------------------

    def hits(self, arrivals: Sequence[Arrival]) -> list[Hit]:
        """Return whom these arrivals concern, of those who may see them: one hit a contribution, audience and owner."""
        index = self.index()
        found: dict[Key, Hit] = {}
        for arrival in arrivals:
            entry = arrival.entry
            if not index.size and entry.kind != "post":
                continue
            try:
                thread, muted, concerned = self._concerned(index, arrival)
            except FAULTS_OF_CONTENT as fault:
                # A mistake of ours in matching one entry must not keep all others from being told.
                _log.error("entry %s cannot be matched", entry.seq, exc_info=fault)
                continue
            if concerned:
                author = person(entry.payload.author) if entry.payload and entry.payload.author else ""
                self._note(found, arrival, thread, [
                    (owner, why, since) for owner, why, since in concerned
                    if owner != author and since <= entry.at and (owner not in muted or why[0] in OWN)])
        return list(found.values())

    def _concerned(self, index: Index, arrival: Arrival) -> tuple[str, frozenset[str], list[Found]]:
        """Return (thread, who has muted it, whom the arrival would concern and why)."""
        entry = arrival.entry
        concerned = list(index.hits(arrival, self._record.audience(entry.audience), self._sector(entry.org)))
        if entry.kind != "post":
            return "", frozenset(), concerned
        thread, muted, more = self._of_post(arrival)
        return thread, muted, concerned + more

    def _note(self, found: dict[Key, Hit], arrival: Arrival, thread: str, concerned: Sequence[Found]) -> None:
        entry = arrival.entry
        counted: set[str] = set()
        for owner, why, _ in concerned:
            if entry.audience not in self._sight(owner):
                continue
            key = (owner, entry.contribution, entry.audience)
            hit = found.get(key)
            if hit is None:
                hit = Hit(owner, entry.contribution, entry.audience, entry.org, entry.at, [], 0, [], thread)
                found[key] = hit
            if owner not in counted:
                counted.add(owner)
                hit.count += 1
                if len(hit.seqs) < SEQS_PER_NOTICE:
                    hit.seqs.append(entry.seq)
            if why not in hit.whys and len(hit.whys) < WHYS_PER_NOTICE:
                hit.whys.append(why)

    def _of_post(self, arrival: Arrival) -> tuple[str, frozenset[str], list[Found]]:
        """Return (thread, who has muted it, whom the post concerns as a post). An edit is no new post."""
        payload = arrival.entry.payload
        assert payload is not None
        post = read_post(payload.body)
        thread = post.thread or payload.subject
        states = self._threads.watchers(thread)
        muted = frozenset(person(who) for who, state in states.items() if state == "mute")
        if post.begun and payload.version > post.begun:
            return thread, muted, []
        concerned: list[Found] = [(person(who), (THREAD, ""), 0) for who, state in states.items() if state == "watch"]
        concerned += [(party, (MENTION, ""), 0) for party in post.mentions if party.startswith("person:")]
        return thread, muted, concerned

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
