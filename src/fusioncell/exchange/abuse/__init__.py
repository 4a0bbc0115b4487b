"""Abuse notices: what the partnership says of the addresses in an organisation's own networks, for its abuse desk.

1. Own is what the organisation has proved (``members.assets``): networks alone, for a notice is about an address.
2. A notice is one statement (attacker's, compromised, abused, attacked) of somebody else about one such address, or
   about a network or URL within. What only others may see is absent: the audience stands in the query.
3. It holds nothing of what was written: no text, no label, no other address. Of a URL stands scheme, host, port and
   the part of the path that no address can hide in.
4. Nothing is stored: neither notices, nor who fetched which, nor customers.

What is *not* here: the assets and their proofs, the scores, and what hits names (``/mine``, watches).
"""

from fusioncell.exchange.abuse.model import KINDS, By, Notice, Notices
from fusioncell.exchange.abuse.service import Abuse

__all__ = ["KINDS", "Abuse", "By", "Notice", "Notices"]
