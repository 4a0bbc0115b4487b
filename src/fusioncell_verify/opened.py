"""Openings: what tells the name behind a commitment; and the zone that follows from them."""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fusioncell_verify.faults import Finding, Unreadable
from fusioncell_verify.leaves import MOST, MOVES, Leaf
from fusioncell_verify.source import is_address, read_any

MAX_PAGES = 10_000
TRIALS = ".probe.fusioncell"
"""What the names end in by which an ISP tries a zone."""


@dataclass(frozen=True)
class Opening:
    """A name and the nonce that commits to it."""

    index: int
    name: str
    nonce: bytes


def read_openings(where: str) -> dict[int, Opening]:
    """Read openings of a file, or of a hub's ``/api/shield/openings`` page by page. Raises Unreadable."""
    found: dict[int, Opening] = {}
    address = where
    for _ in range(MAX_PAGES):
        said = _json(read_any(address, secret=True), address)
        rows = said.get("openings") if isinstance(said, dict) else said
        if not isinstance(rows, list):
            raise Unreadable(f"{address} holds no openings")
        for row in rows:
            one = _opening(row, address)
            found[one.index] = one
        following = said.get("next") if isinstance(said, dict) else None
        if following is None or not is_address(where):
            return found
        address = _with(where, "after", str(following))
    raise Unreadable(f"{where} does not end")


def _json(data: bytes, where: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable(f"{where} is no JSON") from None


def _opening(row: object, where: str) -> Opening:
    try:
        assert isinstance(row, dict)
        return Opening(int(row["index"]), str(row["name"]), bytes.fromhex(row["nonce"]))
    except (AssertionError, KeyError, TypeError, ValueError):
        raise Unreadable(f"{where} holds an opening without index, name and nonce") from None


def _with(address: str, name: str, value: str) -> str:
    parts = urllib.parse.urlsplit(address)
    kept = [pair for pair in urllib.parse.parse_qsl(parts.query) if pair[0] != name]
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode([*kept, (name, value)])))


def opens(opening: Opening, leaf: Leaf) -> bool:
    """Tell whether an opening opens a leaf: ``commitment = SHA-256(nonce ‖ name)``, the nonce of 32 bytes first."""
    if len(opening.nonce) != 32:
        return False
    return hashlib.sha256(opening.nonce + opening.name.encode()).hexdigest() == leaf.commitment


def check_openings(leaves: Sequence[Leaf], openings: dict[int, Opening]) -> list[Finding]:
    """Check every opening against its leaf, that no nonce serves twice, and that an end names what it ends."""
    findings = []
    used: dict[bytes, int] = {}
    for index, one in sorted(openings.items()):
        if not 0 <= index < len(leaves) or not opens(one, leaves[index]):
            findings.append(Finding("opening", f"the opening of leaf {index} does not open it"))
            continue
        if used.setdefault(one.nonce, index) != index:
            findings.append(Finding("nonce", f"leaves {used[one.nonce]} and {index} share a nonce"))
        begun = openings.get(leaves[index].of)
        if leaves[index].kind in MOVES and begun is not None and begun.name != one.name:
            findings.append(Finding("order", f"leaf {index} ends {one.name!r}, but is about the block of another name"))
    return findings


@dataclass(frozen=True)
class Zone:
    """Zones as a subscriber has them: the newest serial, the names that are blocked."""

    serial: int
    names: frozenset[str]


def read_zones(texts: Sequence[str]) -> Zone:
    """Read response policy zones as master files (RFC 1035 §5), as the hub and ``dig AXFR`` write them.

    Several are those of one subscriber: a name is blocked where one of them blocks it and none lets it pass (``CNAME
    rpz-passthru.``). Wildcards and the names by which an ISP tries a zone are left out. Raises Unreadable.
    """
    serial, names, passed = -1, set[str](), set[str]()
    for text in texts:
        origin, own = "", None
        for line in _lines(text):
            words = line.split()
            if words[0].upper() == "$ORIGIN" and len(words) > 1:
                origin = words[1].rstrip(".").lower()
            elif "SOA" in words:
                numbers = [word for word in words[words.index("SOA") + 3 :] if word.strip("()").isdigit()]
                own = int(numbers[0].strip("()")) if numbers else None
                owner = words[0].rstrip(".").lower()
                origin = origin if owner in ("@", "") else owner
            elif "CNAME" in words:
                owner = _owner(words[0].lower(), origin)
                if owner and not owner.startswith("*.") and not owner.endswith(TRIALS):
                    (passed if words[-1].lower() == "rpz-passthru." else names).add(owner)
        if own is None:
            raise Unreadable("the zone has no SOA record")
        serial = max(serial, own)
    return Zone(serial, frozenset(names - passed))


def _owner(word: str, origin: str) -> str:
    return word.rstrip(".").removesuffix(f".{origin}") if word.endswith(".") else word


def _lines(text: str) -> Iterable[str]:
    """Yield records, a parenthesis on several lines as one; comments and blank lines are left out."""
    held = ""
    for line in text.splitlines():
        line = held + " " + line.partition(";")[0] if held else line.partition(";")[0]
        held = line if line.count("(") > line.count(")") else ""
        if not held and line.strip():
            yield line


@dataclass(frozen=True)
class Taken:
    """What a zone takes of the log: categories and severities (empty: all); ``apart``: names that it holds beside."""

    categories: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    def takes(self, leaf: Leaf) -> bool:
        """Tell whether a leaf is about a name of the zone."""
        fits = not self.categories or leaf.category in self.categories
        return leaf.kind in MOVES and fits and (not self.severities or leaf.severity in self.severities)


def check_zone(
    zone: Zone, leaves: Sequence[Leaf], openings: dict[int, Opening], taken: Taken, *, any_size: bool
) -> tuple[int, list[Finding]]:
    """Check that a zone is the log replayed up to a size; return that size.

    The hub's one zone has the serials of the log: the size is that at the zone's serial. A subscriber's own zones count
    merges too, so their serials run ahead (``any_size``): the size is the last, up to their serial, that makes them.
    """
    findings, names, matches = [], set[str](), -1
    held = zone.names - taken.apart
    differ = len(held)
    last = max((leaf.serial for leaf in leaves), default=0) & 0xFFFFFFFF
    if zone.serial > last and not any_size:
        return 0, [Finding("ahead", f"the zone's serial {zone.serial} is beyond the log's {last}: fetch it again")]
    size = 0
    for leaf in leaves:
        if leaf.serial & 0xFFFFFFFF > zone.serial:
            break
        size = leaf.index + 1
        if taken.takes(leaf):
            one = openings.get(leaf.index)
            if one is None:
                findings.append(Finding("opening", f"no opening of leaf {leaf.index} ({leaf.kind}) was given"))
                continue
            before = one.name in names
            (names.add if leaf.kind == "add" else names.discard)(one.name)
            if before != (one.name in names):
                differ += 1 if (one.name in names) != (one.name in held) else -1
        matches = size if not differ else matches
    if any_size and (matches >= 0 or not held) and not findings:
        return max(matches, 0), []
    findings += [Finding("zone", f"{name!r} is blocked, and the log never said so") for name in sorted(held - names)]
    findings += [Finding("zone", f"{name!r} is blocked by the log, not by the zone") for name in sorted(names - held)]
    return size, findings[:MOST]
