"""What this process has just appended, for who follows the record at once: he need not read it back.

1. Only what is durably committed comes in, and goes out exactly as the record would give it.
2. It holds the oldest that he has not passed, up to a bound; for whatever is not here he reads the record.
3. An erasure empties it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from fusioncell.kernel.entry import Draft, Entry
from fusioncell.record import pack
from fusioncell.record.model import Block, Receipt, Submission

MOST = 8 * 1024 * 1024
"""Bytes of bodies that are held."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A block with its place. ``size``: bytes of its bodies."""

    first: int
    receipt: Receipt
    submission: Submission
    chain: bytes
    block: Block
    drafts: Sequence[Draft]
    size: int


class Ahead:
    """Blocks in their order. ``followed``: whether anybody takes them; else nothing is held."""

    def __init__(self) -> None:
        self.followed = False
        self._held: deque[_Held] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def put(self, receipt: Receipt, submission: Submission, chains: Sequence[bytes]) -> None:
        """Hold what was committed, as far as there is room. ``chains``: the chain value of each block."""
        if not self.followed:
            return
        start = 0
        with self._lock:
            for block, chain in zip(submission.blocks, chains, strict=True):
                drafts = submission.drafts[start : start + block.count]
                size = sum([len(draft.payload.body) for draft in drafts])
                if self._size + size > MOST:
                    return
                self._held.append(_Held(receipt.first_seq + start, receipt, submission, chain, block, drafts, size))
                self._size += size
                start += block.count

    def take(self, seq: int, blocks: int) -> list[Entry]:
        """Return what follows a position, of at most so many blocks; nothing where that is not held.

        What stands up to the position is let go: who follows has passed it, and asks for the rest again if he fails.
        """
        with self._lock:
            while self._held and self._held[0].first <= seq:
                self._size -= self._held.popleft().size
            found: list[_Held] = []
            for one in self._held:
                if len(found) == blocks or one.first != seq + 1:
                    break
                found.append(one)
                seq += one.block.count
        return [entry for one in found for entry in pack.placed(
            one.first, one.receipt.first_seq, one.receipt.at, one.submission.org, one.submission.contribution,
            one.chain, one.block, one.drafts)]  # fmt: skip

    def forget(self) -> None:
        """Let all go."""
        with self._lock:
            self._held.clear()
            self._size = 0
