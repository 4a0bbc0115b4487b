"""What is said of content at the MISP door: sightings, proposals, reports, notes, tags, delegations, free text.

The front door of the package. It builds on ``exchange.misp.content``; what anyone says of another's event is an entry
of the speaker's own, with readers of its own.
"""

from __future__ import annotations

from fusioncell.exchange.misp.said.service import Said

__all__ = ["Said"]
