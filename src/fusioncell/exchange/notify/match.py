"""Match what arrives against all that is watched: a few look-ups an item, however many watch.

A network is found by the prefix lengths that anyone watches, a name by its own suffixes, a label by its own text and,
of a machine tag ``namespace:predicate="value"``, by its value. What is found are buckets: all who watch one thing, who
are looked at one by one only when a contribution has been matched. The index knows nothing of audiences: who may see an
arrival is asked by the caller, of those alone whom it would concern.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from socket import inet_aton
from types import MappingProxyType

from fusioncell.exchange.notify.model import Watch, Why
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrival
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience
from fusioncell.kernel.observable import Observable, ObservableType

_T = ObservableType
_COVERING = {4: 16, 6: 32}
"""A reported network that holds a watched one concerns it down to this length; a larger one says nothing of it."""
_MOST_KNOWN = 8192
"""Different sets of labels that are remembered with what they hit."""
Found = tuple[str, Why, Instant]
"""(owner, why, since when the owner watches)."""
Bucket = list[Found]
"""All who watch one thing."""
Test = Callable[[Extract], bool]
"""Tells whether an item is what a saved query asks for."""
_Nets = dict[int, dict[int, Bucket]]
"""Prefix length → the network's leading bits → who watches it."""


class Index:
    """All watches, ready for look-ups. ``assets``: organisation → its proved networks and names; ``queries``: by id."""

    def __init__(self, watches: Iterable[Watch], assets: Mapping[str, Iterable[str]],
                 queries: Mapping[str, Test] = MappingProxyType({})) -> None:
        self.size = 0
        self._names: dict[str, Bucket] = {}
        self._nets: dict[int, _Nets] = {4: {}, 6: {}}
        self._covering: dict[int, _Nets] = {4: {}, 6: {}}
        self._asns: dict[str, Bucket] = {}
        self._labels: dict[str, Bucket] = {}
        self._titles: dict[str, Bucket] = {}
        self._sectors: dict[str, Bucket] = {}
        self._groups: dict[str, Bucket] = {}
        self._all: Bucket = []
        self._tests = queries
        self._queries: dict[str, Bucket] = {}
        self._known: dict[tuple[str, ...], tuple[Bucket, ...]] = {}
        for watch in watches:
            self.size += 1
            self._add(watch, assets.get(watch.org, ()))
        self._values = bool(self._names or self._asns or self._nets[4] or self._nets[6])

    def _add(self, watch: Watch, assets: Iterable[str]) -> None:
        found: Found = (watch.owner, (watch.kind, watch.value), watch.created)
        if watch.kind == "assets":
            for text in assets:
                self._add_network(text, (watch.owner, ("assets", text), watch.created))
        elif watch.kind == "network":
            self._add_network(watch.value, found)
        elif watch.kind == "query":
            if watch.value in self._tests:
                self._queries.setdefault(watch.value, []).append(found)
        elif watch.kind == "all":
            self._all.append(found)
        else:
            if watch.kind == "campaign":
                self._titles.setdefault(watch.value, []).append(found)
            by = {"tag": self._labels, "campaign": self._labels, "sector": self._sectors, "group": self._groups}
            by[watch.kind].setdefault(watch.value, []).append(found)

    def _add_network(self, value: str, found: Found) -> None:
        if value.startswith("AS") and value[2:].isdecimal():
            self._asns.setdefault(value[2:], []).append(found)
            return
        net = _net(value)
        if net is None:
            self._names.setdefault(value.lower(), []).append(found)
            return
        version, length, bits = net
        self._nets[version].setdefault(length, {}).setdefault(bits, []).append(found)
        for shorter in range(_COVERING[version], length):
            wider = self._covering[version].setdefault(shorter, {})
            wider.setdefault(bits >> (length - shorter), []).append(found)

    # -- look-ups ------------------------------------------------------------------------------------------------------

    def of_contribution(self, audience: Audience, sector: str) -> list[Bucket]:
        """Return who watches all that comes of a sector, or is addressed to a group, or everything."""
        found = [self._all] if self._all else []
        if sector in self._sectors:
            found.append(self._sectors[sector])
        groups = {party[6:].rpartition(".")[0] for party in audience.parties if party.startswith("group:")}
        return found + [self._groups[group] for group in sorted(groups) if group in self._groups]

    def of_item(self, arrival: Arrival) -> list[Bucket]:
        """Return who watches what one item says. The hot path: most items concern nobody."""
        said = arrival.extract
        found: list[Bucket] = []
        if self._labels:
            if said.labels:
                found += self._of_labels(said.labels)
            for claim in said.claims:
                if claim.context and claim.context != said.labels:
                    found += self._of_labels(claim.context)
        if self._titles and said.title and (bucket := self._titles.get(said.title.lower())):
            found.append(bucket)
        if self._values:
            for claim in said.claims:
                self._of_value(claim.observable, found)
        found += [bucket for query, bucket in self._queries.items() if self._tests[query](said)]
        return found

    def _of_labels(self, labels: tuple[str, ...]) -> tuple[Bucket, ...]:
        known = self._known.get(labels)
        if known is None:
            keys = dict.fromkeys(key for label in labels for key in label_keys(label))
            known = tuple(self._labels[key] for key in keys if key in self._labels)
            if len(self._known) > _MOST_KNOWN:
                self._known = {}
            self._known[labels] = known
        return known

    def _of_value(self, one: Observable, found: list[Bucket]) -> None:
        kind, text = one.type, one.value
        if kind is _T.DOMAIN:
            self._of_name(text, found)
        elif kind is _T.IPV4:
            self._of_net(4, 32, int.from_bytes(inet_aton(text)), found)
        elif kind is _T.URL or kind is _T.EMAIL:
            host = _host(text) if kind is _T.URL else text.rpartition("@")[2]
            net = _net(host)
            if net is not None:
                self._of_net(*net, found)
            else:
                self._of_name(host, found)
        elif kind is _T.IPV6 or kind is _T.CIDR:
            net = _net(text)
            if net is not None:
                self._of_net(*net, found)
        elif kind is _T.ASN and (bucket := self._asns.get(text)):
            found.append(bucket)

    def _of_name(self, text: str, found: list[Bucket]) -> None:
        names = self._names
        while text and names:
            bucket = names.get(text)
            if bucket is not None:
                found.append(bucket)
            text = text.partition(".")[2]

    def _of_net(self, version: int, length: int, bits: int, found: list[Bucket]) -> None:
        for shorter, nets in self._nets[version].items():
            if shorter <= length:
                bucket = nets.get(bits >> (length - shorter))
                if bucket is not None:
                    found.append(bucket)
        covering = self._covering[version].get(length)
        if covering is not None and bits in covering:
            found.append(covering[bits])


def _net(text: str) -> tuple[int, int, int] | None:
    """Return (IP version, prefix length, leading bits) of an address or network, None for anything else."""
    if not text or not (text[-1].isdigit() or ":" in text):
        return None
    try:
        network = ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
    length = network.prefixlen
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)


def _host(url: str) -> str:
    """Return the host of a canonical URL (WHATWG: scheme, then perhaps credentials, host, perhaps a port)."""
    rest = url.partition("://")[2]
    for end in "/?#":
        rest = rest.partition(end)[0]
    host = rest.rpartition("@")[2]
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def label_keys(label: str) -> tuple[str, ...]:
    """Return the texts under which a label is watched: itself, and the value of a machine tag."""
    text = " ".join(label.split()).lower()
    value = text.partition('="')[2].rstrip('"')
    return (text, value) if value else (text,)
