"""Use cases of clusters: list, look at one, what is related to a report; split, join, name, take back.

1. A viewer gets the widest tier whose every audience the viewer may see: what made its clusters is all in sight.
2. Narrower reports that the viewer sees attach when they are read, by the same rule, and change nothing.
3. What an analyst decides is an entry with a reason, for the partnership, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.fusion.clusters import store
from fusioncell.fusion.clusters.choose import choose, weigh, worth
from fusioncell.fusion.clusters.common import Commons
from fusioncell.fusion.clusters.derive import asked_for
from fusioncell.fusion.clusters.model import (
    ACT,
    ACTS,
    CANDIDATES,
    HUB,
    JOIN,
    MAX_NAME,
    MAX_PAGE,
    MAX_REASON,
    MAX_SHARED,
    NAME,
    SPLIT,
    TIERS,
    UNDO,
    ActBody,
    Cluster,
    Decision,
    Kind,
    Member,
    Related,
    Shared,
    Sharers,
    Summary,
    UndoBody,
)
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Tlp, Viewer, audience_for
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record

_GONE = "It may have been withdrawn, joined to another, or was never shared with you."
_END = 1 << 62
_MOST_READ = 1_000_000
_MOST_NARROW = 100
_MOST_ASKED = 5000
"""Units that have what is asked for, and names, among which a list is filtered."""
_MOST_VALUES = 1500


class _Sight:
    """What a viewer looks through: the tier, its audiences, and all audiences in sight."""

    def __init__(self, connection: Connection, tier: int, common: frozenset[int], seen: frozenset[int]) -> None:
        self.connection, self.tier, self.common, self.seen = connection, tier, common, seen
        self.narrow = seen - common


class Clusters:
    """The front door of clusters."""

    def __init__(self, record: Record, projections: Database, clock: Clock, randomness: Randomness,
                 commons: Commons | None = None) -> None:  # fmt: skip
        self._record, self._projections, self._commons = record, projections, commons
        self._clock, self._randomness = clock, randomness

    def _sight(self, connection: Connection, viewer: Viewer) -> _Sight:
        seen = self._record.visible_to(viewer)
        sets = [self._record.audiences_where(test) for test in TIERS]
        tier = max((number for number, audiences in enumerate(sets) if audiences <= seen), default=-1)
        return _Sight(connection, tier, sets[tier] if tier >= 0 else frozenset(), seen)

    # -- read --------------------------------------------------------------------------------------------------------

    def newest(
        self, viewer: Viewer, *, after: str = "", limit: int = 50, text: str = "", least: int = 0
    ) -> tuple[list[Summary], str]:
        """Return clusters, the one with the newest report first, and after which to go on ("" at the end).

        ``text``: those of which a report has this value (in any defanged form), or whose name holds the text;
        ``least``: those of so many reports.
        """
        limit = max(1, min(limit, MAX_PAGE))
        with self._projections.read() as connection:
            sight = self._sight(connection, viewer)
            place = (_END, _END)
            if after:
                _, head = self._find(sight, after)
                place = (head[2], head[0])
            among = self._asked(sight, text) if text.strip() else None
            rows = store.heads(connection, sight.tier, place, limit + 1, least, among)
            found = [self._summary(sight, row) for row in rows[:limit]]
        return found, found[-1].id if len(rows) > limit else ""

    def _asked(self, sight: _Sight, text: str) -> set[int]:
        """Return the heads of the clusters that a text asks for."""
        connection = sight.connection
        units = {unit for _, unit in store.having(connection, asked_for(text), sight.common, _MOST_ASKED)}
        wanted = text.strip().casefold()
        units |= {unit for contribution, name in store.names(connection, sight.common, _MOST_ASKED)
                  if wanted in name.casefold() and (unit := store.unit_of(connection, contribution, sight.common))}
        return {row[0] for row in store.links(connection, sight.tier, units).values()}

    def one(self, viewer: Viewer, which: str, *, after: str = "", limit: int = 50) -> Cluster:
        """Return the cluster that a contribution stands in. NotFound where the viewer sees none."""
        limit = max(1, min(limit, MAX_PAGE))
        with self._projections.read() as connection:
            sight = self._sight(connection, viewer)
            _, head = self._find(sight, which)
            before = store.unit_of(connection, after, sight.common) if after else 0
            rows = store.members(connection, sight.tier, head[0], before or _END, limit + 1)
            members = self._members(sight, rows[:limit])
            summary = self._summary(sight, head)
            values = tuple(Shared(Kind(kind), text, 0, count) for _, kind, text, count in store.shared_values(
                connection, sight.tier, head[0], sight.common, MAX_SHARED))  # fmt: skip
            concerned = {summary.id, *(each.contribution for each in members)}
            decisions = tuple(Decision(*row) for row in store.acts_of(connection, concerned, sight.seen))
            narrow = self._narrow(sight, head[0]) if not after else ()
        return Cluster(summary, members, narrow, values, decisions, members[-1].contribution if len(rows) > limit
                       else "")  # fmt: skip

    def of(self, viewer: Viewer, contribution: str) -> Summary | None:
        """Return the cluster that a contribution stands in, or attaches to; None where it stands alone."""
        with self._projections.read() as connection:
            sight = self._sight(connection, viewer)
            unit = store.unit_of(connection, contribution, sight.seen)
            place = self._place(sight, unit) if unit else None
            head = store.head(connection, sight.tier, place[0]) if place else []
            return self._summary(sight, head[0]) if head else None

    def related(
        self, viewer: Viewer, contribution: str, *, start: int = 0, limit: int = 50
    ) -> tuple[list[Related], int]:
        """Return what shares anything with a contribution, what shares most and rarest first, and where to go on (0:
        the end). All that the viewer sees takes part, and nothing else. NotFound where it shares nothing in sight."""
        limit = max(1, min(limit, MAX_PAGE))
        with self._projections.read() as connection:
            seen = self._record.visible_to(viewer)
            unit = store.unit_of(connection, contribution, seen)
            if not unit:
                raise NotFound("no such contribution, or it names nothing that others could share", hint=_GONE)
            kinds = {row[1]: Kind(row[2]) for row in store.values_of(connection, [unit], seen)[:_MOST_VALUES]}
            having: dict[int, list[int]] = {}
            for hash64, other in store.having(connection, kinds, seen, _MOST_READ):
                having.setdefault(hash64, []).append(other)
            weights: dict[int, tuple[int, int]] = {}
            for hash64, others in having.items():
                value = worth(kinds[hash64], len(others) - 1) if 1 < len(others) <= HUB else 0
                for other in others:
                    weight, number = weights.get(other, (0, 0))
                    weights[other] = weight + value, number + 1
            weights.pop(unit, None)
            order = sorted(weights, key=lambda other: (-weights[other][0], other))
            page = order[start : start + limit]
            known = store.units(connection, page)
        found = [Related(contribution, org, at, *weights[other]) for other in page
                 for contribution, org, at in [known[other]]]  # fmt: skip
        return found, start + limit if start + limit < len(order) else 0

    # -- decide ------------------------------------------------------------------------------------------------------

    def decide(
        self, viewer: Viewer, does: str, contribution: str, reason: str, *, other: str = "", name: str = ""
    ) -> str:
        """Split a contribution off, join the cluster of one to that of ``other``, or name its cluster; return the
        decision's id. For the partnership: it concerns what all of it sees."""
        if viewer.org is None or not viewer.may("answer"):
            raise NotAllowed("only analysts of the Fusion Cell change clusters", hint="Write to them in a thread.")
        if does not in ACTS:
            raise BadInput(f"{does[:20]!r} is nothing that is done to a cluster", hint="split, join or name.",
                           place="does")  # fmt: skip
        reason, name = reason.strip(), name.strip()
        if not reason or len(reason) > MAX_REASON:
            raise BadInput(f"say why, in at most {MAX_REASON:,} characters", hint="Others rely on it.", place="reason")
        if does == NAME and not 0 < len(name) <= MAX_NAME:
            raise BadInput(f"a name has 1 to {MAX_NAME} characters", place="name")
        with self._projections.read() as connection:
            sight = self._sight(connection, viewer)
            if sight.tier != len(TIERS) - 1:
                raise NotAllowed("only who sees what the whole partnership sees changes its clusters")
            unit, place = self._standing(sight, contribution)
            if does == SPLIT and place[0] == unit:
                raise Conflict("this report is its cluster's head: the others hang at it", hint="Split those off.")
            target = ""
            if does == JOIN:
                second, there = self._standing(sight, other)
                if there[0] == place[0]:
                    raise Conflict("these two stand in one cluster already")
                # The later head moves, and all that hangs at it; the earlier one stays.
                early, late = sorted((place[0], there[0]))
                known = store.units(connection, [early, late])
                contribution, target = known[late][0], known[early][0]
            elif does == NAME:
                contribution = store.units(connection, [place[0]])[place[0]][0]
        body = ActBody(does, contribution, reason, target, name)
        return self._append(viewer, ACT, new_id(self._randomness), msgspec.json.encode(body))

    def undo(self, viewer: Viewer, which: str, reason: str = "") -> None:
        """Take a decision back."""
        if viewer.org is None or not viewer.may("answer"):
            raise NotAllowed("only analysts of the Fusion Cell change clusters")
        with self._projections.read() as connection:
            rows = store.act(connection, which, self._record.visible_to(viewer))
        if not rows:
            raise NotFound("no such decision", hint=_GONE)
        if rows[0][8]:
            raise Conflict("that is taken back already")
        body = UndoBody(rows[0][2], reason.strip()[:MAX_REASON])
        self._append(viewer, UNDO, which, msgspec.json.encode(body))

    def _append(self, viewer: Viewer, kind: str, subject: str, body: bytes) -> str:
        assert viewer.org is not None
        audience = self._record.intern_audience(audience_for(Tlp.GREEN, own_org=viewer.org))
        payload = Payload(viewer.person or "", subject, self._clock.now(), "", body)
        self._record.append(viewer.org, [Draft(kind, audience, payload)], new_id(self._randomness))
        return subject

    # -- within ------------------------------------------------------------------------------------------------------

    def _standing(self, sight: _Sight, contribution: str) -> tuple[int, store.Row]:
        """Return the unit of a contribution and its place in the tier. Raises NotFound."""
        unit = store.unit_of(sight.connection, contribution, sight.common) if contribution else 0
        place = store.links(sight.connection, sight.tier, [unit]).get(unit)
        if place is None:
            raise NotFound("no such contribution among what the partnership sees", hint=_GONE)
        return unit, place

    def _find(self, sight: _Sight, which: str) -> tuple[int, store.Row]:
        unit = store.unit_of(sight.connection, which, sight.seen)
        place = self._place(sight, unit) if unit else None
        head = store.head(sight.connection, sight.tier, place[0]) if place else []
        if not head:
            raise NotFound("no such cluster", hint=_GONE)
        return unit, head[0]

    def _place(self, sight: _Sight, unit: int) -> store.Row | None:
        """Return where a unit hangs (head, toward, reach, weight); one that is not in the tier, where it attaches."""
        standing = store.links(sight.connection, sight.tier, [unit]).get(unit)
        if standing is not None:
            return standing
        rows = store.values_of(sight.connection, [unit], sight.seen)[:_MOST_VALUES]
        kinds = {row[1]: row[2] for row in rows}
        counts = store.all_counts(sight.connection, sight.tier, kinds, sight.common)
        several = list(counts) if self._commons is None else self._commons.telling(list(counts), lambda: rows)
        shared = []
        for hash64 in several:
            count = counts[hash64]
            if count < HUB:
                first = store.sharers_before(sight.connection, hash64, _END, sight.common, CANDIDATES)
                shared.append(Sharers(Kind(kinds[hash64]), count, first))
        places = store.links(sight.connection, sight.tier, {each for one in shared for each in one.first})
        link = choose(weigh(shared), {other: place[2] for other, place in places.items()})
        return (places[link.to][0], link.to, link.reach, link.weight) if link else None

    def _narrow(self, sight: _Sight, head: int) -> tuple[Member, ...]:
        """Return the narrower reports in sight that attach to a cluster."""
        if not sight.narrow:
            return ()
        units = [row[0] for row in store.members(sight.connection, sight.tier, head, _END, MAX_PAGE)]
        hashes = {row[1] for row in store.values_of(sight.connection, units, sight.common)[:_MOST_VALUES]}
        beside = {row[1] for row in store.having(sight.connection, hashes, sight.narrow, _MOST_READ)}
        standing = store.links(sight.connection, sight.tier, beside)
        found = []
        for unit in sorted(beside - standing.keys(), reverse=True)[:_MOST_NARROW]:
            place = self._place(sight, unit)
            if place is not None and place[0] == head:
                found.append((unit, place[1], place[3]))
        return tuple(each._replace(narrow=True) for each in self._members(sight, found))

    def _members(self, sight: _Sight, rows: Iterable[store.Row]) -> tuple[Member, ...]:
        rows = list(rows)
        known = store.units(sight.connection, {unit for row in rows for unit in row[:2]})
        values: dict[int, dict[int, tuple[int, str]]] = {}
        for unit, hash64, kind, text in store.values_of(sight.connection, list(known), sight.seen):
            values.setdefault(unit, {})[hash64] = kind, text
        having = {each for of in values.values() for each in of}
        counts = store.all_counts(sight.connection, sight.tier, having, sight.common)
        found = []
        for unit, toward, weight in rows:
            if unit not in known:
                continue
            contribution, org, at = known[unit]
            other = values.get(toward, {})
            both = [] if toward == unit else [
                Shared(Kind(kind), text, worth(Kind(kind), max(1, counts.get(hash64, 2) - 1)), counts.get(hash64, 2))
                for hash64, (kind, text) in values.get(unit, {}).items() if hash64 in other
            ]  # fmt: skip
            both.sort(key=lambda one: (-one.weight, one.kind, one.text))
            found.append(Member(contribution, org, at, known[toward][0] if toward != unit and toward in known else "",
                                weight, tuple(both[:MAX_SHARED])))  # fmt: skip
        return tuple(found)

    def _summary(self, sight: _Sight, row: store.Row) -> Summary:
        head, members, newest = row
        known = store.units(sight.connection, [head, newest])
        contribution = known[head][0]
        names = [act[4] for act in store.acts_of(sight.connection, [contribution], sight.common)
                 if act[1] == NAME and not act[8]]  # fmt: skip
        signs = store.shared_values(sight.connection, sight.tier, head, sight.common, 1)
        sign = Shared(Kind(signs[0][1]), signs[0][2], 0, signs[0][3]) if signs else None
        return Summary(contribution, names[-1] if names else "", members, known[head][2], known[newest][2], sign)
