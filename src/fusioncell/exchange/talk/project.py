"""Follow the record: which posts stand in which threads, what they are about, who reacted. Called by the river.

1. What ended leaves first: a superseded version stays, but no longer stands; a withdrawn one goes, with what it said.
2. What arrived is added; a version of a post that is known takes the place of its first.
3. The sums of the threads that lost something are counted anew; additions are added. So batch boundaries never show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from fusioncell.exchange.talk import store
from fusioncell.exchange.talk.anchor import text_of
from fusioncell.exchange.talk.store import metadata
from fusioncell.intake import read_post, read_reaction, signed64
from fusioncell.intake.project import Arrival, Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["CLOSED", "Closed", "metadata", "project", "purge"]

CLOSED = "thread.closed"
"""Kind of the entry that closes a thread, or opens it again."""
MAX_ANCHORS = 70
"""What one post can be found by: what it is about, and the first observables that it names."""

_encode = msgspec.json.encode
_Pairs = set[tuple[str, int]]
"""Threads in an audience, whose sums must be counted anew."""


class Closed(msgspec.Struct, frozen=True):
    """The body of a ``thread.closed`` entry; its subject is the thread."""

    closed: bool
    reason: str = ""


def project(connection: Connection, entries: Sequence[Entry], arrived: Arrived) -> None:
    """Apply one cut."""
    touched: _Pairs = set()
    _end(connection, arrived, touched)
    posts = [arrival for arrival in arrived.arrivals if arrival.entry.kind == "post"]
    if posts:
        _add_posts(connection, posts, touched)
    _add_reactions(connection, [arrival.entry for arrival in arrived.arrivals if arrival.entry.kind == "reaction"])
    store_closings = [_closing(entry) for entry in entries if entry.kind == CLOSED and entry.payload is not None]
    if store_closings:
        store.add_closings(connection, store_closings)
    for thread, audience in sorted(touched):
        store.sum_thread(connection, thread, audience)


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what the entries at these positions said, after their payloads were erased."""
    known = {row[0]: row for row in store.among_seqs(connection, seqs)}
    versions = store.versions_of_many(connection, sorted({row[3] for row in known.values()})) if known else []
    store.drop_posts(connection, seqs)
    for post, org, audience in sorted({(row[0], row[1], row[2]) for row in versions if row[3] in known}):
        store.place_anew(connection, post, audience, org)
    store.drop_reactions(connection, seqs)
    store.drop_closings(connection, seqs)
    for thread, audience in sorted({(row[1], row[2]) for row in known.values()}):
        store.sum_thread(connection, thread, audience)


def _end(connection: Connection, arrived: Arrived, touched: _Pairs) -> None:
    ended = [entry for entry, _ in arrived.ended if entry.kind == "post"]
    superseded = [entry.seq for entry in ended if entry.seq not in arrived.withdrawn]
    if superseded:
        touched.update((row[1], row[2]) for row in store.among_seqs(connection, superseded))
        store.supersede(connection, superseded)
    # A recall ends the items of its own entry's audience alone (see intake).
    gone = [
        row
        for entry, recall in arrived.recalls
        for row in store.within_seqs(connection, recall.first, recall.last)
        if row[2] == entry.audience
    ]
    if gone:
        touched.update((row[1], row[2]) for row in gone)
        store.drop_posts(connection, [row[0] for row in gone])
    reactions = [entry.seq for entry, _ in arrived.ended if entry.kind == "reaction"]
    if reactions:
        store.drop_reactions(connection, reactions)


def _add_posts(connection: Connection, arrivals: Iterable[Arrival], touched: _Pairs) -> None:
    arrivals = list(arrivals)
    subjects = {arrival.entry.payload.subject for arrival in arrivals if arrival.entry.payload is not None}
    known: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for post, org, audience, seq, place, *_ in store.versions_of_many(connection, sorted(subjects)):
        known.setdefault((post, org, audience), []).append((seq, place))
    rows, counted, about = [], [], []
    for arrival in arrivals:
        entry = arrival.entry
        payload = entry.payload
        if payload is None:
            continue
        try:
            body = read_post(payload.body)
        except ValueError:
            continue  # intake lists it as a fault
        subject = storable(payload.subject[:64])
        thread = storable((body.thread or subject)[:64])
        earlier = known.get((subject, entry.org, entry.audience), [])
        if earlier:
            store.supersede(connection, [seq for seq, _ in earlier])
            touched.add((thread, entry.audience))
        else:
            counted.append((thread, entry.audience, entry.seq, entry.seq))
        place = min((place for _, place in earlier), default=entry.seq)
        named = list(dict.fromkeys(claim.observable for claim in arrival.extract.claims))
        listed = _encode([(one.type.value, one.value) for one in named[:MAX_ANCHORS]]).decode()
        rows.append((entry.seq, subject, thread, storable(body.parent[:64]), entry.org, storable(payload.author[:64]),
                     entry.audience, entry.at, place, payload.version, entry.contribution,
                     storable(payload.body.decode()), storable(listed)))  # fmt: skip
        anchors = dict.fromkeys([*body.about, *map(text_of, named)])
        about += [(signed64(anchor), entry.seq, storable(anchor), thread, entry.audience)
                  for anchor in list(anchors)[:MAX_ANCHORS]]  # fmt: skip
    store.add_posts(connection, rows)
    store.add_about(connection, about)
    store.count_post(connection, [row for row in counted if row[:2] not in touched])


def _add_reactions(connection: Connection, entries: Iterable[Entry]) -> None:
    rows = []
    for entry in entries:
        if entry.payload is None:
            continue
        try:
            body = read_reaction(entry.payload.body)
        except ValueError:
            continue
        rows.append((entry.seq, signed64(body.on), storable(body.on), storable(body.kind[:16]), entry.org,
                     storable(entry.payload.author[:64]), entry.audience, entry.at, entry.contribution))  # fmt: skip
    if rows:
        store.add_reactions(connection, rows)


def _closing(entry: Entry) -> tuple[object, ...]:
    assert entry.payload is not None
    body = msgspec.json.decode(entry.payload.body, type=Closed)
    return (entry.seq, entry.payload.subject, entry.audience, int(body.closed), entry.org, entry.payload.author,
            entry.at, storable(body.reason))  # fmt: skip
