"""Choices of the story: seeded, so that every demonstration tells the same. Never for keys, links or secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import log
from typing import TypeVar

from fusioncell.kernel.ids import SeededRandomness

SEED = "fusion cell demonstration 1"
T = TypeVar("T")


class Dice:
    """Choices that follow from the words that they are seeded with, and from nothing else."""

    def __init__(self, *words: object) -> None:
        text = "/".join([SEED, *map(str, words)])
        self._source = SeededRandomness(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))

    def below(self, count: int) -> int:
        """Return a whole number from 0 to ``count - 1``."""
        return int.from_bytes(self._source.bytes(6)) % count

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def share(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return self.below(1 << 48) / (1 << 48)

    def wait(self, mean: float) -> int:
        """Return how long one waits for what comes at random and on average after ``mean`` (exponential)."""
        return int(-mean * log(1.0 - self.share()))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Return ``count`` different ones of the choices, in their order."""
        left = list(range(len(choices)))
        chosen = sorted(left.pop(self.below(len(left))) for _ in range(min(count, len(choices))))
        return [choices[index] for index in chosen]


def made_hash(*words: object) -> str:
    """Return a SHA-256 that belongs to no file: that of the words themselves."""
    return hashlib.sha256("/".join([SEED, *map(str, words)]).encode()).hexdigest()
