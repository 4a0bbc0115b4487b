"""Project what arrived into the picture: summaries, words, fresh mentions, counts by hour and facet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fusioncell.fusion.project import Changes
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrival, Arrived, is_fresh
from fusioncell.kernel.clock import HOUR
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture import store
from fusioncell.picture.words import page_of, without

_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")
_MAX_TEXT = 20_000
_MAX_TITLE = 300


def project(connection: Connection, arrived: Arrived, changes: Changes) -> None:
    """Apply one cut."""
    counted: Counter[tuple[str, int, int, str]] = Counter()
    _end(connection, arrived.ended, counted)
    for entry, recall in arrived.recalls:
        store.end_titles(connection, recall.contribution, recall.first, recall.last, entry.audience)
    _add(connection, arrived, changes, counted)
    rows = [(*key, number) for key, number in sorted(counted.items()) if number]
    if rows:
        store.add_counts(connection, rows)


def _facets(entry: Entry, extract: Extract) -> Iterable[tuple[str, str]]:
    yield "org", voice_of(entry.org)
    for kind in sorted({claim.observable.type.value for claim in extract.claims}):
        yield "type", kind
    for technique in sorted(techniques_in(extract)):
        yield "technique", technique


def techniques_in(extract: Extract) -> set[str]:
    """Return the ATT&CK technique ids that an item names."""
    named = " ".join([extract.title, *extract.labels, *(label for claim in extract.claims for label in claim.context)])
    return set(_TECHNIQUE.findall(named))


def _put_pages(connection: Connection, pages: dict[tuple[int, int], str]) -> None:
    """Write pages by (block, audience), behind those that stand: a block may come in several cuts."""
    standing = store.pages(connection, [block for block, _ in pages])
    rows = [
        (block, audience, f"{standing[block][1]}\n{page}" if block in standing else page)
        for (block, audience), page in pages.items()
    ]
    store.put_pages(connection, standing, rows)


def _end_lines(connection: Connection, ended: Iterable[Entry]) -> None:
    gone: dict[int, set[int]] = {}
    for entry in ended:
        gone.setdefault(entry.block, set()).add(entry.seq - entry.block)
    standing = store.pages(connection, gone)
    store.put_pages(
        connection,
        standing,
        [(block, audience, without(page, gone[block])) for block, (audience, page) in standing.items()],
    )


def _end(
    connection: Connection, ended: list[tuple[Entry, Extract]], counted: Counter[tuple[str, int, int, str]]
) -> None:
    if not ended:
        return
    seqs = [entry.seq for entry, _ in ended]
    _end_lines(connection, [entry for entry, _ in ended])
    store.end_recent(connection, seqs)
    store.end_items(
        connection,
        [
            (len(extract.claims), int(is_fresh(entry, extract)), entry.contribution, entry.audience)
            for entry, extract in ended
        ],
    )
    for entry, extract in ended:
        if is_fresh(entry, extract):
            for facet, key in _facets(entry, extract):
                counted[(facet, entry.at // HOUR, entry.audience, key[:128])] -= 1


def _add(
    connection: Connection, arrived: Arrived, changes: Changes, counted: Counter[tuple[str, int, int, str]]
) -> None:
    summaries: dict[tuple[str, int], list[Any]] = {}
    pages: dict[tuple[int, int], str] = {}
    recents: list[tuple[Any, ...]] = []
    for block, group in groupby(arrived.arrivals, _block):
        arrivals = list(group)
        _sum(summaries, arrivals)
        texts = [
            (arrival.entry.seq - block, f"{extract.title} {extract.text} {' '.join(extract.labels)}"[:_MAX_TEXT])
            for arrival in arrivals
            if (extract := arrival.extract).title or extract.text or extract.labels
        ]
        if texts:
            pages[(block, arrivals[0].entry.audience)] = page_of(texts)
        for arrival in arrivals:
            if arrival.fresh:
                recents += _news(arrival, changes, counted)
    store.add_contributions(connection, [tuple(row) for row in summaries.values()])
    if pages:
        _put_pages(connection, pages)
    if recents:
        store.add_recent(connection, recents)


def _block(arrival: Arrival) -> int:
    return arrival.entry.block


def _news(arrival: Arrival, changes: Changes, counted: Counter[tuple[str, int, int, str]]) -> Iterable[tuple[Any, ...]]:
    entry = arrival.entry
    for facet, key in _facets(entry, arrival.extract):
        counted[(facet, entry.at // HOUR, entry.audience, key[:128])] += 1
    return [
        (entry.seq, number, min(place, 65535), entry.audience, voice_of(entry.org), entry.at)
        for place, number in enumerate(dict.fromkeys(changes.seen.get(entry.seq, ())))
    ]


def _sum(summaries: dict[tuple[str, int], list[Any]], arrivals: list[Arrival]) -> None:
    """Add the arrivals of a block to the summary of its contribution."""
    entry = arrivals[0].entry
    row = summaries.setdefault(
        (entry.contribution, entry.audience),
        [
            entry.commit_seq,
            entry.audience,
            entry.contribution,
            entry.org,
            entry.at,
            entry.kind,
            "",
            entry.seq,
            0,
            0,
            0,
        ],
    )
    if not row[6]:
        titled = next((arrival for arrival in arrivals if arrival.extract.title), None)
        if titled is not None:
            row[6], row[7] = storable(titled.extract.title[:_MAX_TITLE]), titled.entry.seq
    row[8] += len(arrivals)
    row[9] += sum([len(arrival.extract.claims) for arrival in arrivals])
    row[10] += sum([arrival.fresh for arrival in arrivals])
