"""Families of sources: names that count as one origin. Pure.

Joins are links and never merges: taking one back restores what was there (ADR 0004 says how origins are counted).
"""

from __future__ import annotations

from collections.abc import Iterable

from xxhash import xxh3_64_intdigest

from fusioncell.fusion.origins.model import Kin


def families(joins: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return for each joined name all the names of its family, itself included."""
    of: dict[str, set[str]] = {}
    for first, second in joins:
        merged = of.get(first, {first}) | of.get(second, {second})
        for name in merged:
            of[name] = merged
    return {name: frozenset(group) for name, group in of.items()}


def marks(joins: Iterable[tuple[str, str]]) -> dict[str, Kin]:
    """Return for each joined name the number that all of its family share, as evidence carries keys of objects.

    The second of each join is the one that repeats.
    """
    pairs = list(joins)
    copiers = {second for _, second in pairs}
    return {
        name: Kin(xxh3_64_intdigest(("family\0" + min(group)).encode()), name in copiers)
        for name, group in families(pairs).items()
    }
