"""Groups: by sector, region, event and project; who is in them, who asks to be, and guests from outside.

Front door: :class:`Circles`. A group is a party of an audience by its generations (``kernel.marking.group``): who joins
holds those from then on, so joining never shows the past, unless the group was made with open history. What is *not*
here: what a viewer may see (``kernel.marking``), and what is posted to a group (``exchange``).
"""

from __future__ import annotations

from fusioncell.members.circles.model import (
    GUEST_STAY,
    KINDS,
    Asking,
    Choice,
    Group,
    Guest,
    Openness,
    Place,
    Seen,
    Way,
)
from fusioncell.members.circles.service import Circles

__all__ = ["GUEST_STAY", "KINDS", "Asking", "Choice", "Circles", "Group", "Guest", "Openness", "Place", "Seen", "Way"]
