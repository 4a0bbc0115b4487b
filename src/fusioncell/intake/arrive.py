"""Decide what an arriving item is, against what arrived before (DESIGN rule 4). Pure.

Per contributor and audience, the first in order of (id, version, digest) counts:

1. the same version and content again is a *duplicate*: kept in the log, counted, and nothing else;
2. a version older than one that is known is *outdated*;
3. a newer version *supersedes* the contributor's own older ones;
4. the same version with other content (real corpora have it) is kept and flagged as a *conflict*;
5. rows and texts have no versions of their own: each file is its own version, so another day's listing is a
   re-sighting and never supersedes.
"""

from __future__ import annotations

from enum import StrEnum

from xxhash import xxh3_64_intdigest

from fusioncell.kernel.entry import Entry

_SIGN = 1 << 63
_SPAN = 1 << 64
UNORDERED = frozenset({"csv.row", "text"})
"""Kinds whose version is the file that they came in: it has no order."""

ITEM_KINDS = frozenset({
    "stix", "misp.event", "misp.object", "misp.attribute", "misp.more", "csv.row", "text", "post", "reaction",
    "product", "csaf",
})  # fmt: skip
"""Kinds of entries that came in as items: they claim, are searched, and can be recalled."""


class State(StrEnum):
    """What an arriving item is."""

    NEW = "new"
    DUPLICATE = "duplicate"
    OUTDATED = "outdated"
    CONFLICT = "conflict"


def signed64(text: bytes | str) -> int:
    """Return the 64-bit xxh3 of the text as databases store it (signed)."""
    number = xxh3_64_intdigest(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return number - _SPAN if number >= _SIGN else number


def idkey_of(entry: Entry) -> int:
    """Return the key under which an item meets its own other versions."""
    assert entry.payload is not None
    return signed64(f"{entry.org}|{entry.audience}|{entry.kind}|{entry.payload.subject}")


def classify(kind: str, version: int, digest: int, known: list[tuple[int, int, int]]) -> tuple[State, list[int]]:
    """Return what the item is, and the positions that it supersedes.

    ``known``: (seq, version, digest) of what is kept under the same key.
    """
    for _, other_version, other_digest in known:
        if other_version == version and other_digest == digest:
            return State.DUPLICATE, []
    if kind in UNORDERED or not known:
        return State.NEW, []
    newest = max(other_version for _, other_version, _ in known)
    if version < newest:
        return State.OUTDATED, []
    if version == newest:
        return State.CONFLICT, []
    return State.NEW, [seq for seq, _, _ in known]
