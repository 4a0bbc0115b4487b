"""Notebooks: investigations with their notes, values, hypotheses and the matrix that weighs evidence against them.

An investigation has its own audience, and all that is put into it has the same: a colleague who may read it may go on
with it. Everything is an entry; nothing is changed, later papers take the place of earlier ones. Likelihood is said
in the words of the PHIA probability yardstick, beside how confident the analyst is in the analysis: two things, kept
apart.
"""

from fusioncell.picture.notebook.derive import weighed
from fusioncell.picture.notebook.model import (
    CONFIDENCE,
    MARKS,
    YARDSTICK,
    Hypothesis,
    Investigation,
    Note,
    Paper,
    What,
    Word,
)
from fusioncell.picture.notebook.service import Notebooks

__all__ = [
    "CONFIDENCE", "MARKS", "YARDSTICK", "Hypothesis", "Investigation", "Note", "Notebooks", "Paper", "What", "Word",
    "weighed",
]  # fmt: skip
