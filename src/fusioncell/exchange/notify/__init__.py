"""Notification: who is told of what arrives, and how.

1. What a person or a webhook watches stands in the vault. What arrives as news (never history) is matched against it
   once, right after its batch, and what hits becomes a notice of those who may see it: positions and an audience, no
   content. Matching has a cursor of its own, moved in the notices' own transaction: each hit counts once.
2. A notice is shown by what its owner may see *now*: the query filters by audience, and what was withdrawn says only
   that it was.
3. Ways to be told: the page, live; a digest by mail in the local morning; a mail at once for what concerns one's own
   networks; webhooks (``exchange.hooks``). Page and webhooks hang on no mail server. Nothing of AMBER or stricter
   stands in a mail (``compose``).
"""

from fusioncell.exchange.notify.model import Notice, Parties, Preferences, Threads, Watch
from fusioncell.exchange.notify.project import Follower
from fusioncell.exchange.notify.service import Notify

__all__ = ["Follower", "Notice", "Notify", "Parties", "Preferences", "Threads", "Watch"]
