"""Protobuf fields, walked by hand: only the few that are needed are looked at, the rest is stepped over.

Wire format: a tag (number * 8 + kind), then a varint (0), 8 bytes (1), length and bytes (2) or 4 bytes (5). Groups (3,
4) are no longer made by anyone, and refused like all that runs over the end.
"""

from __future__ import annotations

from collections.abc import Iterator


class BadFrame(ValueError):
    """Bytes that are no frame of the kind expected. It repeats nothing of them."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a varint at ``at``; return (its value, where it ends). Raises BadFrame."""
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise BadFrame("a number runs over the end")


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Give (tag, begin, end) of each field between two places; of a varint, begin is its value and end -1.

    Raises BadFrame.
    """
    while at < end:
        tag = data[at]
        at += 1
        if tag >= 0x80:
            tag, at = varint(data, at - 1, end)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at, end)
            yield tag, value, -1
            continue
        if kind == 2:
            size, at = varint(data, at, end)
        elif kind == 5:
            size = 4
        elif kind == 1:
            size = 8
        else:
            raise BadFrame("an unknown kind of field")
        if size > end - at:
            raise BadFrame("a field runs over the end")
        yield tag, at, at + size
        at += size
