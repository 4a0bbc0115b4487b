"""Pages that were made, kept as bytes for the next who asks: all who may read a collection get the same ones.

A page that is full and behind which nothing changed stays as it is for ever; the last one until something is added.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from fusioncell.exchange.taxii.model import Page
from fusioncell.kernel.clock import Instant

MOST_BYTES = 96 * 1024 * 1024
"""Bytes of pages that are kept."""
_OVERHEAD = 500


@dataclass(frozen=True, slots=True)
class _Kept:
    page: Page
    changed: int
    last: Instant
    """The collection's last place where this page is its end, 0 where more follows."""


class Pages:
    """A bounded memory of pages, the least recently asked for forgotten first."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, changed: int, last: Instant) -> Page | None:
        """Return a page, if it is still what would be made. ``changed``, ``last``: of its collection now."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.changed != changed or kept.last not in (0, last):
                self._forget(key, kept)
                return None
            self._kept.move_to_end(key)
            return kept.page

    def put(self, key: Hashable, page: Page, changed: int, last: Instant) -> None:
        """Keep a page. ``last``: 0 where more follows it."""
        with self._lock:
            before = self._kept.get(key)
            if before is not None:
                self._forget(key, before)
            self._kept[key] = _Kept(page, changed, last)
            self._size += len(page.body) + _OVERHEAD
            while self._size > self._most:
                oldest = next(iter(self._kept))
                self._forget(oldest, self._kept[oldest])

    def _forget(self, key: Hashable, kept: _Kept) -> None:
        del self._kept[key]
        self._size -= len(kept.page.body) + _OVERHEAD
