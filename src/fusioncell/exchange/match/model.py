"""The frozen values of the bulk match: what was asked, how it may be found, what is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from fusioncell.kernel.observable import Observable

MAX_LINE = 16_384
"""Longest line that is read, in characters."""


class How(StrEnum):
    """How a value may be found; of several the first counts, in this order."""

    EXACT = "exact"
    HOST = "host"
    """The host of a URL."""
    PARENT = "parent"
    """A name above it, nearest first, down to what can be registered; a public suffix is none."""
    CIDR = "cidr"
    """A network that holds the address, the narrowest first."""


ALL = frozenset(How)


@dataclass(frozen=True, slots=True)
class Asked:
    """One value as it was asked: its text, and what it is (None: nothing that can be matched, with the reason)."""

    text: str
    observable: Observable | None
    reason: str = ""


class Said(NamedTuple):
    """What is answered of an observable that the viewer may see (``fusion``'s assessment, in short)."""

    verdict: str
    malicious: float
    active: float
    origins: int
    mentions: int
