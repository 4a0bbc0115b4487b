"""MISP's people at the MISP door: who a caller is to MISP, organisations, users, roles, keys. The front door.

A MISP user is a person of the hub with a key, an organisation one of the hub's; whatever is changed goes through
``members`` and its audit log. What MISP knows beside (a contact's preferences, a role's flags) is kept by ``keep``.
"""

from __future__ import annotations

from fusioncell.exchange.misp.people.model import FLAGS, STOCK, OrgKnown
from fusioncell.exchange.misp.people.service import People

__all__ = ["FLAGS", "STOCK", "OrgKnown", "People"]
