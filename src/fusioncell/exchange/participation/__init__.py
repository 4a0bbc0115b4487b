"""Participation, measured: who gives, how complete the context is, how fast replies come, what sectors give and take.

Rules kept here:

* every figure is a sum over what the viewer may see, so that a count tells of nothing hidden (DESIGN rule 5);
* anonymous authors are one voice, and stand in no figure of an organisation;
* a member sees its own organisation beside the median of its sector; sectors of fewer than three organisations are
  joined, so that a figure names nobody. Those who run the hub see organisations by name, of what they may see.

What is *not* here: who read or exported what (``exchange.receipts``, for originators alone); idle accounts
(``members.accounts``).
"""

from __future__ import annotations

from fusioncell.exchange.participation.measure import quarter_of
from fusioncell.exchange.participation.model import Figures, Report
from fusioncell.exchange.participation.service import Participation

__all__ = ["Figures", "Participation", "Report", "quarter_of"]
