"""What the library is asked for by others, and its frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STANDARD_TAXONOMIES = frozenset({"tlp", "PAP", "admiralty-scale"})
"""Enabled until someone disables them: what the hub itself reads in tags."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A value's match on an enabled warninglist. ``match``: the entry that it met."""

    number: int
    name: str
    category: str
    match: str

    def shown(self, value: str) -> dict[str, Any]:
        """Return the form of MISP's ``includeWarninglistHits``."""
        return {"value": value, "match": self.match, "warninglist_id": str(self.number),
                "warninglist_name": self.name, "warninglist_category": self.category}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MachineTag:
    """A tag of a taxonomy. ``number``: among all machine tags, from 0; ``entry``: what its taxonomy says of it."""

    taxonomy: int
    number: int
    entry: Mapping[str, Any]
