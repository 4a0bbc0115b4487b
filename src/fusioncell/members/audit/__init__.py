"""The audit log: who did what to the membership and to the hub, readable by those whom it concerns.

An organisation reads its own lines, auditors and operators all. It stands in the vault: it is backed up and never
rebuilt. What is *not* here: the route of anonymous contribution (DESIGN §3), which writes no line that names
a person, and the answers themselves: a line says what was done, never what was read.
"""

from __future__ import annotations

from fusioncell.members.audit.model import LOCAL, Line
from fusioncell.members.audit.service import Audit, actor_of, author_of, check_decider

__all__ = ["LOCAL", "Audit", "Line", "actor_of", "author_of", "check_decider"]
