"""STIX in at the MISP door: events/upload_stix makes an event of a STIX 2 bundle or a STIX 1 package. The front door.

An event made so holds what is observable in the upload, with its markings and names. Whoever wants each STIX object
kept as it is sends the bundle to the hub itself (``/api/contributions``, TAXII), where round trips lose nothing.
"""

from __future__ import annotations

from fusioncell.exchange.misp.stix.routes import actions

__all__ = ["actions"]
