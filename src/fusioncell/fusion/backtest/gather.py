"""Gather sightings into columns, by day, with numbers for names. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import numpy as np

from fusioncell.fusion.backtest.model import Sighting, Sightings
from fusioncell.kernel.observable import ObservableType, is_ipv4, registered_domain

_T = ObservableType


class _Numbers(dict[object, int]):
    """Gives each new key the next number."""

    def __missing__(self, key: object) -> int:
        self[key] = number = len(self)
        return number


def gather(sightings: Iterable[Sighting]) -> Sightings:
    """Gather sightings, in any order: the same ones in another order give the same columns."""
    values, types, sources, contexts, groups = (_Numbers() for _ in range(5))
    type_of: list[int] = []
    group_of: list[int] = []
    rows: list[tuple[int, int, int, int]] = []
    for day, value, type, source, context in sorted(sightings):
        number = values[type, value]
        if number == len(type_of):
            type_of.append(types[type])
            group_of.append(groups[group_named(value, type)])
        rows.append((day, number, sources[source], contexts[context]))
    table = np.array(rows, np.int64).reshape(-1, 4)
    firsts = np.zeros(len(table), np.bool_)
    firsts[np.unique(table[:, 1] * max(len(sources), 1) + table[:, 2], return_index=True)[1]] = True
    days, numbers, by, about = np.ascontiguousarray(table.T)
    return Sightings(
        days, numbers, by, about, firsts, np.array(type_of, np.int64), np.array(group_of, np.int64),
        tuple(str(name) for name in types), len(sources), len(contexts), len(groups),
    )  # fmt: skip


def group_named(value: str, type: str) -> str:
    """Return what a value has in common with its kin: the registered domain, the /24 or /64, else itself."""
    host = value
    if type == _T.URL.value:
        try:
            host = urlsplit(value).hostname or value
        except ValueError:
            return value
    elif type == _T.EMAIL.value:
        host = value.rpartition("@")[2]
    elif type == _T.IPV6.value:
        return ":".join(value.split(":")[:4])
    elif type not in (_T.DOMAIN.value, _T.IPV4.value):
        return value
    if is_ipv4(host):
        return host.rpartition(".")[0]
    return registered_domain(host) or host
