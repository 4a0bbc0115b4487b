"""Lifts: wrong blocks end everywhere at once, by one named person, and a bar keeps them from coming back.

Not here: what renders a lift for resolvers (``PASSTHRU`` in an ``allow`` zone), which asks :meth:`Lifts.lifted_since`.
"""

from fusioncell.shield.lift.model import Bar, Chosen, Standing

__all__ = ["Bar", "Chosen", "Standing"]
