"""Saved queries: named questions to the picture, for oneself, one's organisation, a group or the Fusion Cell.

A query is asked anew each time, for whoever asks, from what that viewer may see: it carries a question, never an
answer. So one query gives each of its readers their own list, their own feed, and their own notices.
"""

from fusioncell.picture.saved.find import test_of
from fusioncell.picture.saved.model import Query, Saved
from fusioncell.picture.saved.service import SavedQueries

__all__ = ["Query", "Saved", "SavedQueries", "test_of"]
