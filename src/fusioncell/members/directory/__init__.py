"""The directory: what organisations and people chose to show to the partnership, and their 24-hour contacts.

Front door: :class:`Directory`. What is shown is an entry addressed to TLP:GREEN (a contact may be addressed to one
group instead); what is not shown is addressed to nobody. What is *not* here: who is a member (``members``), sign-in.
"""

from __future__ import annotations

from fusioncell.members.directory.confirm import make_token
from fusioncell.members.directory.model import Contact, Listed, PersonListed, Profile
from fusioncell.members.directory.service import Directory

__all__ = ["Contact", "Directory", "Listed", "PersonListed", "Profile", "make_token"]
