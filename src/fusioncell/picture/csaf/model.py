"""The values of published advisories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fusioncell.kernel.clock import Instant

MAX_LISTED = 2000
"""Advisories that indexes name, the newest first."""
NO_SIGNATURE = "No OpenPGP key is configured: documents are not signed. Check their SHA-512 digests over TLS."


class Signer(Protocol):
    """Signs documents with the publisher's OpenPGP key."""

    fingerprint: str
    public_key: bytes

    def sign(self, data: bytes) -> bytes:
        """Return a detached signature, ASCII-armoured (CSAF 2.0 §7.1.19)."""
        ...


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory as it is published: its document, as a value and as bytes; ``path`` within its folder."""

    product: str
    contribution: str
    title: str
    path: str
    published: Instant
    updated: Instant
    document: dict[str, Any]
    body: bytes
