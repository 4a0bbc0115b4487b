"""Which addresses are an organisation's own. Pure.

Own is what lies whole in its networks: a network that reaches beyond them is not, nor is a URL at another's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from socket import inet_aton
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.kernel.observable import Observable, ObservableType

_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#]*@)?(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?(?=[/?#]|\Z)")
"""A canonical URL (WHATWG) whose host is an address: it, and the port."""
_COLUMNS = np.dtype([("low", np.uint32), ("high", np.uint32), ("id", np.int64)])


class Span(NamedTuple):
    """The addresses that an observable names, first and last. ``port``: of a URL, 0 where it gives none."""

    version: int
    low: int
    high: int
    port: int = 0


def span_of(one: Observable) -> Span | None:
    """Return the addresses that an observable names, None for one that names none."""
    text, port = one.value, 0
    if one.type is ObservableType.IPV4:
        number = int.from_bytes(inet_aton(text))
        return Span(4, number, number)
    if one.type is ObservableType.URL:
        found = _URL.match(text)
        if found is None:
            return None
        text, port = found[1] or found[2], int(found[3] or 0)
    elif one.type not in (ObservableType.IPV6, ObservableType.CIDR):
        return None
    try:
        net = ip_network(text, strict=False)
    except ValueError:
        return None
    return Span(net.version, int(net.network_address), int(net.broadcast_address), port if port < 65536 else 0)


def text_of(span: Span) -> str:
    """Write the address, or the network, of a span."""
    if span.low == span.high:
        made = ip_address(span.low.to_bytes(4 if span.version == 4 else 16))
        return str(made)
    bits = 32 if span.version == 4 else 128
    return str(ip_network((span.low.to_bytes(bits // 8), bits - (span.high - span.low).bit_length())))


class Networks:
    """An organisation's own networks. ``assets``: what it has proved; names and AS numbers are passed over."""

    def __init__(self, assets: Iterable[str]) -> None:
        v4: list[IPv4Network] = []
        v6: list[IPv6Network] = []
        self._declared: list[tuple[int, int, int, str]] = []
        for text in assets:
            try:
                net = ip_network(text)
            except ValueError:
                continue
            if isinstance(net, IPv4Network):
                v4.append(net)
            else:
                v6.append(net)
            self._declared.append((net.version, int(net[-1]) - int(net[0]), int(net[0]), str(net)))
        self._declared.sort()
        self.texts = tuple(text for *_, text in self._declared)
        self.v4 = [(int(net[0]), int(net[-1])) for net in collapse_addresses(v4)]
        self.v6 = [(int(net[0]), int(net[-1])) for net in collapse_addresses(v6)]

    def __bool__(self) -> bool:
        return bool(self._declared)

    def holding(self, span: Span) -> str:
        """Return the narrowest own network that all addresses of a span lie in, "" for none.

        Where two that lie side by side hold it together, it is theirs: the first of them is named.
        """
        if not any(low <= span.low and span.high <= high for low, high in (self.v4 if span.version == 4 else self.v6)):
            return ""
        part = ""
        for version, size, low, text in self._declared:
            if version != span.version:
                continue
            if low <= span.low and span.high <= low + size:
                return text
            if not part and low <= span.high and span.low <= low + size:
                part = text
        return part


class Hosts:
    """Which observables name addresses, as columns in memory: 16 bytes each. ``reached``: the last one looked at."""

    def __init__(self) -> None:
        self.reached = 0
        self._v4: npt.NDArray[Any] = np.empty(0, _COLUMNS)
        self._v6: list[tuple[int, int, int]] = []

    def add(self, found: Iterable[tuple[int, Observable]]) -> None:
        """Add observables by id; those that name no address are passed over."""
        fresh: list[tuple[int, int, int]] = []
        for number, one in found:
            span = span_of(one)
            if span is not None:
                (fresh if span.version == 4 else self._v6).append((span.low, span.high, number))
        if fresh:
            self._v4 = np.concatenate([self._v4, np.array(fresh, _COLUMNS)])

    def within(self, own: Networks) -> list[int]:
        """Return the observables, by id, all of whose addresses lie in an organisation's networks."""
        ids: list[int] = []
        if own.v4 and len(self._v4):
            lows = np.array([low for low, _ in own.v4], np.uint32)
            highs = np.array([high for _, high in own.v4], np.uint32)
            at = np.searchsorted(lows, self._v4["low"], "right").astype(np.int64) - 1
            inside = (at >= 0) & (self._v4["high"] <= highs[np.maximum(at, 0)])
            ids = self._v4["id"][inside].tolist()
        for low, high, number in self._v6 if own.v6 else ():
            if any(first <= low and high <= last for first, last in own.v6):
                ids.append(number)
        return ids
