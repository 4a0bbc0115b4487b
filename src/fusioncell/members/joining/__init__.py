"""Joining the partnership: application, sponsor, vetting, terms.

1. Anybody applies for an organisation and names a sponsor: a member of *another* organisation. Nothing tells the
   applicant whether such a member exists.
2. Somebody of the named organisation who may ``sponsor`` stands for the applicant, or declines.
3. Somebody who may ``vet`` accepts or refuses, with a reason. Only now the organisation and its first person, its
   lead, come into being.
4. The lead accepts the terms for the organisation. Until then its people are no members (``members.recognise``).

Without a sponsor in good standing nothing goes on. What is *not* here: the people of a member (``members.accounts``).
"""

from __future__ import annotations

from fusioncell.members.joining.check_form import FIELDS, fill_in
from fusioncell.members.joining.model import Application, Filled, PublicState, Sponsored, State
from fusioncell.members.joining.service import Joining
from fusioncell.members.joining.terms import TERMS, Terms

__all__ = [
    "FIELDS", "TERMS", "Application", "Filled", "Joining", "PublicState", "Sponsored", "State", "Terms", "fill_in",
]
