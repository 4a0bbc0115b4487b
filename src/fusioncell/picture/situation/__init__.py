"""The situation over time: how much came in day by day, of what, from which sectors, beside the time before.

Everything is of what the viewer may see, and of what was news when it came: an archive that somebody gives is no wave.
"""

from fusioncell.picture.situation.model import SPANS, Course, Situation
from fusioncell.picture.situation.service import Situations

__all__ = ["SPANS", "Course", "Situation", "Situations"]
