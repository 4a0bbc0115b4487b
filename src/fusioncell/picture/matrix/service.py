"""Use cases of the matrix: count what names each technique for a viewer, lay a member's layer beside it.

The count of a technique is of contributions that were news when they came: a library of ATT&CK that somebody gives
names all techniques and heats none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fusioncell.fusion.entities import ENTERPRISE, Entities, Technique
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.matrix.model import CHAINS, DOMAINS, LEVELS, MAX_DAYS, Cell, Column, Coverage, Layer, View


class Matrix:
    """The front door of the matrix. ``sectors``: organisation → the sector that it works in."""

    def __init__(self, entities: Entities, clock: Clock, sectors: Callable[[], Mapping[str, str]]) -> None:
        self._entities, self._clock, self._sectors = entities, clock, sectors

    def sectors(self) -> list[str]:
        """Return the sectors of the partnership, by name."""
        return sorted({sector for sector in self._sectors().values() if sector})

    def show(
        self, viewer: Viewer, domain: str = ENTERPRISE, *, days: int = 30, sector: str = "", layer: Layer | None = None
    ) -> View:
        """Return the matrix of a domain, over the last ``days``, of one sector's contributors if named."""
        if domain not in DOMAINS:
            raise BadInput(f"{domain[:40]!r} is no domain of ATT&CK that is shown here", hint="enterprise or ics.",
                           place="domain")  # fmt: skip
        if not 1 <= days <= MAX_DAYS:
            raise BadInput(f"between 1 and {MAX_DAYS} days", place="days")
        if layer is not None and layer.domain != domain:
            domain = layer.domain
        since = self._clock.now() - days * DAY
        techniques = self._techniques(viewer, domain)
        refs = [each for one in techniques for each in (one.id, one.entity)]
        orgs = [org for org, word in self._sectors().items() if word == sector] if sector else None
        counted = self._entities.counts(viewer, refs, since=since, orgs=orgs)
        counts = {one.id: max(counted.get(one.id, 0), counted.get(one.entity, 0)) for one in techniques}
        most = max(counts.values(), default=0)
        columns = self._columns(techniques, counts, most, layer)
        return View(domain, days, sector, since, columns, sum(count > 0 for count in counts.values()), len(techniques),
                    most, layer.name if layer else "")  # fmt: skip

    def _techniques(self, viewer: Viewer, domain: str) -> list[Technique]:
        """Return the galaxies' techniques and those that contributions define besides, as the viewer sees them."""
        known = {one.id: one for one in self._entities.knowledge.techniques(domain)}
        for entity in self._entities.contributed_techniques(viewer, CHAINS[domain]):
            if entity.external and entity.external not in known:
                tactics = tuple(each.partition(":")[2] for each in entity.tactics)
                parent = entity.external.partition(".")[0] if "." in entity.external else ""
                known[entity.external] = Technique(entity.external, entity.id, entity.name, parent, tactics)
        return sorted(known.values(), key=lambda one: (one.name.lower(), one.id))

    def _columns(
        self, techniques: Iterable[Technique], counts: Mapping[str, int], most: int, layer: Layer | None
    ) -> tuple[Column, ...]:
        made = {one.id: _cell(one, counts[one.id], most, layer) for one in techniques}
        techniques = list(techniques)
        subs: dict[str, list[Cell]] = {}
        for one in techniques:
            if one.parent in made:
                subs.setdefault(one.parent, []).append(made[one.id])
        columns: dict[str, list[Cell]] = {}
        for one in techniques:
            if one.parent not in made:
                cell = made[one.id]
                whole = Cell(cell.id, cell.name, cell.count, cell.level, tuple(subs.get(one.id, ())), cell.coverage)
                for tactic in one.tactics:
                    columns.setdefault(tactic, []).append(whole)
        order = self._entities.knowledge.in_order(columns)
        return tuple(Column(tactic, tuple(columns[tactic])) for tactic in order)


def _cell(one: Technique, count: int, most: int, layer: Layer | None) -> Cell:
    level = -(-LEVELS * count // most) if count else 0
    coverage = None
    if layer is not None:
        covered = one.id in layer.covered
        coverage = (Coverage.BOTH if covered else Coverage.GAP) if count else (
            Coverage.QUIET if covered else Coverage.NEITHER)  # fmt: skip
    return Cell(one.id, one.name.rpartition(": ")[2] if one.parent else one.name, count, level, (), coverage)
