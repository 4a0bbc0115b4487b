"""128-bit keyed hashes of many pieces of one text at once, in columns. Pure.

Each piece (a start and a length in a buffer) is read as little-endian words of eight bytes; two independent
multiply-xor-shift chains mix them, keyed by the hub's own key. So nobody can make two values
that meet, and equal hashes are taken for equal values: a chance of 2^-112 a pair (``index`` keeps that many bits; 2^-96
where it knows very many profiles), far below that of a broken disk.

The hashes are never shown.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_WORDS = 64
LONGEST = 8 * _WORDS
"""Longest piece that is hashed, in bytes."""
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
_HALF, _THIRD = np.uint64(32), np.uint64(29)


def windows(buffer: bytes) -> Words:
    """Return the eight bytes from every place of a buffer on, as words; the buffer must end in eight bytes to spare."""
    flat: Words = np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))
    return flat


class Hasher:
    """Hashes pieces with one key. Types are told apart by their code."""

    def __init__(self, key: bytes) -> None:
        drawn = np.frombuffer(shake_256(key).digest(8 * (2 * _WORDS + 512)), "<u8")
        self._keys = drawn[: 2 * _WORDS] | np.uint64(1)
        self._types = drawn[2 * _WORDS :].reshape(2, 256)

    def pieces(self, at: Words, start: Places, length: Places, code: int | npt.NDArray[Any]) -> tuple[Words, Words]:
        """Hash the pieces of the buffer behind ``at`` (see :func:`windows`), of types with these codes."""
        sized = length.astype(np.uint64)
        first: Words = (sized ^ self._types[0][code]) * self._keys[0]
        second: Words = sized + self._types[1][code]
        self._word(first, second, at[start], length, 0)
        word = 1
        least = int(length.min()) if len(length) else 0
        while 8 * word < least:  # all of them go on: in place
            self._word(first, second, at[start + 8 * word], length - 8 * word, word)
            word += 1
        rest = np.flatnonzero(length > 8 * word)
        while len(rest):
            left = length.take(rest) - 8 * word
            one, two = first.take(rest), second.take(rest)
            self._word(one, two, at[start.take(rest) + 8 * word], left, word)
            first[rest], second[rest] = one, two
            word += 1
            rest = rest[left > 8]
        return first, second

    def _word(self, first: Words, second: Words, word: Words, left: Places, number: int) -> None:
        """Mix one word into both chains, in place."""
        word &= _MASKS.take(left, mode="clip")
        one, two = self._keys[2 * number], self._keys[2 * number + 1]
        first ^= word
        first *= one
        first ^= first >> _HALF
        first *= two
        second += word
        second *= two
        second ^= second >> _THIRD
        second *= one

    def texts(self, texts: list[bytes], codes: npt.NDArray[Any]) -> tuple[Words, Words]:
        """Hash texts of at most :data:`LONGEST` bytes, each of the type with the code beside it."""
        length = np.fromiter(map(len, texts), np.int64, len(texts))
        start = np.cumsum(length) - length
        return self.pieces(windows(b"".join(texts) + bytes(8)), start, length, codes)
