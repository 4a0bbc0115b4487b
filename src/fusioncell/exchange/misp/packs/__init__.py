"""What the rest of the MISP door asks of tags, galaxies, warninglists, templates, types and decay, in one place.

:class:`Packs` answers the port ``exchange.misp.ports.Packs`` and what searches and exports ask further.
"""

from __future__ import annotations

from fusioncell.exchange.misp.packs.service import Packs

__all__ = ["Packs"]
