"""MISP's numeric ids: a keyed permutation of 31-bit numbers per viewing organisation (issue 4). Pure.

A client sees 1 to 2³¹−1, one number for one thing, the same at every look. Neither gaps nor order tell how much lies
between (DESIGN rule 5), two organisations cannot compare notes, and nothing is stored: a Feistel network over the
hub's key, walked until it lands in range.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

from fusioncell.kernel.errors import NotFound

TOP = (1 << 31) - 1
"""The largest id: MISP's clients keep ids in signed 32-bit integers."""
_HALF = 16
_MASK = (1 << _HALF) - 1
_ROUNDS = 4
_FEW = 200
"""Numbers below which arrays cost more than they save."""


class Numbers:
    """Gives inner numbers (positions, row numbers) out as MISP ids, and takes them back."""

    def __init__(self, key: bytes, *, for_all: bool = False) -> None:
        """Take the hub's key. ``for_all``: one numbering for all (compatibility mode, where role 1 sees all anyway)."""
        self._key, self._for_all = blake2b(b"misp ids", key=key[:64], digest_size=32).digest(), for_all
        self._tables = lru_cache(maxsize=256)(self._make_tables)
        self._arrays = lru_cache(maxsize=16)(self._make_arrays)

    def out(self, org: str, number: int) -> int:
        """Return the id under which an organisation sees an inner number, 1 ≤ number ≤ 2³¹−1."""
        if not 1 <= number <= TOP:
            raise ValueError(f"{number} is no inner number")
        tables = self._tables("" if self._for_all else org)
        value = _forward(number, tables)
        while not 1 <= value <= TOP:
            value = _forward(value, tables)
        return value

    def out_many(self, org: str, numbers: Sequence[int]) -> list[int]:
        """Return what :meth:`out` returns for each of many numbers, at a twentieth of the cost."""
        if len(numbers) < _FEW:
            return [self.out(org, number) for number in numbers]
        tables = self._arrays("" if self._for_all else org)
        values = np.asarray(numbers, dtype=np.int64)
        if values.size and (values.min() < 1 or values.max() > TOP):
            raise ValueError("there is one that is no inner number")
        todo = np.arange(values.size)
        while todo.size:
            left, right = values[todo] >> _HALF, values[todo] & _MASK
            for table in tables:
                left, right = right, left ^ table[right]
            values[todo] = left << _HALF | right
            todo = todo[(values[todo] < 1) | (values[todo] > TOP)]
        found: list[int] = values.tolist()
        return found

    def back(self, org: str, given: int | str) -> int:
        """Return the inner number of an id that an organisation was given. Raises NotFound for what is no id."""
        try:
            value = int(given)
        except (TypeError, ValueError):
            raise NotFound("no such id") from None
        if not 1 <= value <= TOP:
            raise NotFound("no such id")
        tables = self._tables("" if self._for_all else org)
        value = _backward(value, tables)
        while not 1 <= value <= TOP:
            value = _backward(value, tables)
        return value

    def _make_arrays(self, org: str) -> tuple[np.ndarray[Any, Any], ...]:
        """Return the same tables as arrays."""
        return tuple(np.asarray(table, dtype=np.int64) for table in self._tables(org))

    def _make_tables(self, org: str) -> tuple[tuple[int, ...], ...]:
        """Return, for each round, the round function as a table of 65,536 16-bit numbers."""
        made = []
        for turn in range(_ROUNDS):
            seed = blake2b(f"{turn}|{org}".encode(), key=self._key, digest_size=32).digest()
            stream = b"".join(
                blake2b(block.to_bytes(4, "big"), key=seed, digest_size=64).digest() for block in range(2048)
            )
            made.append(tuple(memoryview(stream).cast("H")))
        return tuple(made)


def _forward(value: int, tables: tuple[tuple[int, ...], ...]) -> int:
    left, right = value >> _HALF, value & _MASK
    for table in tables:
        left, right = right, left ^ table[right]
    return left << _HALF | right


def _backward(value: int, tables: tuple[tuple[int, ...], ...]) -> int:
    left, right = value >> _HALF, value & _MASK
    for table in reversed(tables):
        left, right = right ^ table[left], left
    return left << _HALF | right
