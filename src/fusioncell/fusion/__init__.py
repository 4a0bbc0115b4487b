"""Fusion: many parties' claims become one assessment for each viewer, which explains itself.

What is *not* here: who the parties are (opaque ids), what is done about an assessment (``shield``).
"""

from fusioncell.fusion.explanation import WOULD_CHANGE, explain, machine_verdict, verdict, verdict_of
from fusioncell.fusion.knowngood import Ground, Hit, KnownGood, Match, ground
from fusioncell.fusion.knownlists import Category, Class
from fusioncell.fusion.sway import sways
from fusioncell.fusion.weigh import LANDMARK, ORIGIN_CAP, half_life, prior, probability, weight

__all__ = [
    "LANDMARK", "ORIGIN_CAP", "WOULD_CHANGE", "Category", "Class", "Ground", "Hit", "KnownGood", "Match", "explain",
    "ground", "half_life", "machine_verdict", "prior", "probability", "sways", "verdict", "verdict_of", "weight",
]  # fmt: skip
