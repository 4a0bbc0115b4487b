"""The ISP's own exceptions: a plain file of names that always resolve, whatever the hub publishes.

One name a line; ``#`` begins a remark. The name and all that is under it pass.
"""

from __future__ import annotations

from typing import NamedTuple

from fusioncell.shield.agent.logs import labels_of, name_of
from fusioncell.shield.zone import fits

MAX_OVERRIDES = 10_000
MAX_BYTES = 4 << 20


class Overrides(NamedTuple):
    """What the file says. ``faults``: lines that name nothing, by their number, each with the reason."""

    names: tuple[str, ...]
    faults: tuple[tuple[int, str], ...]


def read_overrides(content: bytes, origin: str) -> Overrides:
    """Read the file's content for the zone ``origin``. A bad line is listed and passed over; the others count."""
    names: dict[str, None] = {}
    faults: list[tuple[int, str]] = []
    if len(content) > MAX_BYTES:
        return Overrides((), ((0, f"the file is larger than {MAX_BYTES >> 20} MB"),))
    for number, line in enumerate(content.splitlines(), 1):
        written = line.partition(b"#")[0].strip()
        if not written:
            continue
        labels = labels_of(written.removeprefix(b"*."))
        name = name_of(labels) if labels is not None else ""
        if not name or not fits(name, origin=origin):
            faults.append((number, "is no domain name"))
        elif len(names) >= MAX_OVERRIDES and name not in names:
            faults.append((number, f"there are more than {MAX_OVERRIDES} names"))
            break
        else:
            names[name] = None
    return Overrides(tuple(sorted(names)), tuple(faults[:100]))
