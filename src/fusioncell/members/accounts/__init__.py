"""The accounts of people: added, given roles, removed, suspended, and ended when nobody uses them.

1. A lead looks after the people of their own organisation, and gives no more than they hold; administrators look
   after all.
2. Suspension ends what is open and names all whom the suspended party stood for.
3. An account that nobody uses is told so (notice), waits (grace), and is removed; how long is a setting.

Removed and idle people are suspended persons whose credentials ended; they can be reinstated, with a new link.
"""

from __future__ import annotations

from fusioncell.members.accounts.model import Idle, IdleRule, Step, Suspension
from fusioncell.members.accounts.service import Accounts

__all__ = ["Accounts", "Idle", "IdleRule", "Step", "Suspension"]
