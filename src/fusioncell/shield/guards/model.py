"""Values of the guards."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

PROTECTED, RELEASED = "name.protected", "name.released"
ENDANGERED = "name.endangered"
"""A block of a protected name, or of one above or below it, was proposed by a person: whoever keeps whose it is tells
them (``members.assets``). Nobody reads it."""
KINDS = frozenset({PROTECTED, RELEASED})
MANY = 10
"""A name with as many known names under it is the parent of many: a block with a wildcard would take them all."""


class ProtectedBody(msgspec.Struct, frozen=True):
    """The body of both kinds: the name alone; whose it is stands nowhere in it. ``asked``: not proved, asked for."""

    name: str
    asked: bool = False


class EndangeredBody(msgspec.Struct, frozen=True):
    """The body of ``name.endangered``. ``protected``: the protected names for which the guard fired."""

    decision: str
    name: str
    category: str
    protected: list[str]


@dataclass(frozen=True, slots=True)
class Fired:
    """A guard that fired. ``code``: for machines; ``reason``: in plain words."""

    code: str
    reason: str
