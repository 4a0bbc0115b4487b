"""RPZ hits out of the lines that resolvers log. A line is read for the name and what was done, and for nothing else.

| resolver | what writes the lines |
|---|---|
| Unbound | ``rpz-log: yes``: names the rule's owner, ``*.bad.example.`` |
| BIND 9 | category ``rpz``: names what was asked; a zone with ``policy disabled`` logs each hit twice |
| Knot Resolver 6 | ``log: [name]`` of a list of rules (Knot Resolver 5 logs no hits: use its dnstap) |

PowerDNS logs no hits: use its protobuf (``powerdns``). What does not fit is None; a line is at most ``MAX_LINE`` long,
and each pattern runs in time linear in it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from fusioncell.shield.agent.model import MAX_LINE, Hit

_UNBOUND = re.compile(
    rb"info: rpz: applied (?:\[[^\]]{0,200}\] )?(?:\*\.)?([^\s*]{1,255}) rpz-([a-z-]{1,30}) \S{1,80} \S{1,1100} \S+ \S+"
)
_BIND = re.compile(rb"\): (disabled )?rpz QNAME ([A-Za-z-]{1,30}) rewrite ([^\s/]{1,255})/\S{1,30} via \S")
_KNOT = re.compile(rb"\[rules *\] => local data (applied|dry-run)[^\n]{0,100}?, name: (\S{1,255})\s*$")
_NAME = re.compile(rb"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_LENGTHS = [bytes([length]) for length in range(64)]
_PASSED = frozenset({b"passthru", b"no-override"})

Parser = Callable[[bytes], Hit | None]


def labels_of(name: bytes) -> bytes | None:
    """Return a dotted name as lower-case labels; None for what a zone of ours cannot hold."""
    name = name.lower().removesuffix(b".")
    if len(name) > 253 or _NAME.fullmatch(name) is None:
        return None
    return b"".join([_LENGTHS[len(label)] + label for label in name.split(b".")])


def name_of(labels: bytes) -> str:
    """Return labels as a dotted name."""
    names, at = [], 0
    while at < len(labels):
        end = at + 1 + labels[at]
        names.append(labels[at + 1 : end].decode("ascii", "replace"))
        at = end
    return ".".join(names)


def parse_unbound(line: bytes) -> Hit | None:
    """Read a line of Unbound's log."""
    found = _UNBOUND.search(line[:MAX_LINE])
    if found is None or found[2] in _PASSED:
        return None
    labels = labels_of(found[1])
    return None if labels is None else (labels, found[2] != b"disabled")


def parse_knot(line: bytes) -> Hit | None:
    """Read a line of Knot Resolver's log."""
    found = _KNOT.search(line[:MAX_LINE])
    labels = labels_of(found[2]) if found is not None else None
    return None if labels is None or found is None else (labels, found[1] == b"applied")


class BindLog:
    """Reads the lines of BIND's category ``rpz``.

    Of a disabled zone's hit BIND writes two lines, equal but for their time. The second is known by the hash of the
    line, so that no line (it holds the client's address) outlives its reading.
    """

    def __init__(self) -> None:
        self._seen: deque[int] = deque(maxlen=16)

    def __call__(self, line: bytes) -> Hit | None:
        """Read a line."""
        found = _BIND.search(line[:MAX_LINE])
        if found is None or found[2].upper() == b"PASSTHRU":
            return None
        labels = labels_of(found[3])
        if labels is None:
            return None
        if found[1]:
            once = hash(line[line.find(b"client ") :])
            if once in self._seen:
                self._seen.remove(once)
                return None
            self._seen.append(once)
        return (labels, not found[1])


LOGS: dict[str, Callable[[], Parser]] = {
    "unbound-log": lambda: parse_unbound, "bind-log": BindLog, "knot-log": lambda: parse_knot,
}  # fmt: skip
"""Kind of source → what makes a parser of its lines."""
