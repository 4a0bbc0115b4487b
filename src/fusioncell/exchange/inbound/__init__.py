"""Inbound feeds: sources elsewhere, pulled by URL on a schedule, each an origin of its own (DESIGN §4).

1. A feed is the operators' affair: its definition, its state and the seal on its credentials stand in the vault. What
   it brings is a contribution like any other, by an organisation of kind ``feed`` that stands for it alone; the grade
   that the operators gave it stands in each entry, so that a replay weighs alike.
2. How each kind is read is a generator that yields what it wants asked or kept (``pull_file``, ``pull_misp``,
   ``pull_misp_server``, ``pull_taxii``): pure, bounded, tried without a network. The service asks, keeps, and notes
   how far it came.
3. An unchanged pull is one request and adds nothing: conditional requests, a digest of the body, a MISP feed's
   timestamps, a TAXII cursor, the rows of the last listing.
4. One bad event or row never sinks a pull; one bad feed never holds up another; what fails is asked again with growing
   pauses, and the page says what is wrong and what to do.
5. Nothing inside is ever fetched, but for hosts that the operators name (``feed_allow``).

What is *not* here: any trust in what a feed says of itself beyond its markings.
"""

from fusioncell.exchange.inbound.model import Feed, Kind, Progress, Standing
from fusioncell.exchange.inbound.service import Inbound

__all__ = ["Feed", "Inbound", "Kind", "Progress", "Standing"]
