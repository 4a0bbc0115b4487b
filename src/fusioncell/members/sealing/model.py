"""The values of sealed identities: officers, boxes, cases."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.clock import DAY, Instant

FEWEST_OFFICERS = 2
MOST_OFFICERS = 6
"""A box holds a pair of shares for every two of them."""
SETTLING = 7 * DAY
"""How long an officer's key is shown to all members before anything is sealed to it."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A person who may, together with another, reveal an author. ``public_key``: X25519, 32 bytes."""

    person: str
    org: str
    public_key: bytes
    since: Instant


class Box(msgspec.Struct, frozen=True):
    """A sealed identity.

    ``shares``: ``"A B"`` (two officers' ids) → the share of the key that A holds towards B, sealed to A.
    ``identity``: who it is, padded to one length, under the key that two shares make. ``mark``: SHA-256 of the opened
    identity, by which the hub knows, when told, that it was told the truth.
    """

    shares: dict[str, bytes]
    identity: bytes
    mark: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A reveal: asked by one officer, joined by another, told to the author.

    ``state``: ``open``, ``shared`` (the first has handed its share to the others), ``revealed``, ``closed``.
    """

    id: str
    pseudonym: str
    contribution: str
    first: str
    second: str
    reason: str
    basis: str
    state: str
    opened: Instant
    ended: Instant | None
