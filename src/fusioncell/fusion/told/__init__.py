"""What is told against observables, statement by statement: who accuses them, or calls them compromised or attacked.

Scores weigh only what accuses; who answers for a network wants to know of its victims, too. What is *not* here: what a
statement says besides (its entry has it), whose an observable is.
"""

from fusioncell.fusion.told.service import Told

__all__ = ["Told"]
