"""Use cases of vulnerabilities: import a table, show a CVE, say what is exploited now in the partnership's sectors.

1. An import is an entry for everyone (the tables are public), so that a rebuild and a look at the past have it: of a
   table that is imported again, what differs alone (docs/vulnerabilities.md says why).
2. Mentions, sectors and vectors are of what the viewer may see.
3. Half a table is never taken: a file that cannot be read whole is refused, and the table that stands stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from fusioncell.fusion.entities import Entities
from fusioncell.fusion.vulns import store
from fusioncell.fusion.vulns.model import PART_ROWS, TABLE, Epss, File, Imported, Kev, Part, Rated, Table, Vulnerability
from fusioncell.fusion.vulns.rate import decide, inputs_of, rate
from fusioncell.fusion.vulns.read_tables import Decide, read_decide, read_file
from fusioncell.kernel.clock import DAY, Clock, Instant, format_day
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record

EVERYONE = Audience(Tlp.CLEAR, frozenset(), Uses.ANALYSIS)
DEPLOYER = "ssvc:DT_DP"
"""The decision table for who has to patch: SSVC's *Deployer Patch Application Priority*."""
MOST = 1000
"""CVEs that a list ranks: those that are named most often within its window."""
_kev = msgspec.json.Decoder(Kev).decode


