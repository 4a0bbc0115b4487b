"""The membership: organisations, people, roles, keys and sessions; the only room that says who is asking.

Front door: :class:`Members` (use cases); the river calls ``project.project`` with each batch of entries.
What is *not* here: what a viewer may see (``kernel.marking``), pages and routes, vetting and proved assets.
"""

from __future__ import annotations

from fusioncell.members.admit import admit_email, admit_kind, admit_name
from fusioncell.members.model import (
    KINDS,
    PERMISSIONS,
    ROLES,
    KeyInfo,
    Organisation,
    Person,
    Secret,
    SessionInfo,
    SignedIn,
    TermsDue,
    TooManyAttempts,
)
from fusioncell.members.service import Members, vault_metadata

__all__ = [
    "KINDS", "PERMISSIONS", "ROLES", "KeyInfo", "Members", "Organisation",
    "Person", "Secret", "SessionInfo", "SignedIn", "TermsDue", "TooManyAttempts",
    "admit_email", "admit_kind", "admit_name", "vault_metadata",
]
