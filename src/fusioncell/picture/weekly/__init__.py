"""Summaries: what a week or a month brought to the partnership, or to a sector, written as of a position.

The same week at the same position gives the same bytes, whenever it is asked for; what was recalled or erased since is
left out of it, and nothing else changes: figures are those of that position. It is a text for the draft of a product
(``picture.products``), with live references.
"""

from fusioncell.picture.weekly.model import Summary, Week, month_named, month_of, week_named, week_of
from fusioncell.picture.weekly.service import Weekly

__all__ = ["Summary", "Week", "Weekly", "month_named", "month_of", "week_named", "week_of"]
