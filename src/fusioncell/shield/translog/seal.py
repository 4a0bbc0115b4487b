"""Commitments to names and the leaves that carry them. Pure.

``commitment = SHA-256(nonce ‖ name)``, the nonce of 32 bytes first, the name in lower case without its last dot. The
nonce is derived by HMAC from a key that never leaves the hub and from the event, and is stored nowhere: whoever has
the projections alone opens nothing.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec

from fusioncell.shield.translog.model import Leaf

_encode = msgspec.json.Encoder().encode


def nonce_of(key: bytes, kind: str, serial: int, decision: str, name: str) -> bytes:
    """Return the nonce of one event's commitment. No two events share one: a serial is given to one step alone."""
    return hmac.digest(key, "\0".join((kind, str(serial), decision, name)).encode(), "sha256")


def commitment_to(name: str, nonce: bytes) -> str:
    """Return the commitment to a name, in hexadecimal."""
    return sha256(nonce + name.encode()).hexdigest()


def leaf_bytes(leaf: Leaf) -> bytes:
    """Return the bytes that stand in the tree."""
    return _encode(leaf)
