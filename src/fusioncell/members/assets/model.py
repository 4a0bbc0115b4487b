"""The frozen values of assets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import DAY, Instant

PROOF_LASTS = 365 * DAY
"""A proof by DNS holds for a year; it is looked up again in its last thirty days."""
RECHECK_BEFORE = 30 * DAY
MOST_ASSETS = 500
"""Claims of one organisation."""
LABEL = "_fusioncell"
"""The name under a domain at which the proof stands (RFC 8552: underscored names are for such uses)."""


class Kind(StrEnum):
    """What is claimed."""

    CIDR = "cidr"
    ASN = "asn"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Asset:
    """A claim. ``value``: ``192.0.2.0/24``, ``AS64496``, ``example.org``. ``how``: ``dns``, ``operator`` or "".

    ``proved``: 0 where it never was; ``until``: when the proof ends, 0 for never.
    """

    id: str
    org: str
    kind: Kind
    value: str
    claimed: Instant
    how: str = ""
    reason: str = ""
    proved: Instant = 0
    until: Instant = 0

    def stands(self, now: Instant) -> bool:
        """Tell whether control of it is proved now."""
        return self.proved > 0 and (not self.until or now < self.until)


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two claims of different organisations that overlap; ``other`` is proved, ``one`` was about to be, later."""

    one: Asset
    other: Asset
    since: Instant
