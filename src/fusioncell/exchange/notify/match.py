"""Match what arrives against all that is watched: a few look-ups a value, however many watch.

A network is found by the prefix lengths that anyone watches, a name by its own suffixes, a label by its own text and,
of a machine tag ``namespace:predicate="value"``, by its value. The index knows nothing of audiences: who may see an
arrival is asked by the caller, of those alone whom it would concern.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from fusioncell.exchange.notify.model import Watch, Why
from fusioncell.intake.project import Arrival
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience
from fusioncell.kernel.observable import Observable, ObservableType

_T = ObservableType
_NETWORKED = frozenset({_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL, _T.EMAIL, _T.ASN})
_COVERING = {4: 16, 6: 32}
"""A reported network that holds a watched one concerns it down to this length; a larger one says nothing of it."""
Found = tuple[str, Why, Instant]
"""(owner, why, since when the owner watches)."""
Net = tuple[int, int, int]
"""(IP version, prefix length, the network's leading bits)."""


class Index:
    """All watches, ready for look-ups. ``assets``: organisation → its proved networks and names."""

    def __init__(self, watches: Iterable[Watch], assets: Mapping[str, Iterable[Observable]]) -> None:
        self.size = 0
        self._names: dict[str, list[Found]] = {}
        self._nets: dict[Net, list[Found]] = {}
        self._covering: dict[Net, list[Found]] = {}
        self._asns: dict[str, list[Found]] = {}
        self._labels: dict[str, list[Found]] = {}
        self._titles: dict[str, list[Found]] = {}
        self._sectors: dict[str, list[Found]] = {}
        self._groups: dict[str, list[Found]] = {}
        self._all: list[Found] = []
        for watch in watches:
            self.size += 1
            self._add(watch, assets.get(watch.org, ()))
        self._lengths = {version: sorted({net[1] for net in self._nets if net[0] == version}) for version in (4, 6)}
        self._about_values = bool(self._names or self._nets or self._asns)

    def _add(self, watch: Watch, assets: Iterable[Observable]) -> None:
        found: Found = (watch.owner, (watch.kind, watch.value), watch.created)
        if watch.kind == "assets":
            for one in assets:
                self._add_network(one.value, (watch.owner, ("assets", one.value), watch.created))
        elif watch.kind == "network":
            self._add_network(watch.value, found)
        elif watch.kind == "all":
            self._all.append(found)
        else:
            if watch.kind == "campaign":
                self._titles.setdefault(watch.value, []).append(found)
            by = {"tag": self._labels, "campaign": self._labels, "sector": self._sectors, "group": self._groups}
            by[watch.kind].setdefault(watch.value, []).append(found)

    def _add_network(self, value: str, found: Found) -> None:
        if value[:2].upper() == "AS" and value[2:].isdecimal():
            self._asns.setdefault(value.upper(), []).append(found)
            return
        net = _net(value)
        if net is None:
            self._names.setdefault(value.lower(), []).append(found)
            return
        self._nets.setdefault(net, []).append(found)
        version, length, bits = net
        for shorter in range(_COVERING[version], length):
            self._covering.setdefault((version, shorter, bits >> (length - shorter)), []).append(found)

    # -- look-ups ----------------------------------------------------------------------------------------------------

    def hits(self, arrival: Arrival, audience: Audience, sector: str) -> Iterator[Found]:
        """Yield whom an arrival concerns, and why; an owner may come more than once."""
        said = arrival.extract
        yield from self._all
        if self._sectors and sector:
            yield from self._sectors.get(sector, ())
        if self._groups:
            for party in audience.parties:
                if party.startswith("group:"):
                    yield from self._groups.get(party[6:].rpartition(".")[0], ())
        if self._titles and said.title:
            yield from self._titles.get(said.title.lower(), ())
        if self._labels:
            for label in {*said.labels, *(label for claim in said.claims for label in claim.context)}:
                for key in label_keys(label):
                    yield from self._labels.get(key, ())
        if self._about_values:
            for one in {claim.observable for claim in said.claims if claim.observable.type in _NETWORKED}:
                yield from self._of_value(one)

    def _of_value(self, one: Observable) -> Iterator[Found]:
        if one.type is _T.ASN:
            yield from self._asns.get(one.value.upper(), ())
            return
        text = one.value
        if one.type is _T.URL:
            text = _host(text)
        elif one.type is _T.EMAIL:
            text = text.rpartition("@")[2]
        if one.type is not _T.DOMAIN and (net := _net(text)) is not None:
            yield from self._of_net(net)
            return
        while text and self._names:
            yield from self._names.get(text, ())
            text = text.partition(".")[2]

    def _of_net(self, net: Net) -> Iterator[Found]:
        version, length, bits = net
        for shorter in self._lengths[version]:
            if shorter > length:
                break
            yield from self._nets.get((version, shorter, bits >> (length - shorter)), ())
        yield from self._covering.get(net, ())


def _net(text: str) -> Net | None:
    if not text or not (text[0].isdigit() or ":" in text):
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    length = network.prefixlen
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=8192)
def label_keys(label: str) -> tuple[str, ...]:
    """Return the texts under which a label is watched: itself, and the value of a machine tag."""
    text = " ".join(label.split()).lower()
    value = text.partition('="')[2].rstrip('"')
    return (text, value) if value else (text,)
