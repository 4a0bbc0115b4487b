"""Galaxies and their clusters at the MISP door: the packages' own and those that members add. The front door.

A package's cluster is the same for all. A member's is a contribution like any other: a document of the record with an
audience (models ``GalaxyCluster`` and ``GalaxyClusterRelation`` of ``exchange.misp``), to be edited and recalled.
"""

from __future__ import annotations

from fusioncell.exchange.misp.galaxies.service import Galaxies

__all__ = ["Galaxies"]
