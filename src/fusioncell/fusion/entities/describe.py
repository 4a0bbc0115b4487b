"""The step that makes entities and rows of what the galaxies and contributed objects say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fusioncell.fusion.entities.knowledge import Knowledge
from fusioncell.fusion.entities.model import Entity, Kind, Known, Name, Row
from fusioncell.fusion.entities.refer import fold

Said = tuple[Any, ...]
"""A row of what a contributed object says of itself: (entity, org, kind, external, names, tactics, description, at)."""


def row_of_known(known: Known) -> Row:
    """Return the row of an entity of the galaxies."""
    return Row(known.id, known.kind, known.name, known.galaxy, known.external, len(known.names) - 1)


def row_of_said(row: Said) -> Row:
    """Return the row of a contributed entity."""
    names = row[4].split("\n")
    return Row(row[0], Kind(row[2]), names[0], "", row[3], len(names) - 1)


def known_of_said(row: Said) -> Known:
    """Return a contributed entity as those of the galaxies are compared."""
    return Known(row[0], Kind(row[2]), tuple(row[4].split("\n")), "", row[3], (), -1)


def entity_of_known(knowledge: Knowledge, known: Known, rows: Sequence[Said]) -> Entity:
    """Return an entity of the galaxies, with what contributors call it besides."""
    description, links = knowledge.description(known)
    names = [Name(name, known.galaxy) for name in known.names]
    return Entity(known.id, known.kind, known.name, tuple([*names, *_said_names(rows)]), knowledge.refs(known),
                  known.galaxy, known.external, description, known.tactics, known.place, links)  # fmt: skip


def entity_of_said(knowledge: Knowledge, rows: Sequence[Said]) -> Entity:
    """Return an entity that contributions alone define: named as the newest version that is seen names it."""
    entity, _, kind, external, names, tactics, description, _ = rows[-1]
    own = names.split("\n")
    refs = [entity]
    if external and knowledge.find(external) is None:
        refs.append(external)
    elif external.startswith("CVE-"):
        refs.append(external)
    if len(own[0]) > 3 and not knowledge.called(own[0]):
        refs.append(f"~{fold(own[0])}")
    return Entity(entity, Kind(kind), own[0], _said_names(rows), tuple(refs), "", external, description,
                  tuple(each for each in tactics.split("\n") if each))  # fmt: skip


def _said_names(rows: Sequence[Said]) -> tuple[Name, ...]:
    """Return the names that contributors use, each once a contributor."""
    found = {(fold(name), row[1]): Name(name, row[1], False) for row in rows for name in row[4].split("\n")}
    return tuple(found.values())
