"""Use cases of the picture: search, the first page, a contribution's page, an observable's page.

All answers are made for one viewer: every query filters by the audiences that the viewer belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fusioncell.fusion.model import Assessment
from fusioncell.fusion.service import Fusion
from fusioncell.intake import extract_entry
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Clock, Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import ANONYMOUS, Audience, Viewer, voice_of
from fusioncell.kernel.observable import Observable, ObservableType, guess, parents
from fusioncell.kernel.ports import Connection, Database
from fusioncell.kernel.refang import refang
from fusioncell.picture import store
from fusioncell.picture.remember import Remembered
from fusioncell.picture.rise import Risen, risen_in
from fusioncell.picture.words import lines_with, tokens
from fusioncell.record.service import Record, read_cursor

create_words = store.create_words
drop_words = store.drop_words
END = 1 << 62
MAX_WORDS = 12
MAX_NEARBY = 20
"""Values on and around a value that are assessed beside it."""
MAX_PAGES = 256
"""Pages of words that a search reads at a time; the first few hold what is asked for, unless the words are apart."""
MAX_NAMED = 10_000
"""Newest mentions from which the figures of the first page are made."""
MAX_PAIRS = 300
"""Contributors, in each audience, whose newest mentions are looked at one by one: those who gave news last."""
LEAST_OF_EACH = 10
FACETS = {"org": 500, "type": 10, "technique": 10}
"""The facets of the first page's figures, and how many of each, the largest."""
FOLLOWED = "river"
"""The cursor by which the projections follow the record."""
Named = list[tuple[Any, ...]]
"""Mentions, newest first: (observable's number, contributor, instant)."""
MAX_SAMPLED = 128
"""Entries of a contribution that are looked at for a sample of what it names."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A contribution in a list, as one viewer sees it."""

    contribution: str
    org: str
    at: int
    kind: str
    title: str
    items: int
    mentions: int
    fresh: bool
    audience: Audience
    position: int


@dataclass(frozen=True, slots=True)
class Rise:
    """An observable that several contributors mention lately."""

    observable: Observable
    contributors: int
    mentions: int
    assessment: Assessment | None
    before: int = 0
    """Contributors in the time before of the same length."""
    series: tuple[int, ...] = ()
    """Contributors a day, oldest first."""


