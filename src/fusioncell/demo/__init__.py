"""The demonstration: a made-up partnership whose members contribute while a scripted story goes on.

What is *not* here: doors, files, the network (``cli.demo`` serves it); nothing a real hub uses.
"""

from fusioncell.demo.cast import PARTNERS, PLAYERS, Cast, assemble_cast
from fusioncell.demo.clock import StoryClock
from fusioncell.demo.director import Director, Notebook
from fusioncell.demo.production import PAST, prepare
from fusioncell.demo.trial import Plan, Trial, brier, majority, naive_count, trial_of, votes

__all__ = ["PARTNERS", "PAST", "PLAYERS", "Cast", "Director", "Notebook", "Plan", "StoryClock", "Trial",
           "assemble_cast", "brier", "majority", "naive_count", "prepare", "trial_of", "votes"]
