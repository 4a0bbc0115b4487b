"""Sealed identities: who an anonymous author is can be told by two named officers together, and by nobody else.

The hub keeps a box that it cannot open. Each officer holds a private key that never comes to the hub; every member can
read who the officers are. A reveal is a case with a reason and a legal basis, opened before a box is handed out, and
the author sees it.
What is *not* here: what the author contributed (``exchange.anonymous``).
"""

from __future__ import annotations

from fusioncell.members.sealing.boxes import Identity, make_key, open_identity, open_share, reseal
from fusioncell.members.sealing.model import Case, Officer
from fusioncell.members.sealing.service import Sealing

__all__ = ["Case", "Identity", "Officer", "Sealing", "make_key", "open_identity", "open_share", "reseal"]
