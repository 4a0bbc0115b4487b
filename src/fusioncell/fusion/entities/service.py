"""Use cases of entities: find one, show it, count what refers to it, suggest what it may be the same as, link two.

1. What an entity is comes of the galaxies, which everyone may read, and of contributed objects in the viewer's sight.
2. Counts, names, relations and evidence come of what the viewer may see: they are filtered in the query.
3. Nothing is ever joined by itself: a link is an entry by a person, with a reason and readers, and can be taken back.
   Linked entities keep their own ids, names and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fusioncell.fusion.entities import store
from fusioncell.fusion.entities.describe import (
    entity_of_known,
    entity_of_said,
    known_of_said,
    row_of_known,
    row_of_said,
)
from fusioncell.fusion.entities.knowledge import GALAXIES, Knowledge
from fusioncell.fusion.entities.model import (
    LINK,
    MAX_PAGE,
    MAX_REASON,
    SAYS,
    UNLINK,
    Entity,
    Kind,
    Known,
    Link,
    LinkBody,
    Page,
    Report,
    Row,
    Seen,
    Suggestion,
    UnlinkBody,
)
from fusioncell.fusion.entities.refer import fold
from fusioncell.fusion.entities.suggest import suggest
from fusioncell.fusion.knownlists import Category
from fusioncell.fusion.service import Fusion
from fusioncell.intake import extract_entry
from fusioncell.intake.service import Intake
from fusioncell.kernel.claim import Role
from fusioncell.kernel.clock import DAY, Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Tlp, Viewer, audience_for
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record

_MOST_SAID = 400
_MOST_TOPS = 3000
_MOST_LINKS = 200
_MOST_DAYS = 200_000
_MOST_RELATIONS = 400
WEEK = 7 * DAY
WEEKS = 26
"""Weeks that the timeline of an entity shows."""
_END: Instant = 1 << 62
_REPORTS_READ, _ENTRIES_READ, _VALUES_ASKED = 10, 200, 40
"""Bounds of the look for shared infrastructure: newest reports, entries of each, observables asked about."""
_SHARED = frozenset({Category.POPULAR, Category.INFRASTRUCTURE, Category.PLATFORM, Category.SCANNER})
_GONE = "It may have been withdrawn, or was never shared with you."


class Entities:
    """The front door of entities."""

    def __init__(
        self, *, record: Record, projections: Database, fusion: Fusion, intake: Intake, knowledge: Knowledge,
        clock: Clock, randomness: Randomness,
    ) -> None:  # fmt: skip
        self._record, self._projections, self._fusion, self._intake = record, projections, fusion, intake
        self._clock, self._randomness = clock, randomness
        self.knowledge = knowledge

    # -- find --------------------------------------------------------------------------------------------------------

    def one(self, viewer: Viewer, which: str) -> Entity:
        """Return an entity by its id, ATT&CK id, CVE or galaxy tag. NotFound where the viewer knows of none."""
        audiences = self._record.visible_to(viewer)
        known = self.knowledge.find(which)
        with self._projections.read() as connection:
            if known is not None:
                rows = store.said(connection, [known.id], audiences, _MOST_SAID)
                return entity_of_known(self.knowledge, known, rows)
            rows = store.said(connection, [which], audiences, _MOST_SAID)
            rows = rows or store.said_external(connection, which, audiences, _MOST_SAID) if which else []
            if rows:
                return entity_of_said(self.knowledge, rows)
            kind = _kind_of_ref(which)
            if kind is not None and (which.startswith("CVE-") or store.seen(connection, [which], audiences)):
                return Entity(which, kind, which.partition("=")[2] or which, (), (which,))
        raise NotFound("no such entity", hint=_GONE)

    def find(self, viewer: Viewer, text: str, kind: Kind | None = None, *, start: int = 0, limit: int = 50) -> Page:
        """Return the entities whose names hold a text, by name; of no text all that are known."""
        limit, wanted = max(1, min(limit, MAX_PAGE)), fold(text)
        audiences = self._record.visible_to(viewer)
        rows = {
            known.id: row_of_known(known) for known in self.knowledge.index.all
            if (kind is None or known.kind is kind)
            and (not wanted or wanted == known.external.lower() or any(wanted in fold(name) for name in known.names))
        }  # fmt: skip
        like = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        with self._projections.read() as connection:
            said = store.said_like(connection, f"%{like}%", kind.value if kind else "", audiences, _MOST_SAID)
            for row in said:
                rows.setdefault(row[0], row_of_said(row))
            found = sorted(rows.values(), key=lambda row: (fold(row.name) != wanted, fold(row.name), row.id))
            page = [self._counted(connection, row, audiences) for row in found[start : start + limit]]
        return Page(tuple(page), start + limit if start + limit < len(found) else 0, len(found))

    def mentioned(
        self, viewer: Viewer, kind: Kind | None = None, *, since: Instant = 0, start: int = 0, limit: int = 50
    ) -> Page:
        """Return the entities that contributions refer to since an instant, the most often first."""
        limit = max(1, min(limit, MAX_PAGE))
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            tops = store.tops(connection, audiences, since, _MOST_TOPS)
            named = self._resolve(connection, [row[0] for row in tops], audiences)
            found: dict[str, Row] = {}
            for ref, count, first, last in tops:
                row = named.get(ref)
                if row is not None and (kind is None or row.kind is kind) and row.id not in found:
                    found[row.id] = _with_seen(row, count, first, last)
            rows = list(found.values())
            page = [self._counted(connection, row, audiences, since) for row in rows[start : start + limit]]
        return Page(tuple(page), start + limit if start + limit < len(rows) else 0, len(rows))

    def _counted(self, connection: Connection, row: Row, audiences: Iterable[int], since: Instant = 0) -> Row:
        """Return a row with how often it is seen, by all its references."""
        known = self.knowledge.index.by_id.get(row.id)
        refs = self.knowledge.refs(known) if known else (row.id, *([row.external] if row.external else ()))
        seen = store.seen(connection, refs, audiences, since)
        return _with_seen(row, *seen) if seen else row

    def _resolve(self, connection: Connection, refs: Sequence[str], audiences: Iterable[int]) -> dict[str, Row]:
        """Return which entity references mean: of names only those that mean one for certain."""
        found: dict[str, Row] = {}
        unknown = []
        for ref in refs:
            if ref.startswith("~"):
                known = next((one for one in self.knowledge.called(ref[1:])
                              if ref in self.knowledge.refs(one)), None)  # fmt: skip
            else:
                known = self.knowledge.find(ref)
            if known is not None:
                found[ref] = row_of_known(known)
            elif not ref.startswith("~"):
                unknown.append(ref)
        for row in store.said(connection, unknown, audiences, _MOST_TOPS) if unknown else ():
            found.setdefault(row[0], row_of_said(row))
        for ref in unknown:
            kind = _kind_of_ref(ref)
            if kind is not None and ref not in found:
                found[ref] = Row(ref, kind, ref.partition("=")[2] or ref, ref.partition("=")[0] if "=" in ref else "",
                                 "", 0)  # fmt: skip
        return found

    def named(self, viewer: Viewer, refs: Iterable[str]) -> dict[str, Row]:
        """Return, for references, the entities that they mean for a viewer."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            return self._resolve(connection, list(dict.fromkeys(refs)), audiences)

    def since(self, days: int) -> Instant:
        """Return the instant so many days ago, 0 for no bound."""
        return self._clock.now() - days * DAY if days else 0

    def of_contribution(self, viewer: Viewer, contribution: str) -> list[Row]:
        """Return the entities that a contribution refers to, by name."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            refs = [ref for _, ref in store.refs_of(connection, [contribution], audiences, MAX_PAGE)]
            found = {row.id: row for row in self._resolve(connection, refs, audiences).values()}
        return sorted(found.values(), key=lambda row: (row.kind, fold(row.name), row.id))

    # -- what refers to it -------------------------------------------------------------------------------------------

    def seen(self, viewer: Viewer, entity: Entity) -> Seen | None:
        """Return how often the viewer sees an entity referred to."""
        with self._projections.read() as connection:
            row = store.seen(connection, entity.refs, self._record.visible_to(viewer))
        return Seen(*row) if row else None

    def reports(
        self, viewer: Viewer, entity: Entity, *, limit: int = 25, before: Instant = _END
    ) -> list[Report]:
        """Return the contributions that refer to an entity, newest first."""
        with self._projections.read() as connection:
            rows = store.reports(
                connection, entity.refs, self._record.visible_to(viewer), max(1, min(limit, MAX_PAGE)), before
            )
        return [Report(contribution, org, at, audience, tuple(sorted({_how(low), _how(high)})))
                for contribution, org, at, audience, low, high in rows]  # fmt: skip

    def weeks(self, viewer: Viewer, entity: Entity) -> list[int]:
        """Return the contributions of each of the last weeks, the oldest first."""
        last = self._clock.now() // WEEK
        with self._projections.read() as connection:
            rows = store.spans(connection, entity.refs, self._record.visible_to(viewer),
                               (last - WEEKS + 1) * WEEK, WEEK)  # fmt: skip
        counted = {int(part): int(count) for part, count in rows}
        return [counted.get(part, 0) for part in range(last - WEEKS + 1, last + 1)]

    def counts(
        self, viewer: Viewer, refs: Iterable[str], *, since: Instant, orgs: Iterable[str] | None = None
    ) -> dict[str, int]:
        """Return reference → contributions that were news since an instant, of all contributors or of some."""
        with self._projections.read() as connection:
            return {ref: int(count) for ref, count in store.counts(
                connection, refs, self._record.visible_to(viewer), since, orgs)}  # fmt: skip

    def daily(self, viewer: Viewer, *, since: Instant) -> dict[str, list[tuple[str, int, int]]]:
        """Return reference → (contributor, day since the epoch, contributions that were news) since an instant."""
        found: dict[str, list[tuple[str, int, int]]] = {}
        with self._projections.read() as connection:
            rows = store.daily(connection, self._record.visible_to(viewer), since, _MOST_DAYS)
        for ref, org, day, count in rows:
            found.setdefault(ref, []).append((org, int(day), int(count)))
        return found

    def first_seen(self, viewer: Viewer, ref: str) -> Instant | None:
        """Return when a reference was first made in what the viewer sees."""
        with self._projections.read() as connection:
            seen = store.seen(connection, [ref], self._record.visible_to(viewer), 0)
        return int(seen[1]) if seen else None

    def by_org(self, viewer: Viewer, refs: Iterable[str], *, since: Instant) -> list[tuple[str, str, int, Instant]]:
        """Return (reference, contributor, contributions, last) since an instant."""
        with self._projections.read() as connection:
            rows = store.by_org(connection, refs, self._record.visible_to(viewer), since)
        return [(ref, org, int(count), int(last)) for ref, org, count, last in rows]

    def cves(
        self, viewer: Viewer, since: Instant, limit: int
    ) -> list[tuple[str, int, Instant | None, Instant | None]]:
        """Return (CVE, contributions, first, last) of what is named since an instant, the most often first."""
        with self._projections.read() as connection:
            rows = store.tops(connection, self._record.visible_to(viewer), since, limit, "CVE-")
        return [(cve, int(count), first, last) for cve, count, first, last in rows]

    def values(self, viewer: Viewer, entity: Entity, *, limit: int = 50) -> list[Observable]:
        """Return the observables of the newest reports that refer to an entity: attackers' first, then all others."""
        audiences = self._record.visible_to(viewer)
        found: dict[Observable, int] = {}
        for report in self.reports(viewer, entity, limit=_REPORTS_READ):
            for entry in self._intake.entries_of(audiences, report.contribution)[:_ENTRIES_READ]:
                for claim in extract_entry(entry).claims[:_ENTRIES_READ]:
                    if claim.observable.type is not ObservableType.VULNERABILITY:
                        rank = int(claim.role is not Role.ATTACKER)
                        found[claim.observable] = min(found.get(claim.observable, 1), rank)
        return sorted(found, key=lambda one: found[one])[:limit]

    def relations(self, viewer: Viewer, entity: Entity) -> list[tuple[Row, str, bool, str]]:
        """Return (other, type, whether it comes from this one, contribution "" for a galaxy) of what it relates to."""
        audiences = self._record.visible_to(viewer)
        known = self.knowledge.index.by_id.get(entity.id)
        found: list[tuple[Row, str, bool, str]] = []
        if known is not None:
            for dest, type in self.knowledge.related(known)[:_MOST_RELATIONS]:
                other = self.knowledge.index.by_id.get(dest)
                if other is not None:
                    found.append((row_of_known(other), type, True, ""))
        with self._projections.read() as connection:
            rows = store.relations(connection, entity.id, audiences, _MOST_RELATIONS)
            ids = [source if target == entity.id else target for source, target, *_ in rows]
            named = self._resolve(connection, ids, audiences)
        stated = {(row.id, type) for row, type, _, _ in found}
        for (source, _, type, contribution, _), other_id in zip(rows, ids, strict=True):
            row = named.get(other_id)
            if row is not None and (row.id, type) not in stated:
                found.append((row, type, source == entity.id, contribution))
        return found

    # -- what it may be the same as ----------------------------------------------------------------------------------

    def suggestions(self, viewer: Viewer, entity: Entity) -> list[Suggestion]:
        """Return what an entity may be the same as; what an analyst linked already is left out."""
        audiences = self._record.visible_to(viewer)
        shared = self._shared(viewer, entity, audiences)
        with self._projections.read() as connection:
            rows: list[store.Row] = []
            for name in entity.names[:30]:
                rows += store.said_like(connection, _line(name.name), entity.kind.value, audiences, 20)
            rows += store.said(connection, [each for each in shared if each not in self.knowledge.index.by_id],
                               audiences, 50)  # fmt: skip
            linked = {_other(row, entity.id) for row in store.links(connection, [entity.id], audiences, _MOST_LINKS)
                      if not row[8]}  # fmt: skip
        contributed = {row[0]: known_of_said(row) for row in rows
                       if row[0] != entity.id and row[0] not in self.knowledge.index.by_id}  # fmt: skip
        known = self.knowledge.index.by_id.get(entity.id) or Known(
            entity.id, entity.kind, tuple(dict.fromkeys(name.name for name in entity.names)) or (entity.name,), "",
            entity.external, entity.tactics, -1,
        )  # fmt: skip
        found = suggest(self.knowledge, known, shared, list(contributed.values()))
        return [one for one in found if one.other not in linked]

    def _shared(self, viewer: Viewer, entity: Entity, audiences: frozenset[int]) -> dict[str, tuple[str, ...]]:
        """Return other entity → observables, no shared platforms, that reports of either, but of one only, name."""
        own = {report.contribution for report in self.reports(viewer, entity, limit=_REPORTS_READ)}
        values = [one for one in self.values(viewer, entity, limit=_VALUES_ASKED) if not self._is_shared(one)]
        of_value: dict[str, set[str]] = {}
        for value in values:
            seqs = [row[0] for row in self._fusion.mentions(value, audiences, 20)]
            for entry in self._record.read_many(seqs):
                if entry.contribution not in own:
                    of_value.setdefault(entry.contribution, set()).add(value.value)
        if not of_value:
            return {}
        mine = set(entity.refs)
        found: dict[str, set[str]] = {}
        with self._projections.read() as connection:
            rows = store.refs_of(connection, sorted(of_value), audiences, _MOST_TOPS)
            both = {contribution for contribution, ref in rows if ref in mine}
            named = self._resolve(connection, sorted({ref for _, ref in rows}), audiences)
        for contribution, ref in rows:
            row = named.get(ref)
            if row is not None and contribution not in both and row.id != entity.id:
                found.setdefault(row.id, set()).update(of_value[contribution])
        return {each: tuple(sorted(values)[:10]) for each, values in sorted(found.items())}

    def _is_shared(self, value: Observable) -> bool:
        return any(hit.category in _SHARED for hit in self._fusion.known_good.hits(value))

    # -- links -------------------------------------------------------------------------------------------------------

    def links(self, viewer: Viewer, which: str) -> list[Link]:
        """Return what analysts said of an entity and others, newest first, what was taken back too."""
        with self._projections.read() as connection:
            rows = store.links(connection, [which], self._record.visible_to(viewer), _MOST_LINKS)
        return [_link_of(row, _other(row, which)) for row in rows]

    def same_as(self, viewer: Viewer, which: str) -> list[str]:
        """Return the entities that analysts' links lead to from one, itself first; at most some twenty."""
        audiences = self._record.visible_to(viewer)
        found = {which: None}
        border = [which]
        with self._projections.read() as connection:
            while border and len(found) < 20:
                rows = store.links(connection, border, audiences, _MOST_LINKS)
                border = [end for row in rows if row[3] == "same" and not row[8] for end in row[1:3]
                          if end not in found]  # fmt: skip
                found.update(dict.fromkeys(border))
        return list(found)[:20]

    def link(self, viewer: Viewer, a: str, b: str, says: str, reason: str, tlp: Tlp = Tlp.GREEN) -> str:
        """Say that two entities are the same, related or different; return the link's id.

        ``tlp``: GREEN, or AMBER+STRICT for the own organisation alone.
        """
        if viewer.org is None:
            raise NotAllowed("only a member links entities")
        first, second = self.one(viewer, a).id, self.one(viewer, b).id
        if first == second:
            raise BadInput("that is the same entity already", hint="Name another one.", place="other")
        if says not in SAYS:
            raise BadInput(f"{says[:20]!r} is no relation", hint="same, related or different.", place="says")
        if not reason.strip():
            raise BadInput("say why", hint="Others rely on the link: name the evidence.", place="reason")
        if len(reason) > MAX_REASON:
            raise BadInput(f"that is longer than {MAX_REASON:,} characters", place="reason")
        if tlp not in (Tlp.GREEN, Tlp.AMBER_STRICT):
            raise BadInput("a link is for the partnership or for your organisation",
                           hint="Choose GREEN or AMBER+STRICT.", place="tlp")  # fmt: skip
        if any(one.other == second and one.says == says and not one.undone_at for one in self.links(viewer, first)):
            raise Conflict("these two are linked so already", hint="Take that link back first.")
        number, which = self._record.intern_audience(audience_for(tlp, own_org=viewer.org)), new_id(self._randomness)
        body = LinkBody(min(first, second), max(first, second), says, reason.strip())
        payload = Payload(viewer.person or "", which, self._clock.now(), "", msgspec.json.encode(body))
        self._record.append(viewer.org, [Draft(LINK, number, payload)], new_id(self._randomness))
        return which

    def take_back(self, viewer: Viewer, which: str, reason: str = "") -> None:
        """Take a link back. Its own organisation may, and the Fusion Cell (who may ``answer``)."""
        audiences = self._record.visible_to(viewer)
        with self._projections.read() as connection:
            rows = store.link(connection, which, audiences)
        if not rows:
            raise NotFound("no such link", hint=_GONE)
        _, _, _, _, _, org, _, audience, undone_at, *_ = rows[0]
        if viewer.org is None or not (viewer.org == org or viewer.may("answer")):
            raise NotAllowed("only who linked them, or an analyst of the Fusion Cell, takes it back")
        if undone_at:
            raise Conflict("that link is taken back already")
        body = UnlinkBody(reason.strip()[:MAX_REASON])
        payload = Payload(viewer.person or "", which, self._clock.now(), "", msgspec.json.encode(body))
        self._record.append(viewer.org, [Draft(UNLINK, audience, payload)], new_id(self._randomness))

    # -- ATT&CK ------------------------------------------------------------------------------------------------------

    def contributed_techniques(self, viewer: Viewer, chain: str) -> list[Entity]:
        """Return the techniques of a kill chain that contributions define, as the viewer sees them."""
        with self._projections.read() as connection:
            rows = store.said_tactics(connection, f"{chain}:", self._record.visible_to(viewer), _MOST_TOPS)
        by_entity: dict[str, list[store.Row]] = {}
        for row in rows:
            by_entity.setdefault(row[0], []).append(row)
        return [entity_of_said(self.knowledge, each) for each in by_entity.values()]


