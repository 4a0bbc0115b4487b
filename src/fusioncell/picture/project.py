"""Project what arrived into the picture: summaries, words, fresh mentions, counts by hour and facet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from fusioncell.fusion.project import Changes
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived, is_fresh
from fusioncell.kernel.clock import HOUR
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import voice_of
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture import store
from fusioncell.picture.words import tokens

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


def _words(extract: Extract) -> str:
    return " ".join(tokens(f"{extract.title} {extract.text} {' '.join(extract.labels)}"[:_MAX_TEXT]))


def _end(
    connection: Connection, ended: list[tuple[Entry, Extract]], counted: Counter[tuple[str, int, int, str]]
) -> None:
    if not ended:
        return
    seqs = [entry.seq for entry, _ in ended]
    store.end_texts(connection, seqs)
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
    texts: list[tuple[int, int, str]] = []
    recents: list[tuple[Any, ...]] = []
    for arrival in arrived.arrivals:
        entry, extract = arrival.entry, arrival.extract
        _sum(summaries, entry, extract, arrival.fresh)
        if extract.text or extract.title or extract.labels:
            words = _words(extract)
            if words:
                texts.append((entry.seq, entry.audience, words))
        if arrival.fresh:
            for facet, key in _facets(entry, extract):
                counted[(facet, entry.at // HOUR, entry.audience, key[:128])] += 1
            recents += [
                (entry.seq, number, min(place, 65535), entry.audience, voice_of(entry.org), entry.at)
                for place, number in enumerate(dict.fromkeys(changes.seen.get(entry.seq, ())))
            ]
    store.add_contributions(connection, [tuple(row) for row in summaries.values()])
    if texts:
        store.add_texts(connection, texts)
    if recents:
        store.add_recent(connection, recents)


def _sum(summaries: dict[tuple[str, int], list[Any]], entry: Entry, extract: Extract, fresh: bool) -> None:
    row = summaries.get((entry.contribution, entry.audience))
    if row is None:
        row = summaries[(entry.contribution, entry.audience)] = [
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
        ]
    if not row[6] and extract.title:
        row[6], row[7] = storable(extract.title[:_MAX_TITLE]), entry.seq
    row[8] += 1
    row[9] += len(extract.claims)
    row[10] += int(fresh)
