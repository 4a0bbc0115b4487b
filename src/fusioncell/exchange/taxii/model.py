"""The values of the TAXII door: media types, collections, roots, what a client asks for, pages; the door's errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Tlp

MEDIA = "application/taxii+json;version=2.1"
"""The media type of every answer (TAXII 2.1 §1.6.8.1)."""
STIX_21, STIX_20 = 21, 20
MAX_PAGE = 1000
"""Objects, records or versions that one answer holds at most; a client that says no limit gets as many."""
MAX_PAGE_BYTES = 8 * 1024 * 1024
"""Bytes of objects after which a page ends, though never before its first object."""
DISCOVERY = "/taxii2/"
TLP1_ROOT = "-tlp1"
"""Ending of an API root under which markings are those of TLP 1.0, for clients that know no others."""
PUBLIC_ROOT, PARTNERSHIP_ROOT = "public", "partnership"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(microseconds=1)


class NotAcceptable(FusionCellError):
    """No media type that the client would accept is one of ours (TAXII 2.1 §3.3)."""

    status = 406
    title = "Not acceptable"


class Unprocessable(FusionCellError):
    """The content is readable, and is no envelope (TAXII 2.1 §3.6.2)."""

    status = 422
    title = "ProcessingError"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as one viewer sees it. ``key``: its name among all, the same for everyone who may read it.

    ``party``: the party whose holders read it, "" for the tiers CLEAR and GREEN. ``alias``: by which it is found too;
    that of a group's newest generation stays the same when a new one begins.
    """

    id: str
    key: str
    title: str
    alias: str
    description: str
    tlp: Tlp
    party: str = ""
    can_write: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """An API root as one viewer sees it."""

    name: str
    title: str
    description: str
    collections: tuple[Collection, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client asks of a collection (TAXII 2.1 §3.4): filters, where to begin, how many at most.

    ``specs`` empty: the newest that each object has. ``versions``: instants; ``first``, ``last``, ``all`` apart.
    ``contributor``: of this one alone, though another's copy came first (ours, not the standard's).
    """

    after: Instant = 0
    limit: int = MAX_PAGE
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    specs: tuple[int, ...] = ()
    versions: tuple[Instant, ...] = ()
    first: bool = False
    last: bool = True
    all: bool = False
    contributor: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    """All but the place and the limit, as they were written: what ``next`` carries on."""

    @property
    def is_plain(self) -> bool:
        """Tell whether it asks for the latest version of everything: the answer that all share."""
        return not self.filters


class Row(msgspec.Struct, frozen=True, gc=False):
    """A stored version in a collection: its place (µs), its entry, and what chooses among versions.

    ``org``: hash of its contributor. ``version`` 0: it has none (an SCO). ``size``: bytes of its body as it was stored.
    ``shadow``: another copy of the same version came first. ``revoked``: it stands for an object that was recalled.
    """

    added: Instant
    seq: int
    org: int
    version: Instant
    spec: int
    size: int
    shadow: int
    revoked: int


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its body, the first and last ``date_added`` in it (0: empty), whose contributions it holds."""

    body: bytes
    first: Instant = 0
    last: Instant = 0
    given: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def written(at: Instant) -> str:
    """Write an instant as TAXII does: RFC 3339, UTC, six digits (TAXII 2.1 §1.6.2)."""
    return (_EPOCH + timedelta(microseconds=min(at, _LATEST))).isoformat(timespec="microseconds")[:-6] + "Z"
