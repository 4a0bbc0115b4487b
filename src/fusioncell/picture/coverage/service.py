"""Use cases of coverage: count what a viewer sees by type, sector, source and tactic, and say what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import dropwhile

from fusioncell.fusion.service import Fusion
from fusioncell.kernel.marking import ANONYMOUS, Viewer
from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.coverage.judge import carried_by, gaps_of, longest_silence, together
from fusioncell.picture.coverage.model import DAYS, Coverage, Group, Kind, Tactic
from fusioncell.picture.matrix import Cell, Matrix
from fusioncell.picture.service import Picture

_T = ObservableType
EXPECTED = (_T.DOMAIN, _T.URL, _T.IPV4, _T.IPV6, _T.EMAIL, _T.SHA256, _T.VULNERABILITY, _T.IBAN, _T.PHONE)
"""Types that a partnership against cyber crime should hear of."""


class Coverages:
    """The front door. ``members``: the organisations that belong, with the sector of each."""

    def __init__(
        self, picture: Picture, fusion: Fusion, matrix: Matrix, members: Callable[[], Mapping[str, str]]
    ) -> None:
        self._picture, self._fusion, self._matrix, self._members = picture, fusion, matrix, members

    def look(self, viewer: Viewer) -> Coverage:
        """Return what a viewer sees and does not."""
        members = self._members()
        by_org = self._picture.daily(viewer, "org", days=DAYS)
        named = self._voices(viewer)
        kinds = self._kinds(viewer, named)
        groups = self._groups(members, set(by_org), named)
        columns = self._matrix.show(viewer, days=DAYS).columns
        tactics = tuple(Tactic(one.tactic, sum(map(_named, one.cells)), len(one.cells)) for one in columns)
        # Up to this hour, the present one is not over; and not from before there was any news at all.
        hours = [count for _, count in self._picture.hourly(viewer, hours=7 * 24)[:-1]]
        older = any(any(days[:-8]) for days in by_org.values())
        silence = longest_silence(hours if older else dropwhile(lambda count: not count, hours))
        given = [sum(days) for org, days in by_org.items() if org != ANONYMOUS]
        return Coverage(gaps_of(kinds, groups, tactics, silence, EXPECTED), kinds, groups, tactics, len(given),
                        carried_by(given), silence)  # fmt: skip

    def _voices(self, viewer: Viewer) -> dict[ObservableType, Counter[str]]:
        """Return who named how many values of each type, of the newest mentions of each contributor."""
        held: dict[int, set[str]] = {}
        for rows in self._picture.named_by_each(viewer, days=DAYS):
            for number, org, _ in rows:
                held.setdefault(number, set()).add(org)
        found: dict[ObservableType, Counter[str]] = {}
        for number, one in self._fusion.observables(held).items():
            found.setdefault(one.type, Counter()).update(held[number])
        return found

    def _kinds(self, viewer: Viewer, named: Mapping[ObservableType, Counter[str]]) -> tuple[Kind, ...]:
        by_type = self._picture.daily(viewer, "type", days=DAYS)
        made = []
        for type_ in ObservableType:
            days = by_type.get(type_.value, [0] * DAYS)
            voices = named.get(type_, Counter())
            if not any(days) and type_ not in EXPECTED:
                continue
            ago = next((place for place, count in enumerate(reversed(days)) if count), None)
            whole = sum(voices.values())
            made.append(Kind(type_, days[-1], sum(days[-7:]), sum(days), ago, len(voices),
                             max(voices.values()) / whole if whole else 0.0))  # fmt: skip
        return tuple(sorted(made, key=lambda one: (-one.month, one.type.value)))

    def _groups(self, members: Mapping[str, str], gave: set[str],
                named: Mapping[ObservableType, Counter[str]]) -> tuple[Group, ...]:
        sizes = Counter(sector or "other" for sector in members.values())
        made = []
        for sectors in together(sizes):
            inside = {org for org, sector in members.items() if (sector or "other") in sectors}
            types = {type_: len(inside & voices.keys()) for type_, voices in named.items() if inside & voices.keys()}
            made.append(Group(sectors, len(inside), len(inside & gave), types))
        return tuple(made)


def _named(cell: Cell) -> bool:
    """Tell whether anything named a technique, or one of its sub-techniques."""
    return any(each.count for each in (cell, *cell.subs))
