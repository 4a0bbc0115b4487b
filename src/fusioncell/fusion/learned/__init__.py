"""What the hub learns from its own record, and how that is kept: as entries, tier by tier.

What is learned is learned from what every reader of a tier (TLP:CLEAR; CLEAR and GREEN) may see, becomes an entry for
that tier, and is replayed, never recomputed (DESIGN §2 rule 1, §4). Learned are: how far P(malicious) can be
believed on verdicts, how fast the chance fades that a value is reported again, and how likely it is now.

What is *not* here: the steps of learning (``fusion.learn``), evidence, verdicts (handed in).
"""

from fusioncell.fusion.learned.model import ANCHOR, KINDS, NOTHING, RAW, Again, Learned, Line

__all__ = ["ANCHOR", "KINDS", "NOTHING", "RAW", "Again", "Learned", "Line"]
