"""Use cases of saved queries: save, change, drop, list, and ask one.

What a query finds: with words, the values of the newest entries that hold them all (as the search finds them); without,
what was named last. Of these, the types asked for, from the likelihood asked for, the likeliest first. All of it from
what the asker may see.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.clock import Clock, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Viewer
from fusioncell.kernel.observable import BadValue, Observable, type_named
from fusioncell.kernel.ports import Database
from fusioncell.picture.notebook.service import audience_of
from fusioncell.picture.saved import store
from fusioncell.picture.saved.model import (
    MOST_FOUND,
    MOST_HITS,
    MOST_LISTED,
    MOST_NAME,
    MOST_WORDS,
    SAVED,
    Query,
    Saved,
)
from fusioncell.picture.service import END, Picture
from fusioncell.record.service import Record

_GONE = "It may have been dropped, or was never shared with you."
_PAGE = 100
_query = msgspec.json.Decoder(Query).decode


class SavedQueries:
    """The front door of saved queries."""

    def __init__(self, *, record: Record, projections: Database, picture: Picture, fusion: Fusion, clock: Clock,
                 randomness: Randomness) -> None:
        self._record, self._projections, self._picture, self._fusion = record, projections, picture, fusion
        self._clock, self._randomness = clock, randomness

    def save(self, viewer: Viewer, query: Query, readers: str) -> str:
        """Save a query for its readers (``me``, ``org``, ``cell``, a group's party); return its id."""
        if not (viewer.org and viewer.member):
            raise NotAllowed("only members save queries", hint="Sign in.")
        checked = checked_query(query)
        return self._append(viewer, new_id(self._randomness), audience_of(viewer, readers), checked)

    def change(self, viewer: Viewer, which: str, query: Query) -> None:
        """Put another question in the place of one of one's own organisation; its readers stay."""
        known = self._own(viewer, which)
        self._append(viewer, which, known.audience, checked_query(query))

    def drop(self, viewer: Viewer, which: str) -> None:
        """Drop a query of one's own organisation; feeds and watches of it end."""
        known = self._own(viewer, which)
        self._append(viewer, which, known.audience, msgspec.structs.replace(known.query, dropped=True))

    def _own(self, viewer: Viewer, which: str) -> Saved:
        known = self.one(viewer, which)
        if known.org != viewer.org:
            raise NotAllowed("another organisation saved this query", hint="Save one of your own.")
        return known

    def _append(self, viewer: Viewer, which: str, audience: Audience, query: Query) -> str:
        payload = Payload(viewer.person or "", which, self._clock.now(), "", msgspec.json.encode(query))
        number = self._record.intern_audience(audience)
        self._record.append(viewer.org or "", [Draft(SAVED, number, payload)], new_id(self._randomness))
        return which

    # -- read --------------------------------------------------------------------------------------------------------

    def listed(self, viewer: Viewer) -> list[Saved]:
        """Return the queries that the viewer may use, the last changed first."""
        with self._projections.read() as connection:
            return self._made(store.listed(connection, self._record.visible_to(viewer), MOST_LISTED))

    def one(self, viewer: Viewer, which: str) -> Saved:
        """Return a query. NotFound where the viewer may use none."""
        with self._projections.read() as connection:
            found = self._made(store.one(connection, which, self._record.visible_to(viewer)))
        if not found:
            raise NotFound("no such query", hint=_GONE)
        return found[0]

    def question(self, which: str) -> Query | None:
        """Return what a query asks, for the hub's own watching; None where it was dropped."""
        with self._projections.read() as connection:
            body = store.body(connection, which)
        return None if body is None else _query(body)

    def written(self, who: str, sight: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person saved, for an answer to the person."""
        with self._projections.read() as connection:
            found = self._made(store.by(connection, who, sight, MOST_LISTED))
        return [{"id": one.id, "at": format_instant(one.at), "query": msgspec.to_builtins(one.query)} for one in found]

    def _made(self, rows: Iterable[store.Row]) -> list[Saved]:
        return [Saved(row[0], row[1] or row[2], row[2], self._record.audience(row[3]), row[4], _query(row[5]))
                for row in rows]  # fmt: skip

    # -- ask ---------------------------------------------------------------------------------------------------------

    def found(self, viewer: Viewer, query: Query) -> list[Assessment]:
        """Return what a query finds for a viewer, the likeliest first."""
        values = self._with_words(viewer, query.words) if query.words else self._named_last(viewer)
        types = frozenset(query.types)
        wanted = [one for one in values if not types or one.type.value in types]
        known = self._fusion.match(wanted[: 2 * MOST_FOUND], self._record.visible_to(viewer))
        likely = [one for one in known.values() if 100 * one.malicious >= query.least]
        likely.sort(key=lambda one: (-one.malicious, -(one.last or 0), one.observable.type, one.observable.value))
        return likely[:MOST_FOUND]

    def _with_words(self, viewer: Viewer, words: str) -> list[Observable]:
        values: dict[Observable, None] = {}
        before, hits = END, 0
        while hits < MOST_HITS:
            page = self._picture.search(viewer, words, before=before, limit=_PAGE)
            if before == END and page.observable is not None:
                values[page.observable] = None
            for hit in page.hits:
                values.update(dict.fromkeys(hit.observables))
            hits += len(page.hits)
            before = page.next
            if not before:
                break
        return list(values)

    def _named_last(self, viewer: Viewer) -> list[Observable]:
        numbers = dict.fromkeys(row[0] for row in self._picture.named(viewer))
        observables = self._fusion.observables(numbers)
        return [observables[number] for number in numbers if number in observables]


def checked_query(query: Query) -> Query:
    """Return a query as it is kept. Raises BadInput."""
    name, words = " ".join(query.name.split()), " ".join(query.words.split())
    if not name or len(name) > MOST_NAME:
        raise BadInput("give it a name", hint=f"At most {MOST_NAME} characters.", place="name")
    if len(words) > MOST_WORDS:
        raise BadInput(f"that is longer than {MOST_WORDS} characters", hint="A few words do.", place="words")
    if not 0 <= query.least <= 100:
        raise BadInput("a likelihood lies between 0 and 100 percent", place="least")
    types = []
    for text in query.types:
        try:
            types.append(type_named(text).value)
        except BadValue:
            raise BadInput(f"{text[:40]!r} is no type", hint="For example domain-name, url, ipv4-addr, sha256.",
                           place="types") from None  # fmt: skip
    return Query(name, words, tuple(dict.fromkeys(types)), query.least)
