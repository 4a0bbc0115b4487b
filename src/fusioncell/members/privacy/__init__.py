"""Personal data: what is held on a person, handed over; erased; and kept from erasure for a case.

1. Export: every room is asked by a registry (:class:`Room`), and what it holds stands in one document.
2. Erasure is an entry, ``member.erased``: it purges every projection; then the payloads that hold the person's data
   leave the record, whose chain still verifies, and the rooms delete theirs from the vault (DESIGN rule 13).
3. A hold (officer, case, legal basis, expiry) stops erasure while it lasts. It never stops a recall.

What is *not* here: what a person contributed anonymously. The hub does not know whose that is.
"""

from __future__ import annotations

from fusioncell.members.privacy.model import DATA, Erased, Held, Hold, Room
from fusioncell.members.privacy.service import Privacy, Purge

__all__ = ["DATA", "Erased", "Held", "Hold", "Privacy", "Purge", "Room"]
