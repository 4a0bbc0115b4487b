"""Is a name listed, and by which rule? For telemetry that does not say which rule it met (dnstap, BIND, shadow).

A name meets the rule of its own name or of the nearest parent whose rule covers what is under it (draft-vixie §3.1).
Zones come in the order in which the resolver asks them: the first that knows the name wins, and a rule that lets pass
ends the search.

Names of the zones stand in one open-addressed table of 32-bit marks (8 to 16 bytes a name, where a set of them takes
90): a walk over the parents of an unlisted name is a few look-ups in it. What it finds is checked against the zone
itself, so that no chance meeting of marks ever counts a name that is not listed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from fusioncell.shield.agent.logs import name_of
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import Action, Rule, ZoneImage, rule_labels

_SMALLEST = 1 << 10
_MAX_KNOWN = 100_000


class Marks:
    """A set of byte strings of which only marks are kept: it may say yes by chance (2^-31), never no."""

    def __init__(self, expected: int) -> None:
        self._table = array("I", bytes(4 * max(_SMALLEST, 1 << (2 * expected).bit_length())))
        self._room = len(self._table) >> 1

    def add(self, value: bytes) -> bool:
        """Add a value; False where there is no room."""
        table, most = self._table, len(self._table) - 1
        number = hash(value)
        at, mark = number & most, number >> 31 & 0xFFFFFFFF or 1
        while held := table[at]:
            if held == mark:
                return True
            at = at + 1 & most
        if not self._room:
            return False
        self._room -= 1
        table[at] = mark
        return True

    def holds_any(self, labels: bytes) -> bool:
        """Tell whether a name or one of its parents may be among the values: one call for the whole walk."""
        table, most = self._table, len(self._table) - 1
        begin, end = 0, len(labels)
        while begin < end:
            number = hash(labels[begin:])
            at = number & most
            if table[at]:
                mark = number >> 31 & 0xFFFFFFFF or 1
                while held := table[at]:
                    if held == mark:
                        return True
                    at = at + 1 & most
            begin += 1 + labels[begin]
        return False


class Listed:
    """The names of some zones, in the order in which the resolver asks them. Follows the zones by :meth:`moved`."""

    def __init__(self, zones: Sequence[LiveZone]) -> None:
        self._zones = zones
        self._images: list[ZoneImage] = []
        self._known: dict[bytes, str] = {}
        self._marks = Marks(0)
        self.moved()

    def moved(self, added: Iterable[Rule] | None = None) -> None:
        """Follow a change of the zones: ``added`` came (a step), or all is new. What left is known by the zone."""
        self._images = [zone.image() for zone in self._zones]
        self._known.clear()
        if added is not None and all([self._marks.add(rule_labels(rule)) for rule in added]):
            return
        count = sum(len(image) for image in self._images)
        self._marks = Marks(count + count // 4)
        for image in self._images:
            for rule in image.rules():
                self._marks.add(rule_labels(rule))

    def match(self, labels: bytes) -> str:
        """Return the listed name that a name (labels, lower case) meets; "" for none, or for one that may pass."""
        known = self._known.get(labels)
        if known is not None:
            return known
        return self._look(labels) if self._marks.holds_any(labels) else ""

    def _look(self, labels: bytes) -> str:
        """Ask the zones themselves."""
        for image in self._images:
            at = 0
            while at < len(labels):
                rule = image.find(name_of(labels[at:]))
                if rule is not None and (rule.subtree or not at):
                    if rule.action is Action.PASSTHRU:
                        return ""
                    if len(self._known) < _MAX_KNOWN:
                        self._known[labels] = rule.name
                    return rule.name
                at += 1 + labels[at]
        return ""
