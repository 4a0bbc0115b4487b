"""What a door hands out: said with one call, so that a recall later knows what cannot be called back (DESIGN rule 6).

What counts, and what is kept of it, says ``exchange.receipts``; rooms that it lies beside or above know only this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Exports(Protocol):
    """Notes what left the hub. Both touch memory alone, and may be called on the event loop."""

    def exported(self, organisation: str, what: Iterable[str | int]) -> None:
        """Note that a machine of an organisation was given contributions (ids) or values (``key64``) just now."""
        ...

    def exported_all(self, organisation: str, audiences: frozenset[int]) -> None:
        """Note that a machine of an organisation was given so much of these audiences that it counts as all."""
        ...

    def gone(self, organisation: str, contribution: str) -> None:
        """Note that a machine asked for a contribution and learnt that it is not there any more."""
        ...


@dataclass(frozen=True, slots=True)
class Handed:
    """What the door of one request hands out to whom. The door says what it gives, and need not know who asks.

    ``org``: the asker's organisation, None for a visitor, of whom nothing is kept. ``by_page``: asked by the session of
    a browser, whose pages are withdrawn with the hub's.
    """

    exports: Exports
    org: str | None
    by_page: bool

    def out(self, what: Iterable[str | int]) -> None:
        """Note contributions (ids) and values (``key64``) that a machine was given; nothing for a page."""
        if self.org is not None and not self.by_page:
            self.exports.exported(self.org, what)

    def all_of(self, audiences: frozenset[int]) -> None:
        """Note that a machine was given so much that it counts as all that these audiences see."""
        if self.org is not None and not self.by_page:
            self.exports.exported_all(self.org, audiences)

    def file(self, contribution: str) -> None:
        """Note that a file was taken, by a machine or a page."""
        if self.org is not None:
            self.exports.exported(self.org, (contribution,))

    def gone(self, contribution: str) -> None:
        """Note that a machine asked for a contribution, and that there is none (any more) for it."""
        if self.org is not None and not self.by_page:
            self.exports.gone(self.org, contribution)