def technique_names(knowledge: Knowledge, ids: Iterable[str]) -> Mapping[str, str]:
    """Return ATT&CK id → name, of those that the galaxies know."""
    return {each: one.name for each in ids if (one := knowledge.technique(each)) is not None}


def _with_seen(row: Row, count: int, first: Instant, last: Instant) -> Row:
    return Row(row.id, row.kind, row.name, row.galaxy, row.external, row.aliases, Seen(int(count), first, last))


def _how(ref: str) -> str:
    return "name" if ref.startswith("~") else "tag" if "=" in ref else "id"


def _kind_of_ref(ref: str) -> Kind | None:
    """Return what a reference that no galaxy knows must be, by its form."""
    if ref.startswith("CVE-"):
        return Kind.VULNERABILITY
    if "=" in ref:
        return GALAXIES.get(ref.partition("=")[0])
    return Kind.TECHNIQUE if ref[:1] == "T" and ref[1:5].isdigit() and len(ref) in (5, 9) else None


def _line(name: str) -> str:
    """Return the pattern that finds a whole name among those of :func:`project.fold_each`."""
    escaped = fold(name).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%\n{escaped}\n%"


def _other(row: store.Row, which: str) -> str:
    return str(row[2] if row[1] == which else row[1])


def _link_of(row: store.Row, other: str) -> Link:
    link, _, _, says, reason, org, at, audience, undone_at, undone_by, undone_why = row
    return Link(link, other, says, reason, org, at, audience, undone_at, undone_by, undone_why)
