"""The values of publication by proxy."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.intake.model import Item
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience, Tlp

PUBLISHED = "proxy.published"
"""Kind of the entry that links a publication to what it was made of; its subject is the original's id."""


class Published(msgspec.Struct, frozen=True):
    """The body of a :data:`PUBLISHED` entry, which stands in the publication's own submission."""

    original: str
    originator: str
    consent: str
    tlp: Tlp
    items: int


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published for whom, for the proxy and the originator. ``gone``: when it was withdrawn, 0 if it stands.

    ``exported``/``fetched``/``here``: how many organisations it reached, and how (``exchange.receipts``).
    """

    contribution: str
    original: str
    originator: str
    proxy: str
    tlp: Tlp
    at: Instant
    items: int
    gone: Instant
    exported: int = 0
    fetched: int = 0
    here: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be published: the items, how many stay behind, and what the proxy should look at first."""

    originator: str
    consent: str
    audience: Audience
    items: tuple[Item, ...]
    left_out: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A publication that may have to follow its original. ``ended``: position of what ended something of the latter."""

    contribution: str
    original: str
    proxy: str
    ended: int
    declined: bool
