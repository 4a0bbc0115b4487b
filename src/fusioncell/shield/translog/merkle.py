"""The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, roots, inclusion and consistency proofs. Pure.

The tree is read by a function ``node(height, index)`` that returns the hash of a complete subtree: of the leaves
``[index · 2^height, (index + 1) · 2^height)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: the prefix 0x00 keeps leaves and inner nodes apart."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
    return level[0]


def span(node: Node, low: int, high: int) -> bytes:
    """Return the hash MTH(D[low:high]) of a subtree as the recursion of RFC 6962 §2.1 makes it."""
    size = high - low
    if size & (size - 1) == 0:
        return node(size.bit_length() - 1, low // size)
    middle = low + _half(size)
    return node_hash(span(node, low, middle), span(node, middle, high))


def root(node: Node, size: int) -> bytes:
    """Return the root of the tree over the first ``size`` leaves."""
    return span(node, 0, size) if size else EMPTY_ROOT


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf (RFC 6962 §2.1.1), from its sibling up. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in the tree")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _half(high - low)
        if index < middle:
            path.append(span(node, middle, high))
            high = middle
        else:
            path.append(span(node, low, middle))
            low = middle
    return path[::-1]


def consistency(node: Node, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves begins with that of ``old`` (RFC 6962 §2.1.2)."""
    if not 0 < old <= new:
        raise ValueError("a proof goes from a tree with leaves to one no smaller")
    proof, low, high = [], 0, new
    while high != old:
        middle = low + _half(high - low)
        if old <= middle:
            proof.append(span(node, middle, high))
            high = middle
        else:
            proof.append(span(node, low, middle))
            low = middle
    if low:
        # The old tree's right edge is no subtree that the reader of the proof can make for itself.
        proof.append(span(node, low, high))
    return proof[::-1]


def _half(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (≥ 2)."""
    return 1 << (size - 1).bit_length() - 1
