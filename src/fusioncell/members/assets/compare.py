"""Compare assets: which overlap, and whose a value is. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.members.assets.model import Asset, Kind


def overlap(kind: Kind, one: str, other: str) -> bool:
    """Tell whether two values of one kind are the same or one contains the other."""
    if kind is Kind.DOMAIN:
        return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
    if kind is Kind.ASN:
        return one == other
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


class Index:
    """Proved assets, for look-ups by value: the longest prefix, the nearest domain. Of two alike the first counts."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._names: dict[str, Asset] = {}
        self._nets: dict[int, dict[int, dict[int, Asset]]] = {4: {}, 6: {}}
        for one in assets:
            if one.kind is Kind.CIDR:
                net = ipaddress.ip_network(one.value)
                bits = int(net.network_address) >> (net.max_prefixlen - net.prefixlen)
                self._nets[net.version].setdefault(net.prefixlen, {}).setdefault(bits, one)
            else:
                self._names.setdefault(one.value, one)
        self._lengths = {version: sorted(nets, reverse=True) for version, nets in self._nets.items()}

    def find(self, value: Observable) -> Asset | None:
        """Return the asset that an address, network, name or AS number belongs to."""
        if value.type is ObservableType.ASN:
            return self._names.get(f"AS{value.value}")
        if value.type is ObservableType.DOMAIN:
            name = value.value
            while name:
                if name in self._names:
                    return self._names[name]
                name = name.partition(".")[2]
            return None
        if value.type not in (ObservableType.IPV4, ObservableType.IPV6, ObservableType.CIDR):
            return None
        net = ipaddress.ip_network(value.value, strict=False)
        for length in self._lengths[net.version]:
            if length <= net.prefixlen:
                found = self._nets[net.version][length].get(int(net.network_address) >> (net.max_prefixlen - length))
                if found is not None:
                    return found
        return None
