"""Values of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fusioncell.kernel.entry import Draft

MAX_BLOCK_ENTRIES = 128
MAX_BLOCK_BYTES = 131_072


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append answers: the positions given and the instant of acceptance (µs)."""

    first_seq: int
    last_seq: int
    at: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A submission: its public id, contributor, instant and the positions of its entries."""

    contribution: str
    org: str
    at: int
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive entries of one commit and one audience, packed: the unit of storage.

    ``kinds``: a line an entry. ``digests``: 32 bytes an entry, ``SHA-256(nonce ‖ payload)``. ``nonces``: 32 bytes an
    entry, zeroed when erased. ``payload``: the packed payloads, compressed.
    """

    audience: int
    count: int
    kinds: str
    digests: bytes
    nonces: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """One append, prepared: everything but the positions. ``drafts``: what its blocks hold, in order."""

    org: str
    contribution: str
    blocks: tuple[Block, ...]
    drafts: Sequence[Draft]


__all__ = ["MAX_BLOCK_BYTES", "MAX_BLOCK_ENTRIES", "Block", "Commit", "Draft", "Receipt", "Submission"]
