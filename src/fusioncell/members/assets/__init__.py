"""Network assets: which organisation answers for which networks, AS numbers and domain names, with proof of control.

1. A lead claims a value. Public suffixes, private and reserved ranges and absurdly large prefixes are refused.
2. Control is proved: of a domain by a TXT record at ``_fusioncell.<domain>``, looked up again each year; of the others
   (or where DNS cannot do it) by an operator, with a reason.
3. A claim without proof is told to nobody else and is in nobody's way. A proof that overlaps what another organisation
   has proved raises a dispute, which both see and an operator settles; until then what was proved before stays so, and
   the later proof does not count.

Rooms up the river learn of it by the entries ``asset.…``. What is *not* here: what happens to an asset (``warning``).
"""

from __future__ import annotations

from fusioncell.members.assets.model import Asset, Dispute, Kind
from fusioncell.members.assets.service import Assets

__all__ = ["Asset", "Assets", "Dispute", "Kind"]
