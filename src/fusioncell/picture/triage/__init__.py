"""The triage queue: what deserves a look first and why, and what the Fusion Cell does about it.

The queue is worked out for its viewer, from what that viewer may see: a bounded look at the newest mentions of each
contributor, so that a flood by one hides nobody. What is done about an item (claimed, assigned, snoozed, dismissed) is
an entry for the Fusion Cell as an office (ADR 0009). What is *not* here: who visited when; that stays in the reader's
own browser (ADR 0008).
"""

from fusioncell.picture.triage.derive import standing_of
from fusioncell.picture.triage.model import Act, Candidate, Item, Kind, Queue, Reason, Show, Standing, Why, key_of
from fusioncell.picture.triage.rank import asset_hit, question
from fusioncell.picture.triage.service import Triage

__all__ = [
    "Act", "Candidate", "Item", "Kind", "Queue", "Reason", "Show", "Standing", "Triage", "Why", "asset_hit",
    "key_of", "question", "standing_of",
]  # fmt: skip
