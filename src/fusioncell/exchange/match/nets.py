"""Which networks hold an address, narrowest first. Pure.

For each prefix length the networks of that length stand sorted; a table of the first sixteen bits lets go of most
addresses. Who may see a network is no matter here: what is found is looked up like any other value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_network

import numpy as np
import numpy.typing as npt


class Nets:
    """All networks that were ever mentioned."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._v4: dict[int, npt.NDArray[np.uint32]] = {}
        self._v6: dict[int, set[int]] = {}
        self._near = np.zeros(1 << 16, bool)
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        """Add networks, as canonical values."""
        fresh: dict[int, list[int]] = {}
        for value in values:
            net = ip_network(value)
            base = int(net.network_address)
            if isinstance(net, IPv4Network):
                fresh.setdefault(net.prefixlen, []).append(base)
                self._near[base >> 16 : (int(net.broadcast_address) >> 16) + 1] = True
            else:
                self._v6.setdefault(net.prefixlen, set()).add(base)
        for length, bases in fresh.items():
            known = self._v4.get(length, np.empty(0, np.uint32))
            self._v4[length] = np.union1d(known, np.array(bases, np.uint32))

    def holding(self, addresses: npt.NDArray[np.uint32]) -> Iterator[tuple[int, str]]:
        """Give (place of the address, network that holds it), narrowest networks first."""
        near = np.flatnonzero(self._near[addresses >> np.uint32(16)])
        if not len(near):
            return
        wanted = addresses[near]
        for length in sorted(self._v4, reverse=True):
            nets = self._v4[length]
            base = wanted & np.uint32((0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF)
            at = np.minimum(np.searchsorted(nets, base), len(nets) - 1)
            for place in np.flatnonzero(nets[at] == base).tolist():
                yield int(near[place]), f"{IPv4Address(int(base[place]))}/{length}"

    def holding_one(self, address: str) -> list[str]:
        """Return the networks that hold one IPv4 or IPv6 address, narrowest first."""
        if ":" not in address:
            return [net for _, net in self.holding(np.array([int(IPv4Address(address))], np.uint32))]
        number = int(IPv6Address(address))
        found = []
        for length in sorted(self._v6, reverse=True):
            base = number >> (128 - length) << (128 - length)
            if base in self._v6[length]:
                found.append(str(ip_network((base, length))))
        return found
