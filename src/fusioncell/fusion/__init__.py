"""Fusion: many parties' claims become one assessment for each viewer, which explains itself.

What is *not* here: who the parties are (opaque ids), what is done about an assessment (``shield``).
"""

from fusioncell.fusion.explanation import explain, verdict
from fusioncell.fusion.knowngood import Hit, Match
from fusioncell.fusion.knownlists import Category

__all__ = ["Category", "Hit", "Match", "explain", "verdict"]
