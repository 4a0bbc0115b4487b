"""The weekly summary: what a week brought to the partnership, written from the record as of a position of it.

The same week at the same position gives the same bytes, whenever it is asked for; what was recalled or erased since is
left out of it, and nothing else changes: figures are those of that position. It is a text for the draft of a product
(``picture.products``), with live references.
"""

from fusioncell.picture.weekly.model import Summary, Week, week_named, week_of
from fusioncell.picture.weekly.service import Weekly

__all__ = ["Summary", "Week", "Weekly", "week_named", "week_of"]
