"""Identifiers. Public ids are UUIDs; positions in the record never leave the hub bare (DESIGN rule 5)."""

from __future__ import annotations

import random
import uuid
from typing import Protocol


class Randomness(Protocol):
    """A source of random bytes, handed in so that a replay ends the same (DESIGN rule 12)."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` random bytes."""
        ...


class SeededRandomness:
    """Deterministic bytes for tests and the demonstration. Never for keys of a real hub."""

    def __init__(self, seed: int) -> None:
        self._generator = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        """Return the next ``count`` bytes of the seeded sequence."""
        return self._generator.randbytes(count)


def new_id(randomness: Randomness) -> str:
    """Make a version 4 UUID from the given source."""
    return str(uuid.UUID(bytes=randomness.bytes(16), version=4))
