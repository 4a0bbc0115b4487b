"""Verdicts: what people decided of values, as the record tells it; what sources and probabilities are measured by.

A block that a person approved is upheld; one that a person lifted is overturned. What the rule did is no verdict, and
expiry says nothing. The later verdict of a decision counts.
"""

from fusioncell.fusion.verdicts.model import Verdict
from fusioncell.fusion.verdicts.service import Verdicts

__all__ = ["Verdict", "Verdicts"]
