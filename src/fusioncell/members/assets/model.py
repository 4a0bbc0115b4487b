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
MOST_ALERTS = 200
"""Entries of alerts that are written at once."""
ALERTED_FOR = 7 * DAY
"""People are told of an alert for so long (a hub may have been down)."""
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
class Alert:
    """A block was proposed, as ``name``, that touches a name of an organisation (``value``). ``decision``: its id.

    ``seq``, ``audience``: of the entry that tells the organisation; 0 where it has not been told yet.
    """

    decision: str
    org: str
    name: str
    value: str
    category: str
    at: Instant
    seq: int = 0
    audience: int = 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two claims of different organisations that overlap; ``other`` is proved, ``one`` was about to be, later."""

    one: Asset
    other: Asset
    since: Instant
