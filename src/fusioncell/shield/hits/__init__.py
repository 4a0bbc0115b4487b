"""What blocking does: hit counts of listed names, as subscribers' agents report them; how fast, how often wrong.

Three circles see three things (DESIGN rule 5):

* **A report** is read by the subscriber's organisation and by those who operate the hub.
* **A release** is an entry of its own for the partnership: the sums of an hour, once it has reports of at least
  :data:`~fusioncell.shield.hits.model.ENOUGH` organisations, of a name only what as many of them saw. Nobody learns
  another's count by taking the own one from the sum.
* **Nobody** sees a count below k: no agent sends one, and none is taken.
"""

from fusioncell.shield.hits.model import ENOUGH, KINDS

__all__ = ["ENOUGH", "KINDS"]
