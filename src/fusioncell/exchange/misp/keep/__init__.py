"""What the MISP door keeps of its own, beside the record: settings, roles, switches, lists. The package's front door.

None of it is threat content, which stands in the record like every contribution.
"""

from __future__ import annotations

from fusioncell.exchange.misp.keep.model import Kept
from fusioncell.exchange.misp.keep.service import Keep

__all__ = ["Keep", "Kept"]
