"""Configurations that resolvers include: what each kind of resolver must be told to take our zones without harm.

Front door: :func:`fragments`. Pure text; what is written here was read by the resolver's own checker in the tests.
"""

from __future__ import annotations

from fusioncell.shield.resolvers.model import Kind, OwnZone, Plan, ZoneSource
from fusioncell.shield.resolvers.write import fragments

__all__ = ["Kind", "OwnZone", "Plan", "ZoneSource", "fragments"]
