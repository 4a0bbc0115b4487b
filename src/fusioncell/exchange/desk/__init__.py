"""The desk: what a person keeps beside the conversation: drafts, bookmarks, watched and muted threads, reading marks.

Nobody else reads it. It stands in the vault: backed up, never rebuilt, deleted with the person. What is *not* here:
whether the person may still see what was kept; ``exchange.talk`` asks that each time.
"""

from fusioncell.exchange.desk.service import Desk

__all__ = ["Desk"]
