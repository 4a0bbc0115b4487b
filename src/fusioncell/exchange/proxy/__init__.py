"""Publication by proxy: an organisation publishes on behalf of another, whom its readers are not told.

1. The originator shares a contribution with the proxy, and consents: up to this marking, without our name
   (``exchange.receipts``: a consent whose product is such a publication, given beforehand or on asking).
2. A person of the proxy with ``edit`` publishes: new items of the proxy's with the same ids and content. Fields that
   name the originator are taken out, and TLP labels, which the new marking replaces; words are never changed, but those
   that name the originator, and addresses, are shown first.
3. Who published what for whom is an entry that those two alone may read. As the ids are the same, fusion counts one
   origin for who sees both (ADR 0004); for all others the proxy is the origin.
4. What the originator withdraws, the hub withdraws for the proxy. The proxy can withdraw its publication as well.

What is *not* promised: that nobody knows the originator by its style, or by ids that it used under its own name.
"""

from __future__ import annotations

from fusioncell.exchange.proxy.model import Plan, Publication
from fusioncell.exchange.proxy.service import Proxy

__all__ = ["Plan", "Proxy", "Publication"]
