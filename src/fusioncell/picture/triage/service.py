"""Use cases of triage: the queue of a viewer, and what is done about its items.

The queue of a viewer:

1. Take the newest mentions that the viewer may see, and the newest of each contributor in each audience, so that a
   flood by one hides nobody (``Picture.named_by_each``). All of it is bounded.
2. Choose the observables to look at, assess them on what the viewer may see, and say why each deserves a look.
3. Join what other sources put on the queue, and what was done about each item; score, sort.
4. Gather what copies of one text name under the first of it; cut.

What is done about an item is an entry for the Fusion Cell (:data:`DESK`). It names the item by its key, which is shown
to those alone who see the item itself, so a colleague with narrower sight learns nothing from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from fusioncell.fusion.alike import Texts
from fusioncell.fusion.service import Fusion
from fusioncell.intake import signed64
from fusioncell.kernel.clock import DAY, Clock, Instant, format_instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Database
from fusioncell.picture.service import LEAST_OF_EACH, Named, Picture
from fusioncell.picture.triage import rank, store
from fusioncell.picture.triage.derive import standing_of
from fusioncell.picture.triage.gather import gathered, texts_of
from fusioncell.picture.triage.model import (
    ACT,
    DESK,
    MOST_CANDIDATES,
    MOST_ENTRIES,
    MOST_ITEMS,
    MOST_KEYS,
    MOST_NOTE,
    MOST_REPORTS,
    MOST_SAID,
    MOST_SNOOZE,
    NOTE_KEY,
    OPEN,
    WINDOW,
    Act,
    Candidate,
    Context,
    Done,
    Item,
    Kind,
    Queue,
    Reason,
    Show,
    Source,
    Standing,
    Why,
    key_of,
    observable_of,
)
from fusioncell.record.service import Record

_MOST_DONE = 3000
"""Newest acts among which the lists of what is claimed, snoozed and dismissed are found."""
_MOST_NOTES = 20
_LOOKED_AT = MOST_CANDIDATES * 8
"""Newest mentions among which candidates are found."""
_GONE = "It may have been withdrawn, or was never shared with you."


class Triage:
    """The front door of triage. ``sources``: what else puts items on the queue; filled by ``bootstrap``."""

    def __init__(self, *, record: Record, projections: Database, picture: Picture, fusion: Fusion, texts: Texts,
                 context: Context, clock: Clock, randomness: Randomness) -> None:
        self._record, self._projections, self._picture, self._fusion = record, projections, picture, fusion
        self._texts = texts
        self._context, self._clock, self._randomness = context, clock, randomness
        self.sources: list[Source] = []

    # -- the queue ---------------------------------------------------------------------------------------------------

    def queue(
        self, viewer: Viewer, show: Show = Show.OPEN, limit: int = 50, mentions: list[Named] | None = None
    ) -> Queue:
        """Return the queue of a viewer, what deserves a look first, first; of other lists, what was done last.

        ``mentions``: those of :data:`WINDOW`, where the caller has read them (``Picture.named_by_each``), no fewer than
        are looked at here.
        """
        now = self._clock.now()
        acted = list(dict.fromkeys(done.key for done in self._rows(viewer)))
        named, candidates = self._candidates(viewer, [key for key in acted if key != NOTE_KEY], mentions)
        standing = self.standings(viewer, [candidate.key for candidate in candidates])
        items = [self._item(candidate, standing.get(candidate.key, OPEN), named, now) for candidate in candidates]
        me = viewer.person or viewer.org or ""
        lists: dict[Show, list[Item]] = {each: [] for each in Show}
        items.sort(key=lambda item: (-item.score, -item.candidate.at, item.candidate.key))
        texts = self._texts_of(viewer, items)
        for item in items:
            listed = {item.standing.show}
            if item.standing.show is Show.CLAIMED:
                listed.add(Show.OPEN)
                if item.standing.holder == me:
                    listed.add(Show.MINE)
            if item.standing.show is Show.OPEN and not item.reasons:
                listed = set()  # it is on no list, and nothing speaks for a look at it
            for each in listed:
                lists[each].append(item)
        rows = {each: gathered(listed, texts) for each, listed in lists.items()}
        limit = max(1, min(limit, MOST_ITEMS))
        return Queue(tuple(rows[show][:limit]), max(0, len(rows[show]) - limit),
                     {each: len(found) for each, found in rows.items()})  # fmt: skip

    def _texts_of(self, viewer: Viewer, items: Sequence[Item]) -> dict[Observable, tuple[int, int]]:
        """Return which items copies of one text alone name, as the viewer sees them (``gather.texts_of``)."""
        audiences = self._record.visible_to(viewer)
        observables = [item.candidate.observable for item in items if item.candidate.observable is not None]
        naming = self._fusion.entries_naming(observables, audiences, MOST_REPORTS, MOST_ENTRIES)
        return texts_of(naming, self._texts.gathered(audiences, {seq for seqs in naming.values() for seq in seqs}))

    def _item(self, candidate: Candidate, standing: Standing, named: dict[str, rank.Named], now: Instant) -> Item:
        if standing.dismissed and (who := named.get(candidate.key)) and rank.has_returned(who, standing.dismissed):
            returned = Reason(Why.RETURNED, rank.POINTS[Why.RETURNED])
            candidate = _with(candidate, [returned])
            standing = OPEN
        return rank.scored(candidate, standing, now)

    def _candidates(
        self, viewer: Viewer, known: Sequence[str], read: list[Named] | None
    ) -> tuple[dict[str, rank.Named], list[Candidate]]:
        """Return what may be looked at, with who named it: of mentions, of other sources, and the ``known`` keys."""
        if read is None:
            read = self._picture.named_by_each(viewer, days=WINDOW // DAY, limit=_LOOKED_AT)
        # As many of each page as it would have read itself: the queue is the same whoever read them.
        each = max(LEAST_OF_EACH, _LOOKED_AT // max(1, len(read) - 1))
        pages = [read[0][:_LOOKED_AT], *(page[:each] for page in read[1:])]
        mentions, numbers = rank.gather(pages)
        observables = self._fusion.observables(numbers)
        wanted = {key_of(observables[number]): observables[number] for number in numbers}
        named = {key_of(observables[number]): mentions[number] for number in numbers}
        many = {key_of(observables[number]): count for number, count in rank.bulks(mentions).items()
                if number in observables}
        for key in islice(known, MOST_CANDIDATES):
            if key not in wanted and (one := observable_of(key)) is not None:
                wanted[key] = one
        candidates = self._assessed(viewer, wanted, named, many)
        for source in self.sources:
            candidates += source.candidates(viewer)
        return named, candidates

    def _assessed(self, viewer: Viewer, wanted: dict[str, Observable], named: dict[str, rank.Named],
                  many: dict[str, int]) -> list[Candidate]:
        """Make candidates of those of the observables that the viewer's audiences know."""
        context, now = self._context, self._clock.now()
        assessed = self._fusion.match(list(wanted.values()), self._record.visible_to(viewer))
        seen = [(key, one) for key, one in wanted.items() if one in assessed]
        hits = self._fusion.known_good.batch_hits([one for _, one in seen])
        assets = context.assets(viewer)
        sector = context.sector(viewer.org or "")
        orgs = {org for who in named.values() for org in who.orgs} if sector else set()
        peers = {org for org in orgs if org != viewer.org and context.sector(org) == sector}
        cves = [one.value for _, one in seen if one.type is ObservableType.VULNERABILITY]
        exploited = context.exploited(viewer, cves) if cves else {}
        made = []
        for (key, one), listed in zip(seen, hits, strict=True):
            found, who = assessed[one], named.get(key, rank.Named())
            over = found.malicious >= context.threshold and one.type is ObservableType.DOMAIN
            decided = over and context.decided(viewer, one.value)
            reasons = rank.reasons_of(one, found, who, now, threshold=context.threshold, decided=decided)
            if any(each.why in (Why.OVER, Why.NEAR, Why.CORROBORATED) for each in reasons) and listed:
                reasons.append(Reason(Why.KNOWN_GOOD, rank.POINTS[Why.KNOWN_GOOD], 0, listed[0].title))
            if assets and (asset := rank.asset_hit(one, assets)):
                reasons.append(Reason(Why.ASSET, rank.POINTS[Why.ASSET], 0, asset))
            if among := len(peers & who.orgs.keys()):
                reasons.append(Reason(Why.SECTOR, rank.POINTS[Why.SECTOR], among, sector))
            if key in many and reasons:
                reasons.append(rank.bulk(many[key]))
            if one.value in exploited:
                reasons.append(Reason(Why.EXPLOITED, rank.POINTS[Why.EXPLOITED], 0, exploited[one.value]))
            made.append(Candidate(key, max(who.last, found.last or 0), tuple(reasons), "", one, found,
                                  found.first or 0))
        return made

    def standings(self, viewer: Viewer, keys: Iterable[str]) -> dict[str, Standing]:
        """Return what has become of items that the caller knows that the viewer sees."""
        return {key: standing_of(acts, self._clock.now()) for key, acts in self._done(viewer, keys).items()}

    # -- what is done ------------------------------------------------------------------------------------------------

    def act(self, viewer: Viewer, act: Act) -> str:
        """Do something about items that the viewer sees; return the act's id, by which it is undone."""
        checked = self._checked(viewer, act)
        return self._write(viewer, checked)

    def undo(self, viewer: Viewer, act: str) -> int:
        """Take back an act, of oneself or of a colleague; return of how many items."""
        _of_the_cell(viewer)
        with self._projections.read() as connection:
            rows = store.of_act(connection, act, self._record.visible_to(viewer), MOST_KEYS)
        if not rows:
            raise NotFound("no such act", hint="It may have been undone already.")
        self._write(viewer, Act(Kind.UNDO, of=act))
        return len(rows)

    def hand_over(self, viewer: Viewer, text: str) -> str:
        """Leave a note for the next shift."""
        _of_the_cell(viewer)
        if not text.strip():
            raise BadInput("write what the next shift has to know", place="note")
        if len(text) > MOST_NOTE:
            raise BadInput(f"that is longer than {MOST_NOTE:,} characters", hint="Put the rest into an investigation.",
                           place="note")  # fmt: skip
        return self._write(viewer, Act(Kind.HANDOVER, said=text.strip()))

    def notes(self, viewer: Viewer) -> list[Done]:
        """Return the newest hand-over notes."""
        return self._done(viewer, [NOTE_KEY]).get(NOTE_KEY, [])[: -_MOST_NOTES - 1 : -1]

    def last_of(self, viewer: Viewer) -> tuple[Done, int] | None:
        """Return what the viewer did last and may want to undo, with of how many items; None where there is nothing."""
        me = viewer.person or viewer.org
        for done in self._rows(viewer):
            if done.by == me and done.kind is not Kind.HANDOVER:
                with self._projections.read() as connection:
                    return done, len(store.of_act(connection, done.act, self._record.visible_to(viewer), MOST_KEYS))
        return None

    def colleagues(self, viewer: Viewer) -> list[str]:
        """Return who has done something here lately: those to whom one may assign, beside oneself."""
        return list(dict.fromkeys(done.by for done in self._rows(viewer)))

    def written(self, person: str, sight: frozenset[int]) -> list[dict[str, object]]:
        """Return what a person did, for an answer to the person."""
        with self._projections.read() as connection:
            return [{"act": row[0], "kind": row[1], "at": format_instant(row[2]), "said": row[3], "items": row[4]}
                    for row in store.by(connection, person, sight, _MOST_DONE)]

    # -- within ------------------------------------------------------------------------------------------------------

    def _checked(self, viewer: Viewer, act: Act) -> Act:
        _of_the_cell(viewer)
        now = self._clock.now()
        keys = tuple(dict.fromkeys(act.keys))
        if not keys:
            raise BadInput("nothing is chosen", hint="Tick the items first.", place="keys")
        if len(keys) > MOST_KEYS:
            raise BadInput(f"that is more than {MOST_KEYS} items", hint="Do it in parts.", place="keys")
        if act.kind is Kind.ASSIGN and not act.to:
            raise BadInput("say to whom", place="to")
        if act.kind is Kind.SNOOZE and not now < act.until <= now + MOST_SNOOZE:
            raise BadInput("say until when, within a year", hint="As a day (2026-12-31).", place="until")
        if act.kind is Kind.DISMISS and not act.said.strip():
            raise BadInput("say why", hint="Whoever meets it again needs the reason.", place="said")
        if len(act.said) > MOST_SAID:
            raise BadInput(f"that is longer than {MOST_SAID:,} characters", place="said")
        if unseen := set(keys) - self._seen(viewer, keys):
            raise NotFound(f"{len(unseen)} of these items are not there", hint=_GONE, place="keys")
        if act.kind is Kind.CLAIM:
            me = viewer.person or viewer.org
            taken = [one for one in self.standings(viewer, keys).values() if one.holder not in ("", me)]
            if taken:
                raise Conflict(f"{len(taken)} of these are claimed by others", hint="Assign them, if you agreed on it.")
        return msgspec.structs.replace(act, keys=keys, said=act.said.strip())

    def _seen(self, viewer: Viewer, keys: Iterable[str]) -> set[str]:
        """Return those of the keys whose items the viewer sees."""
        observables = {key: one for key in keys if (one := observable_of(key)) is not None}
        known = self._fusion.match(list(observables.values()), self._record.visible_to(viewer))
        seen = {key for key, one in observables.items() if one in known}
        if seen != set(keys):
            seen |= {one.key for source in self.sources for one in source.candidates(viewer)}
        return seen

    def _write(self, viewer: Viewer, act: Act) -> str:
        identifier = new_id(self._randomness)
        payload = Payload(viewer.person or "", identifier, self._clock.now(), "", msgspec.json.encode(act))
        audience = self._record.intern_audience(DESK)
        self._record.append(viewer.org or "", [Draft(ACT, audience, payload)], identifier)
        return identifier

    def _rows(self, viewer: Viewer) -> list[Done]:
        with self._projections.read() as connection:
            return [_done(row) for row in store.newest(connection, self._record.visible_to(viewer), _MOST_DONE)]

    def _done(self, viewer: Viewer, keys: Iterable[str]) -> dict[str, list[Done]]:
        wanted = set(keys)
        with self._projections.read() as connection:
            rows = store.of_keys(connection, map(signed64, wanted), self._record.visible_to(viewer)) if wanted else []
        found: dict[str, list[Done]] = {}
        for row in rows:
            if row[6] in wanted:
                found.setdefault(row[6], []).append(_done(row))
        return found


def _with(candidate: Candidate, reasons: Sequence[Reason]) -> Candidate:
    return Candidate(candidate.key, candidate.at, (*candidate.reasons, *reasons), candidate.title, candidate.observable,
                     candidate.assessment, candidate.first)  # fmt: skip


def _done(row: store.Row) -> Done:
    act, kind, author, org, at, seq, key, to, until, said = row
    return Done(act, Kind(kind), author or org, org, at, seq, key, to, until, said)


def _of_the_cell(viewer: Viewer) -> None:
    if not (viewer.org and viewer.may("answer")):
        raise NotAllowed("only the Fusion Cell works on its queue", hint="Ask for the role analyst.")
