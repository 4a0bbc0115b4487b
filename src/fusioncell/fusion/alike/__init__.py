"""Texts that are nearly the same: the hundredth report of one mail stands with the first, and costs no one's time.

What is alike is told at the time of reading, among what the viewer sees: nothing invisible takes part, and nothing is
kept that would tell of it (DESIGN rule 5).

What is *not* here: reports that share values (``fusion.clusters``), copies of one object (``fusion.origins``).
"""

from fusioncell.fusion.alike.model import LEAST, Alike, Near
from fusioncell.fusion.alike.service import Texts

__all__ = ["LEAST", "Alike", "Near", "Texts"]
