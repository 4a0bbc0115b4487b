"""What streams take, in memory: ranges that grow while they are open and merge where they meet. Pure.

A stream that resumes where another of its organisation left off goes on with the same range: what it took is one piece.
Of more than ``MOST`` ranges of one organisation and set of audiences the oldest two become one, which may say that more
was exported than was, and never that more was told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from fusioncell.exchange.receipts.model import Range

MOST = 64
"""Ranges that are kept apart for one organisation and set of audiences."""


class At(Protocol):
    """Something that knows how far a stream is (``exchange.live.Parked``)."""

    seq: int


@dataclass(slots=True, eq=False)
class Growing:
    """A range that streams make longer: as :class:`Range`, with how many are open, and whether it is in the vault."""

    org: str
    audience_set: int
    first: int
    last: int
    reached: int
    open: int = 0
    marked: bool = False

    def frozen(self) -> Range:
        """Return it as it stands."""
        return Range(self.org, self.audience_set, self.first, self.last, self.reached, self.open > 0)


@dataclass(slots=True, eq=False)
class Taking:
    """One open stream. ``seq``: what it surely got; while it is parked, ``parked`` knows."""

    range: Growing
    seq: int
    parked: At | None = None

    def reached(self) -> int:
        """Return the position up to which everything was sent."""
        return self.seq if self.parked is None else self.parked.seq

    def note(self) -> None:
        """Let the range know how far this stream is: it began within what the range had reached, so that is one."""
        self.range.reached = max(self.range.reached, self.reached())
        self.range.last = max(self.range.last, self.range.reached)


@dataclass(slots=True)
class Ranges:
    """All ranges that this process knows, by organisation and set of audiences, in order."""

    by_key: dict[tuple[str, int], list[Growing]] = field(default_factory=dict)
    open: set[Taking] = field(default_factory=set)
    changed: set[Growing] = field(default_factory=set)
    dropped: list[tuple[str, int, int]] = field(default_factory=list)

    def attach(self, org: str, audience_set: int, seq: int) -> Taking:
        """Begin to take after a position."""
        known = self.by_key.setdefault((org, audience_set), [])
        found = next((one for one in reversed(known) if one.first <= seq <= one.reached), None)
        if found is None:
            found = Growing(org, audience_set, seq, seq, seq)
            known.append(found)
            known.sort(key=lambda one: one.first)
            self._merge(known)
        found.open += 1
        # What is marked as open already needs no other mark before it delivers.
        found.marked = found.marked and found.open > 1
        self.changed.add(found)
        taking = Taking(found, seq)
        self.open.add(taking)
        return taking

    def detach(self, taking: Taking, position: int) -> None:
        """End: it got what it got, and may have got what was there."""
        if taking not in self.open:
            return
        taking.note()
        self.open.discard(taking)
        taking.range.open -= 1
        taking.range.last = max(taking.range.last, position)
        self.changed.add(taking.range)

    def read(self, position: int) -> None:
        """Note how far all open streams are: each minute, at close, and before a receipt is given."""
        for taking in self.open:
            taking.note()
            taking.range.last = max(taking.range.last, position)
            self.changed.add(taking.range)

    def _merge(self, known: list[Growing]) -> None:
        at = 0
        while len(known) > MOST and at + 1 < len(known):
            one, other = known[at], known[at + 1]
            if one.open or other.open:
                at += 1
                continue
            one.last = max(one.last, other.last)
            # What lies between the two was not sent to anyone: a tombstone there was not fetched.
            one.reached = max(one.reached, other.reached) if other.first <= one.reached else one.reached
            known.remove(other)
            self.changed.discard(other)
            self.changed.add(one)
            self.dropped.append((other.org, other.audience_set, other.first))
