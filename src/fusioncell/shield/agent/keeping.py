"""A zone as a file: what the agent serves after a restart while the hub is down.

The first line says what it is, the last one is a digest over all before it: a file that was cut off or altered is
refused, and the agent waits for the hub. Rules are written as ``name<TAB>code``.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from fusioncell.kernel.errors import BadInput
from fusioncell.shield.zone import Action, Rule, ZoneImage, rule_code

_FORM = "fusioncell-edge-zone 1"
_CHUNK = 5_000


def zone_lines(image: ZoneImage, heard: int) -> Iterator[bytes]:
    """Give the file of a zone, in pieces. ``heard``: the instant (µs) at which the hub last confirmed it."""
    digest = sha256()
    head = f"{_FORM}\t{image.origin}\t{image.serial}\t{len(image)}\t{heard}\t{image.garden}\t{image.heartbeat}\n"
    lines = [head]
    for rule in image.rules():
        lines.append(f"{rule.name}\t{rule_code(rule)}\n")
        if len(lines) >= _CHUNK:
            piece = "".join(lines).encode()
            digest.update(piece)
            yield piece
            lines = []
    piece = "".join(lines).encode()
    digest.update(piece)
    yield piece + digest.hexdigest().encode() + b"\n"


def read_zone(content: bytes, origin: str) -> tuple[ZoneImage, int]:
    """Read a file back: the zone, and when the hub last confirmed it. Raises BadInput."""
    body, _, last = content.removesuffix(b"\n").rpartition(b"\n")
    if sha256(body + b"\n").hexdigest().encode() != last:
        raise BadInput("the zone's file was cut off or altered", hint="The agent takes the zone from the hub anew.")
    try:
        head, *lines = body.decode("ascii").split("\n")
        form, named, serial, count, heard, garden, heartbeat = head.split("\t")
        if form != _FORM or named != origin or int(count) != len(lines):
            raise ValueError
        image = ZoneImage.build(
            (_rule(line) for line in lines), int(serial), origin=origin, garden=garden, heartbeat=heartbeat
        )
        return image, int(heard)
    except ValueError:
        raise BadInput("the zone's file is of another form or zone", hint="Remove it.") from None


def _rule(line: str) -> Rule:
    name, code = line.split("\t")
    return Rule(name, bool(int(code) & 1), Action(int(code) >> 1))
