"""Follow the record: what each voice gave and said. Called by the river with each cut.

1. What was withdrawn leaves first. Of a submission that a newer one supersedes, the act stays counted; its indicators
   do not, for completeness is of what stands.
2. A post counts at the instant of its first version; what was narrowed or widened, when it was first accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fusioncell.exchange.participation import store
from fusioncell.exchange.participation.measure import weigh_item
from fusioncell.exchange.participation.store import SUMS, metadata
from fusioncell.intake import read_post, read_reaction, since_of
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

_TALK = frozenset({"post", "reaction"})
_Row = tuple[object, ...]


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    _end(connection, arrived)
    gave = [arrival for arrival in arrived.arrivals if arrival.entry.kind not in _TALK]
    sums: dict[tuple[int, int], Counter[str]] = {}
    heads: dict[tuple[int, int], tuple[str, str, int]] = {}
    for arrival in gave:
        entry = arrival.entry
        assert entry.payload is not None
        key = (entry.commit_seq, entry.audience)
        if key not in sums:
            sums[key] = Counter()
            heads[key] = (entry.contribution, voice_of(entry.org), since_of(entry.payload, entry.at))
        sum_ = sums[key]
        sum_["items"] += 1
        weigh_item(sum_, entry.kind, arrival.extract)
    if sums:
        store.add_given(connection, [(*key, *heads[key], sums[key]["items"], *(sums[key][name] for name in SUMS))
                                     for key in sorted(sums)])  # fmt: skip
    _say(connection, [arrival.entry for arrival in arrived.arrivals if arrival.entry.kind in _TALK])


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what was said at these positions, after their payloads were erased."""
    store.drop_said(connection, seqs)


def _end(connection: Connection, arrived: Arrived) -> None:
    sums: dict[tuple[int, int], Counter[str]] = {}
    for entry, extract in arrived.ended:
        if entry.kind not in _TALK:
            sums.setdefault((entry.commit_seq, entry.audience), Counter()).update(
                _ended(entry, extract, entry.seq in arrived.withdrawn)
            )
    if sums:
        store.take_given(connection, [(sums[key]["items"], *(sums[key][name] for name in SUMS), *key)
                                      for key in sorted(sums)])  # fmt: skip
        store.drop_empty(connection, sorted(sums))
    for entry, recall in arrived.recalls:
        store.drop_given(connection, recall.first, recall.last, entry.audience)
        store.drop_withdrawn(connection, recall.first, recall.last, entry.audience)


def _ended(entry: Entry, extract: Extract, withdrawn: bool) -> Counter[str]:
    counted = Counter({"items": int(withdrawn)})
    weigh_item(counted, entry.kind, extract)
    return counted


def _say(connection: Connection, entries: Iterable[Entry]) -> None:
    rows: list[_Row] = []
    replaced: list[_Row] = []
    for entry in entries:
        row = _said(entry)
        if row is None:
            continue
        rows.append(row)
        if entry.kind == "post":
            replaced.append((row[2], row[5], row[6]))
    if replaced:
        store.drop_versions(connection, replaced)
    if rows:
        store.add_said(connection, rows)


def _said(entry: Entry) -> _Row | None:
    """Return the row of a post or reaction; None for one that cannot be read (intake lists it as a fault)."""
    payload = entry.payload
    if payload is None:
        return None
    voice = voice_of(entry.org)
    try:
        if entry.kind == "post":
            post = read_post(payload.body)
            subject = payload.subject
            replies = bool(post.parent) or post.thread not in ("", subject)
            return (entry.seq, "reply" if replies else "post", storable(subject[:64]), storable(post.parent[:64]),
                    storable((post.thread or subject)[:64]), entry.audience, voice,
                    min(post.begun or entry.at, entry.at), int(post.question is not None))  # fmt: skip
        said = read_reaction(payload.body)
    except ValueError:
        return None
    target = said.on.partition(":")[2] if said.on.startswith(("post:", "contribution:")) else ""
    return (entry.seq, storable(said.kind[:16]), "", storable(target[:64]), storable(said.thread[:64]), entry.audience,
            voice, since_of(payload, entry.at), 0)  # fmt: skip