@dataclass(frozen=True, slots=True)
class Activity:
    """How much is going on, as one viewer sees it: (start of the hour, contributions) oldest first; counts of 24 h."""

    hours: tuple[tuple[int, int], ...]
    contributions: int
    contributions_before: int
    contributors: int
    named: int
    """Different observables that were named as news."""
    older: int
    """Items that were older than ``intake.project.FRESH_FOR`` when they came: no news, and counted in no figure."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the first page, as of a minute. ``risen``: without verdicts, which fade by the second."""

    risen: tuple[Risen, ...]
    activity: Activity
    facets: dict[str, list[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A search hit: one entry with its words."""

    entry: Entry
    title: str
    audience: Audience
    observables: tuple[Observable, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the observable that the query is, if it is one, and the entries that hold its words."""

    query: str
    observable: Observable | None
    assessment: Assessment | None
    related: tuple[Assessment, ...]
    """What is known around the value: a URL's host, a name's parents; what stands on a name, of what the hits hold."""
    hits: tuple[Hit, ...]
    next: int


_SCHEMES = frozenset({"http", "https", "hxxp", "hxxps", "ftp", "fxp"})


def around(observable: Observable) -> list[Observable]:
    """Return what a value stands on: the host of a URL, the names above a name up to the registered one."""
    if observable.type is ObservableType.URL:
        host = guess(urlsplit(observable.value).hostname or "")
        return [] if host is None else [host, *around(host)]
    if observable.type is ObservableType.DOMAIN:
        return [Observable(ObservableType.DOMAIN, name) for name in parents(observable.value)]
    return []


def below(observable: Observable, hits: Iterable[Hit]) -> list[Observable]:
    """Return what stands on a name among what hits hold, each once: the names below it, URLs and addresses there."""
    if observable.type is not ObservableType.DOMAIN:
        return []
    named = dict.fromkeys(one for hit in hits for one in hit.observables if one != observable)
    return [one for one in named if f".{_host_of(one)}".endswith(f".{observable.value}")]


def _host_of(one: Observable) -> str:
    if one.type is ObservableType.URL:
        return urlsplit(one.value).hostname or ""
    if one.type is ObservableType.DOMAIN:
        return one.value
    return one.value.rpartition("@")[2] if one.type is ObservableType.EMAIL else ""


def _seek(
    connection: Connection, words: list[str], phrase: str, audiences: frozenset[int], before: int, limit: int
) -> list[int]:
    """Return positions of visible entries that hold all the words, newest first (rank would count hidden rows)."""
    found: list[int] = []
    block, pages = before, 4
    while len(found) < limit:
        read = store.search(connection, words, audiences, block, pages)
        for block, page in read:
            found += [seq for offset in reversed(lines_with(page, words, phrase)) if (seq := block + offset) < before]
        if len(read) < pages:
            break
        pages = min(4 * pages, MAX_PAGES)
    return found[:limit]


class Picture:
    """The front door of the picture."""

    def __init__(self, record: Record, database: Database, fusion: Fusion, intake: Intake, clock: Clock) -> None:
        self._record = record
        self._database = database
        self._fusion = fusion
        self._intake = intake
        self._clock = clock
        self._figures: Remembered[Figures] = Remembered()
        self._days: Remembered[int] = Remembered()
        """Where in the record a day begins."""

    # -- search ------------------------------------------------------------------------------------------------------

    def search(self, viewer: Viewer, query: str, *, before: int = END, limit: int = 25) -> Found:
        """Search everything that the viewer may see: an exact value in any defanged form, else words, newest first."""
        audiences = self._record.visible_to(viewer)
        observable = guess(query[:8192])
        assessment = self._fusion.look_up(observable, audiences) if observable else None
        # A pasted value is sought as its words side by side, less the scheme: texts may write https or hxxps.
        words = tokens(refang(query.strip()) if observable else query)[:MAX_WORDS]
        if observable and words and words[0] in _SCHEMES:
            del words[0]
        phrase = " ".join(words) if observable else ""
        seqs: list[int] = []
        if words:
            with self._database.read() as connection:
                seqs = _seek(connection, words, phrase, audiences, before, limit + 1)
        more = len(seqs) > limit
        seqs = seqs[:limit]
        hits = [self._hit(entry) for entry in reversed(self._record.read_many(seqs)) if entry.payload is not None]
        nearby = [*around(observable), *below(observable, hits)] if observable else []
        related = [known for one in nearby[:MAX_NEARBY] if (known := self._fusion.look_up(one, audiences))]
        return Found(query, observable, assessment, tuple(related), tuple(hits), seqs[-1] if more else 0)

    def _hit(self, entry: Entry) -> Hit:
        extract = extract_entry(entry)
        values = tuple(dict.fromkeys(claim.observable for claim in extract.claims[:20]))
        return Hit(entry, extract.title or extract.text[:160], self._record.audience(entry.audience), values)

    # -- the first page ----------------------------------------------------------------------------------------------

    def newest(self, viewer: Viewer, *, before: int = END, limit: int = 20, reactions: bool = True) -> list[Summary]:
        """Return the newest contributions of which the viewer may see something, without ``reactions`` if so asked."""
        with self._database.read() as connection:
            rows = store.newest(connection, self._record.visible_to(viewer), before, limit, reactions)
        return [
            Summary(r[1], r[2], r[3], r[4], r[5], int(r[6]), int(r[7]), r[8] > 0, self._record.audience(r[9]), r[0])
            for r in rows
        ]

    def named(self, viewer: Viewer, *, days: int = 14) -> Named:
        """Return the newest mentions (at most 10,000) that the viewer may see, for figures made from the same ones."""
        audiences = self._record.visible_to(viewer)
        since = (self._clock.now() // DAY - days + 1) * DAY
        after = self._before(since)
        with self._database.read() as connection:
            return store.named_lately(connection, audiences, since, MAX_NAMED, after)

    def _before(self, since: Instant) -> int:
        """Return a position before which nothing stands that came since an instant: what is older is not read again.

        A day of grace for a clock that was set back; remembered, because what is past stays.
        """
        day = since // DAY - 1
        return self._days.get(day, lambda: self._record.last_before(day * DAY, self._record.head()[0]))

    def named_by_each(self, viewer: Viewer, *, days: int = 14, limit: int = 3000) -> list[Named]:
        """Return the newest mentions that the viewer may see, and beside them the newest of each contributor, a page
        each: a flood by one of them hides nothing of the others. Bounded: some ``limit`` mentions in both."""
        audiences = self._record.visible_to(viewer)
        since = self._clock.now() - days * DAY
        after = self._before(since)
        with self._database.read() as connection:
            pages = [store.named_lately(connection, audiences, since, limit, after)]
            pairs = store.contributors(connection, audiences, since // HOUR, MAX_PAIRS)
            each = max(LEAST_OF_EACH, limit // max(1, len(pairs)))
            pages += [store.named_by(connection, audience, org, since, each, after) for audience, org in pairs]
        return pages

    def rising(self, viewer: Viewer, *, days: int = 7, limit: int = 10) -> list[Rise]:
        """Return the observables that most contributors mention lately, among what the viewer may see."""
        return self.rises(viewer, risen_in(self.named(viewer, days=2 * days), self._clock.now(), days, limit))

    def rises(self, viewer: Viewer, risen: Sequence[Risen]) -> list[Rise]:
        """Say what rises, with its verdicts as of now."""
        observables = self._fusion.observables([one.observable for one in risen])
        assessed = self._fusion.match(list(observables.values()), self._record.visible_to(viewer))
        return [
            Rise(one, each.contributors, each.mentions, assessed.get(one), each.before, each.series)
            for each in risen
            for one in (observables[each.observable],)
        ]

    def figures(self, viewer: Viewer) -> Figures:
        """Return the figures of the first page.

        They are as of the beginning of the minute, and remembered for all who see the same until the projections move:
        most who look find nothing new.
        """
        audiences = self._record.visible_to(viewer)
        minute = self._clock.now() // MINUTE * MINUTE
        with self._database.read() as connection:
            position = read_cursor(connection, FOLLOWED)

        def make() -> Figures:
            named = self.named(viewer)
            facets = {each: self.facet(viewer, each, limit=most) for each, most in FACETS.items()}
            return Figures(tuple(risen_in(named, minute, 7, 10)), self._activity(audiences, named, minute), facets)

        return self._figures.get((audiences, position, minute), make)

    def _activity(self, audiences: frozenset[int], named: Named, now: Instant, hours: int = 48) -> Activity:
        """Count the contributions of the last hours, of which something stands in the audiences (the newest 10,000)."""
        last = now // HOUR
        since = (last - hours + 1) * HOUR
        after = self._before(since)
        with self._database.read() as connection:
            rows = store.lately(connection, audiences, since, 10_000, after)
        # What stands in several audiences is one contribution.
        came = [row for row, later in zip(rows, [(None,), *rows], strict=False) if row[0] != later[0]]
        by_hour = Counter([at // HOUR for _, at, _, _ in came])
        today = [org for _, at, org, _ in came if at > now - DAY]
        return Activity(
            tuple((hour * HOUR, by_hour[hour]) for hour in range(last - hours + 1, last + 1)),
            len(today),
            len([at for _, at, _, _ in came if now - 2 * DAY < at <= now - DAY]),
            len({voice_of(org) for org in set(today)} - {ANONYMOUS}),
            len({number for number, _, at in named if at >= now - DAY}),
            sum(max(0, old) for _, at, _, old in rows if at > now - DAY),
        )

    def sample(self, viewer: Viewer, item: Summary, most: int = 3) -> tuple[Observable, ...]:
        """Return some of the observables that a contribution names, of what the viewer may see."""
        # By entries, not by blocks: where a block ends depends on what stands between, seen or not.
        found: dict[Observable, None] = {}
        for entry in self._first_entries(item, self._record.visible_to(viewer)):
            for claim in extract_entry(entry).claims[:most]:
                found[claim.observable] = None
            if len(found) >= most:
                break
        return tuple(found)[:most]

    def _first_entries(self, item: Summary, audiences: frozenset[int]) -> list[Entry]:
        entries: list[Entry] = []
        after = item.position - 1
        while len(entries) < MAX_SAMPLED:
            page = self._record.read_after(after, blocks=2, visible=audiences)
            entries += [entry for entry in page if entry.contribution == item.contribution]
            if not page or page[-1].contribution != item.contribution:
                break
            after = page[-1].seq
        return self._intake.live(entries[:MAX_SAMPLED])

    def facet(self, viewer: Viewer, facet: str, *, days: int = 7, limit: int = 10) -> list[tuple[str, int]]:
        """Return (key, count) of fresh items by a facet: ``org``, ``type`` or ``technique``."""
        since = (self._clock.now() - days * DAY) // HOUR
        with self._database.read() as connection:
            return [
                (row[0], int(row[1]))
                for row in store.counts(connection, facet, self._record.visible_to(viewer), since, limit)
            ]

    def daily(self, viewer: Viewer, facet: str, *, days: int = 30) -> dict[str, list[int]]:
        """Return, by key of a facet (see :meth:`facet`), how many fresh items each day brought, in order."""
        today = self._clock.now() // DAY
        first = today - days + 1
        with self._database.read() as connection:
            rows = store.daily(connection, facet, self._record.visible_to(viewer), first)
        found: dict[str, list[int]] = {}
        for key, day, count in rows:
            if first <= day <= today:
                found.setdefault(key, [0] * days)[day - first] = int(count)
        return found

    def hourly(self, viewer: Viewer, *, hours: int = 48) -> list[tuple[int, int]]:
        """Return (instant of the hour, fresh items) for the last hours, gaps filled with zero."""
        last = self._clock.now() // HOUR
        with self._database.read() as connection:
            found: dict[int, int] = dict(
                store.series(connection, "org", self._record.visible_to(viewer), last - hours + 1)
            )
        return [(hour * HOUR, int(found.get(hour, 0))) for hour in range(last - hours + 1, last + 1)]

    # -- one contribution --------------------------------------------------------------------------------------------

    def contribution(self, viewer: Viewer, identifier: str) -> Summary:
        """Return the summary of a contribution. NotFound where the viewer may see nothing of it."""
        audiences = self._record.visible_to(viewer)
        with self._database.read() as connection:
            rows = store.contribution_rows(connection, identifier, audiences)
        if not rows:
            raise NotFound("no such contribution", hint="It may have been withdrawn, or was never shared with you.")
        title = next((row[5] for row in rows if row[5]), "")
        return Summary(
            identifier,
            rows[0][2],
            rows[0][3],
            rows[0][4],
            title,
            sum(r[6] for r in rows),
            sum(r[7] for r in rows),
            any(r[8] for r in rows),
            self._record.audience(rows[0][1]),
            rows[0][0],
        )

    def entries(self, viewer: Viewer, identifier: str) -> list[Entry]:
        """Return the live entries of a contribution that the viewer may see, in order."""
        return self._intake.entries_of(self._record.visible_to(viewer), identifier)

    def timeline(self, viewer: Viewer, observable: Observable, limit: int = 50) -> list[tuple[Any, ...]]:
        """Return the newest claims and mentions of an observable."""
        return self._fusion.mentions(observable, self._record.visible_to(viewer), limit)

    def entries_at(self, seqs: Iterable[int]) -> dict[int, Entry]:
        """Return entries by position; the caller got the positions from a query that filtered them."""
        return {entry.seq: entry for entry in self._record.read_many(seqs)}
