"""Federation: another Fusion Cell reads here by TAXII, with recall and audiences intact; and we read there.

The side that is read:

1. An agreement is an organisation of kind ``hub`` with a key and a ceiling (``members``): that hub sees CLEAR; up to
   GREEN; up to AMBER or AMBER+STRICT of the groups that have admitted it, as they admit any member; RED never.
2. Objects go out by the TAXII door. Beside each page, ``about`` says whose contribution each object is (by its id) and
   through which hubs it came; ``withdrawn`` says what was recalled since a cursor, of what that hub may read.
3. Both are noted in the receipts, so that an originator sees *tombstone fetched* after that hub's next poll.

The side that reads is a feed of kind ``hub`` (``exchange.inbound.pull_hub``):

4. What was withdrawn there is withdrawn here first, in the name of that hub, and so goes on to whoever reads here.
5. An object is never shown here more widely than it is marked there; what is AMBER goes to the organisation that
   answers for the feed and to the groups that it named, what has no marking is AMBER+STRICT, what is RED is left out.
6. Loops end: what came through this hub is not taken back, and nothing goes over more than eight hubs.
"""

from fusioncell.exchange.federation.service import Federation

__all__ = ["Federation"]
