"""Coverage: what a viewer does *not* see. Types that nobody names, sectors that are silent, sources on which all rests.

A picture without its gaps is taken for the whole. Everything is of what the viewer may see: a sector that is silent
here may share with others. Nobody is named: sectors of fewer than three members stand together with others.
"""

from fusioncell.picture.coverage.model import Coverage, Gap, GapKind, Group, Kind, Tactic
from fusioncell.picture.coverage.service import Coverages

__all__ = ["Coverage", "Coverages", "Gap", "GapKind", "Group", "Kind", "Tactic"]