class Vulns:
    """The front door of vulnerabilities. ``sectors``: organisation → the sector that it works in."""

    def __init__(
        self, *, record: Record, projections: Database, entities: Entities, clock: Clock, randomness: Randomness,
        sectors: Callable[[], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self._record, self._projections, self._entities = record, projections, entities
        self._clock, self._randomness, self._sectors = clock, randomness, sectors

    # -- import ------------------------------------------------------------------------------------------------------

    def import_file(self, viewer: Viewer, body: bytes) -> Imported:
        """Take a table in: KEV, EPSS or an SSVC decision table, known by its content.

        Raises BadInput, TooLarge; Conflict where nothing differs from what stands, or what stands is newer.
        """
        if not viewer.may("operate"):
            raise NotAllowed("only operators import tables")
        file = read_file(body)
        if not file.total:
            raise BadInput("the table is empty", hint="Nothing was imported: what stands stays.")
        parts, changed, gone = self._parts(file)
        number = self._record.intern_audience(EVERYONE)
        at = self._clock.now()
        drafts = [Draft(TABLE, number, Payload("", file.source, at, f"part {n}", msgspec.json.encode(part)))
                  for n, part in enumerate(parts, 1)]  # fmt: skip
        self._record.append(viewer.org or "", drafts, new_id(self._randomness))
        return Imported(file.source, file.version, file.date, file.total, changed, gone)

    def _parts(self, file: File) -> tuple[list[Part], int, int]:
        """Return the entries' bodies: what differs from what stands, in bounded parts."""
        with self._projections.read() as connection:
            standing = {row[0]: row for row in store.tables(connection) if row[0] != "ssvc"}.get(file.source)
            if standing is not None and file.date and standing[2] > file.date:
                raise Conflict(f"a newer {file.source.upper()} stands here already, of {standing[2]}",
                               hint="Fetch the newest one.")  # fmt: skip
            if file.decide:
                return [Part("ssvc", file.version, file.date, 1, decide=msgspec.Raw(file.decide))], 1, 0
            new: list[Any]
            if file.kev:
                had = store.all_kev(connection)
                new = [row for cve, row in file.kev.items() if cve not in had or _kev(had[cve]) != row]
                gone = sorted(had.keys() - file.kev.keys())
            else:
                known = store.all_epss(connection)
                new = [row for cve, row in file.epss.items() if known.get(cve) != (row.score, row.percentile)]
                gone = sorted(known.keys() - file.epss.keys())
        if not new and not gone and standing is not None and standing[1:3] == (file.version, file.date):
            raise Conflict(f"this {file.source.upper()} stands here already", hint="There is nothing to do.")
        head = Part(file.source, file.version, file.date, file.total)
        chunks = [tuple(new[at : at + PART_ROWS]) for at in range(0, len(new), PART_ROWS)] or [()]
        lost = [tuple(gone[at : at + PART_ROWS]) for at in range(0, len(gone), PART_ROWS)]
        name = file.source
        parts = [msgspec.structs.replace(head, **{name: chunk}) for chunk in chunks]
        parts += [msgspec.structs.replace(head, gone=chunk) for chunk in lost]
        return parts, len(new), len(gone)

    # -- read --------------------------------------------------------------------------------------------------------

    def tables(self) -> list[Table]:
        """Return the tables that stand, with version and date."""
        with self._projections.read() as connection:
            return [Table(*row) for row in store.tables(connection)]

    def sectors(self) -> list[str]:
        """Return the sectors of the partnership, by name."""
        return sorted({sector for sector in self._sectors().values() if sector})

    def exploited(self, cves: Iterable[str]) -> dict[str, str]:
        """Return those of CVEs that KEV, which everybody may see, says are exploited: CVE → the day it says so from."""
        with self._projections.read() as connection:
            return {cve: _kev(body).added for cve, body in store.kev(connection, cves).items()}

    def one(self, viewer: Viewer, cve: str, given: Mapping[str, str] | None = None) -> Vulnerability:
        """Return a CVE, of all time. ``given``: SSVC's key of a decision point → what the reader says of it."""
        found = self._joined(viewer, [(cve, 0, None, None)], 0, given or {})[0]
        seen = self._entities.seen(viewer, self._entities.one(viewer, cve))
        if seen is None:
            return found
        return _with(found, seen.count, seen.first, seen.last)

    def now(
        self, viewer: Viewer, *, days: int = 30, sector: str = "", start: int = 0, limit: int = 50
    ) -> tuple[list[Vulnerability], int]:
        """Return what is named within ``days``, or came into KEV meanwhile, the most urgent first; and how many.

        ``sector``: only what contributors of it name. In order: the SSVC decision, KEV, contributions, EPSS, name.
        """
        since = self._clock.now() - days * DAY
        named = self._entities.cves(viewer, since, MOST)
        if not sector:
            with self._projections.read() as connection:
                fresh = store.newest_kev(connection, format_day(since), MOST)
            known = {row[0] for row in named}
            named += [(cve, 0, None, None) for cve in fresh if cve not in known]
        found = self._joined(viewer, named, since, {})
        if sector:
            found = [one for one in found if sector in dict(one.sectors)]
        found.sort(key=_urgency)
        return found[start : start + limit], len(found)

    def _joined(
        self, viewer: Viewer, named: Sequence[tuple[str, int, Instant | None, Instant | None]], since: Instant,
        given: Mapping[str, str],
    ) -> list[Vulnerability]:  # fmt: skip
        cves = [row[0] for row in named]
        sectors: dict[str, dict[str, int]] = {}
        words = self._sectors()
        for cve, org, count, _ in self._entities.by_org(viewer, cves, since=since):
            of = sectors.setdefault(cve, {})
            word = words.get(org, "other")
            of[word] = of.get(word, 0) + count
        with self._projections.read() as connection:
            kev = {cve: _kev(body) for cve, body in store.kev(connection, cves).items()}
            epss = {row[0]: Epss(*row) for row in store.epss(connection, cves)}
            rated = _rated(store.vectors(connection, cves, self._record.visible_to(viewer)))
            table = _deployer(connection)
        today = format_day(self._clock.now())
        found = []
        for cve, count, first, last in named:
            scores = rated.get(cve, ())
            inputs = inputs_of(kev.get(cve), epss.get(cve), scores, count, given)
            of = sectors.get(cve, {})
            found.append(Vulnerability(
                cve, kev.get(cve), epss.get(cve), scores, decide(table, inputs) if table else None, count, first, last,
                tuple(sorted(of.items(), key=lambda pair: (-pair[1], pair[0]))),
                cve in kev and kev[cve].due < today,
            ))  # fmt: skip
        return found


def _deployer(connection: Connection) -> Decide | None:
    body = next((body for name, body in store.decision_tables(connection) if name == DEPLOYER), "")
    return read_decide(body.encode()) if body else None


def _rated(rows: Iterable[store.Row]) -> dict[str, tuple[Rated, ...]]:
    """Rate the vectors of each CVE, the newest kind of CVSS first."""
    found: dict[str, list[Rated]] = {}
    for cve, vector, org, _ in rows:
        one = rate(vector, org)
        if one is not None:
            found.setdefault(cve, []).append(one)
    return {cve: tuple(sorted(each, key=lambda one: (one.version, one.score), reverse=True)[:10])
            for cve, each in found.items()}  # fmt: skip


def _urgency(one: Vulnerability) -> tuple[int, int, int, int, str]:
    rank = one.decision.rank if one.decision else 0
    return -rank, -int(one.kev is not None), -one.count, -(one.epss.score if one.epss else 0), one.cve


def _with(one: Vulnerability, count: int, first: Instant, last: Instant) -> Vulnerability:
    return Vulnerability(one.cve, one.kev, one.epss, one.rated, one.decision, count, first, last, one.sectors,
                         one.overdue)  # fmt: skip
