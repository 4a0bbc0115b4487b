"""The port of the MISP door's core, answered by the library, the tags and the galaxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fusioncell.exchange.misp import Caller
from fusioncell.exchange.misp.galaxies import Galaxies
from fusioncell.exchange.misp.library import Library
from fusioncell.exchange.misp.tags import Tags


@dataclass(frozen=True, slots=True)
class Packs:
    """Tags, galaxies, warninglists, templates, types and decay, as a caller may know them."""

    library: Library
    tags: Tags
    galaxy: Galaxies

    def tag(self, caller: Caller, name: str) -> dict[str, Any] | None:
        """Show a tag inside an event; None for one that is not exported."""
        return self.tags.tag(caller, name)

    def tag_dict(self, caller: Caller, name: str) -> dict[str, Any]:
        """Show a tag, exported or not."""
        return self.tags.shown(caller, name)

    def use_tag(self, caller: Caller, given: Mapping[str, Any]) -> str:
        """Return the name under which the caller may attach a tag; MispRefused for one restricted to others."""
        return self.tags.use_tag(caller, given)

    def tag_name(self, caller: Caller, given: str) -> str | None:
        """Return the name of a tag given by MISP id or by name; None where there is none."""
        return self.tags.tag_name(caller, given)

    def galaxies(self, caller: Caller, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the galaxies, with their clusters, of the ``misp-galaxy:`` tags among these names."""
        return self.galaxy.galaxies(caller, names)

    def warnings(self, type: str, value: str) -> list[dict[str, Any]]:
        """Return the enabled warninglists that an attribute is on."""
        return [{"id": str(each.number), "name": each.name, "category": each.category} | each.shown(value)
                for each in self.library.warnings_of(type, value)]  # fmt: skip

    def warned(self, values: Sequence[tuple[str, str]]) -> list[bool]:
        """Tell for many (type, value) whether they are on an enabled warninglist (``enforceWarninglist``)."""
        return [bool(found) for found in self.library.warnings_of_many(values)]

    def template(self, given: str) -> dict[str, Any] | None:
        """Return an object template by UUID, name or number, as MISP/misp-objects has it."""
        return self.library.template(given)

    def describe_types(self) -> dict[str, Any]:
        """Return types, categories and defaults, as ``describeTypes.json`` has them under ``result``."""
        return self.library.describe_types()
