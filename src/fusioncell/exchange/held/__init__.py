"""What the exchange holds on a person: what they wrote, were told and set up; and the withdrawal of their posts.

The desk, notification and the outbox delete their own; this room answers for all of them to ``members.privacy``. What
is *not* here: receipts, which are noted for organisations alone, and anonymous contributions, which name nobody.
"""

from __future__ import annotations

from fusioncell.exchange.held.service import Holdings

__all__ = ["Holdings"]
