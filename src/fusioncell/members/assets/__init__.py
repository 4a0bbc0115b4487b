"""Network assets: which organisation answers for which networks, AS numbers and domain names, with proof of control.

1. A lead claims a value. Public suffixes, private and reserved ranges and absurdly large prefixes are refused.
2. Control is proved: of a domain by a TXT record at ``_fusioncell.<domain>``, looked up again each year; of the others
   (or where DNS cannot do it) by an operator, with a reason.
3. A claim that overlaps one of another organisation raises a dispute, which both see and an operator settles. Until
   then neither is proved anew; what was proved before stays so.

Rooms up the river learn of it by the entries ``asset.…``. What is *not* here: what happens to an asset (``warning``).
"""

from __future__ import annotations

from fusioncell.members.assets.model import Asset, Dispute, Kind
from fusioncell.members.assets.service import Assets

__all__ = ["Asset", "Assets", "Dispute", "Kind"]
