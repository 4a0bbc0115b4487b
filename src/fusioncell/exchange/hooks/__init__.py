"""Webhooks: an organisation's own systems are told of what concerns it, signed, again and again until they answer.

1. What hits a webhook's watches becomes a delivery, in the same transaction in which it was matched.
2. ``deliver`` takes what is due, asks anew what the organisation may see of it *now*, and posts it. Of what was
   withdrawn or narrowed since, a tombstone goes out instead: ids and no content.
3. What was delivered and is recalled later is followed by a tombstone.
4. An address that does not answer is asked again with growing pauses; after eight tries a delivery is a dead letter,
   which the organisation sees and can send again. An address that has not answered for five days is switched off.

Each request is signed (``sign``). The secret stands nowhere: it is made anew from the hub's key and the webhook's id.
"""

from fusioncell.exchange.hooks.model import Delivery, Hook
from fusioncell.exchange.hooks.service import Hooks

__all__ = ["Delivery", "Hook", "Hooks"]
