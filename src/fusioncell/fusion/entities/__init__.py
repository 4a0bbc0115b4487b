"""Entities: actors, malware, tools, techniques, campaigns and vulnerabilities, from the galaxies and contributions.

What is *not* here: joining two of them without a person's word. Joined by alias alone, the galaxies' own actors fall
into wrong clusters (``tests/unit/test_entities_suggest.py``); here a shared alias is evidence, and a link is an entry.
"""

from fusioncell.fusion.entities.knowledge import ENTERPRISE, ICS, Knowledge
from fusioncell.fusion.entities.model import Entity, Kind, Link, Strength, Suggestion, Technique
from fusioncell.fusion.entities.refer import fold, refs_of_label
from fusioncell.fusion.entities.service import Entities, technique_names

__all__ = [
    "ENTERPRISE", "ICS", "Entities", "Entity", "Kind", "Knowledge", "Link", "Strength", "Suggestion", "Technique",
    "fold", "refs_of_label", "technique_names",
]  # fmt: skip
