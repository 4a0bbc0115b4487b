"""Tell what is new in a listing: the rows that the last one did not have. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from fusioncell.intake import signed64
from fusioncell.intake.model import Item, Split

ROW = "csv.row"


def marks_of(items: Iterable[Item]) -> bytes:
    """Return 8 bytes for each row."""
    return array("q", [signed64(item.subject) for item in items if item.kind == ROW]).tobytes()


def news(split: Split, marks: bytes, *, same_day: bool) -> Split:
    """Leave out rows that were listed last time, and are no re-sighting: those with a date of their own, or of today.

    On another day a row without a date is listed anew, which is a re-sighting (DESIGN rule 4).
    """
    if not marks:
        return split
    known = frozenset(array("q", marks))
    fresh = tuple(
        item
        for item in split.items
        if item.kind != ROW or (item.version == 0 and not same_day) or signed64(item.subject) not in known
    )
    return Split(fresh, split.faults, split.title, split.notes)
