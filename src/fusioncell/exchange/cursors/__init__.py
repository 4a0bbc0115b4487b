"""Named cursors: how far a listener of the stream has come, kept by the hub until it says that it has come further.

A name belongs to a person, or to an organisation's keys together. What was sent after the kept position and never
acknowledged is sent again: each event at least once.
"""

from fusioncell.exchange.cursors.service import Cursors

__all__ = ["Cursors"]
