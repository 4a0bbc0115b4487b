"""What changes: actors, malware, techniques and vulnerabilities that are new, rise, return, or reach a sector."""

from fusioncell.picture.changes.model import Change, Changes, How
from fusioncell.picture.changes.service import WhatChanges

__all__ = ["Change", "Changes", "How", "WhatChanges"]
