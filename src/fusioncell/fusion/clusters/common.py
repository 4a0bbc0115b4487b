"""What everybody has: a value on a list of known-good or shared ones says nothing of who belongs together.

Asked of a feature when several reports have it: most values are never shared, and are never looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fusioncell.fusion.clusters.model import Feature, Kind
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.observable import Observable, ObservableType

_FEW = 8
"""Values up to which it costs less to look each up than to look them up together."""
_OBSERVED = {
    Kind.HOST: ObservableType.DOMAIN, Kind.DOMAIN: ObservableType.DOMAIN, Kind.SENDER: ObservableType.EMAIL,
}  # fmt: skip
_MOST = 500_000
"""Features of which it is remembered whether everybody has them."""

Read = Callable[[], Iterable[tuple[int, int, int, str]]]


class Commons:
    """Tells of features that everybody has: what stands itself on a list of known-good or shared values."""

    def __init__(self, known: KnownGood) -> None:
        self._known = known
        self._told: dict[int, bool] = {}

    def which(self, features: Sequence[Feature]) -> list[bool]:
        """Look names, addresses and senders up; the rest is never common in this sense."""
        common = [False] * len(features)
        asked = [(place, observed) for place, feature in enumerate(features) if (observed := _observed(feature))]
        observables = [observable for _, observable in asked]
        known = self._known.batch_hits(observables) if len(asked) > _FEW else map(self._known.hits, observables)
        for (place, observable), hits in zip(asked, known, strict=True):
            common[place] = bool(hits) and bool(self._known.guards(observable))
        return common

    def telling(self, hashes: Sequence[int], read: Read) -> list[int]:
        """Return those of some features, by hash, that not everybody has. ``read`` gives rows of ``store.values_of``
        that hold them all, where something has to be looked up."""
        told = self._told
        new = {each for each in hashes if each not in told}
        if new:
            if len(told) > _MOST:
                told.clear()
                new = set(hashes)
            found = {each: Feature(Kind(kind), text) for _, each, kind, text in read() if each in new}
            told.update(zip(found, self.which(list(found.values())), strict=True))
        return [each for each in hashes if not told.get(each)]


def _observed(feature: Feature) -> Observable | None:
    kind = _OBSERVED.get(feature.kind)
    if feature.kind is Kind.ADDRESS:
        kind = ObservableType.IPV6 if ":" in feature.text else ObservableType.IPV4
    return None if kind is None else Observable(kind, feature.text)
