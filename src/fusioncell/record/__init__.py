"""The record: one append-only log of all that parties contribute and decide.

Accepted means kept: an append returns after the durable commit. Entries become visible in ``seq`` order; a reader
that resumes from its cursor sees each once. What is *not* here: what entries mean (the rooms downstream know).
"""

from fusioncell.record.seal import Seal

__all__ = ["Seal"]
