"""Values of overrides, and their entries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable

OVERRIDDEN, RESTORED = "assessment.overridden", "assessment.restored"
KINDS = frozenset({OVERRIDDEN, RESTORED})
"""Entries of this package: an override, and that it was taken back. Each is a release with an audience of its own."""

MOST_REASON = 2000


class Verdict(StrEnum):
    """What an analyst says of a value."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    UNCLEAR = "unclear"
    BENIGN = "benign"


WORDS = {Verdict.MALICIOUS: "malicious", Verdict.SUSPICIOUS: "suspicious", Verdict.UNCLEAR: "unclear",
         Verdict.BENIGN: "unlikely malicious"}  # fmt: skip
"""The same in the words that assessments use (``explanation.verdict_of``)."""


@dataclass(frozen=True, slots=True)
class Override:
    """What an analyst said of a value, as one viewer may know it.

    ``id``: by which it is taken back. ``author``: a person's id; ``org``: that person's organisation. ``audience``:
    number of its readers. ``restored_at``: 0 while it stands. ``seq``: its entry.
    """

    id: str
    observable: Observable
    verdict: Verdict
    reason: str
    at: Instant
    author: str
    org: str
    audience: int
    restored_at: Instant = 0
    seq: int = 0

    @property
    def spares(self) -> bool:
        """Whether the value is to be left alone by what the hub does by itself: rules and exports."""
        return self.verdict in (Verdict.BENIGN, Verdict.UNCLEAR)


class OverrideBody(msgspec.Struct, frozen=True):
    """The body of ``assessment.overridden``."""

    type: str
    value: str
    verdict: Verdict
    reason: str


class RestoredBody(msgspec.Struct, frozen=True):
    """The body of ``assessment.restored``: which value, and why the override was taken back."""

    type: str
    value: str
    reason: str
