"""The Merkle tree from the reader's side: hashes (RFC 6962 §2.1), checks of proofs (RFC 9162 §2.1.3.2, §2.1.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from fusioncell_verify.faults import Failed

EMPTY = sha256().digest()


def of_leaf(data: bytes) -> bytes:
    """Return a leaf's hash."""
    return sha256(b"\x00" + data).digest()


def of_pair(left: bytes, right: bytes) -> bytes:
    """Return the hash of two children."""
    return sha256(b"\x01" + left + right).digest()


class Peaks:
    """A tree that is read leaf by leaf: only its complete subtrees are kept, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take the next leaf's hash."""
        carried = self.size
        while carried & 1:
            leaf = of_pair(self._peaks.pop(), leaf)
            carried >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over what was taken so far."""
        if not self._peaks:
            return EMPTY
        result = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            result = of_pair(peak, result)
        return result


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    peaks = Peaks()
    for leaf in leaves:
        peaks.add(leaf)
    return peaks.root()


def path_up(node: Callable[[int, int], bytes], height: int, index: int, size: int) -> list[bytes]:
    """Gather the siblings from one complete subtree up to the root of ``size`` leaves.

    ``node(height, index)`` gives the hash of a complete subtree. What it gives is not trusted: the proof that is made
    of it is checked against a signed root.
    """
    path = []
    last = (size - 1) >> height
    while last:
        sibling = index ^ 1
        if sibling < last:
            path.append(node(height, sibling))
        elif sibling == last:
            path.append(_edge(node, height, size))
        index, last, height = index >> 1, last >> 1, height + 1
    return path


def _edge(node: Callable[[int, int], bytes], height: int, size: int) -> bytes:
    """Return the hash of the last node at a height, which need not be complete."""
    place = size - 1
    result = node(0, place)
    for low in range(height):
        if place & 1:
            result = of_pair(node(low, place - 1), result)
        place >>= 1
    return result


def proof_of_growth(node: Callable[[int, int], bytes], old: int, new: int) -> list[bytes]:
    """Gather the consistency proof from ``old`` to ``new`` leaves (0 < old < new)."""
    height, place = 0, old - 1
    while place & 1:
        place, height = place >> 1, height + 1
    start = [] if place == 0 else [node(height, place)]
    return start + path_up(node, height, place, new)


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check an audit path (RFC 9162 §2.1.3.2). Raises Failed."""
    here, last, result = index, size - 1, leaf
    if not 0 <= index < size:
        raise Failed("inclusion", f"leaf {index} is not in a tree of {size} leaves")
    for other in path:
        if last == 0:
            raise Failed("inclusion", f"the proof of leaf {index} is too long")
        if here & 1 or here == last:
            result = of_pair(other, result)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            result = of_pair(result, other)
        here, last = here >> 1, last >> 1
    if last or result != root:
        raise Failed("inclusion", f"leaf {index} does not stand in the signed tree of {size} leaves")


def check_growth(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check a consistency proof (RFC 9162 §2.1.4.2). Raises Failed."""
    if old > new:
        raise Failed("consistency", f"the log shrank from {old} leaves to {new}")
    if old == new and (old_root != new_root or proof):
        raise Failed("equivocation", f"two heads of {old} leaves differ: the log shows two faces")
    if old in (0, new):
        return
    # A tree of a power of two of leaves is itself the first node of the proof.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path or _both(old, new, path) != (old_root, new_root):
        raise Failed("consistency", f"the tree of {new} leaves does not begin with the signed tree of {old} leaves")


def _both(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency proof makes, None where it is too long or too short."""
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            first, second = of_pair(other, first), of_pair(other, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = of_pair(second, other)
        here, last = here >> 1, last >> 1
    return None if last else (first, second)
