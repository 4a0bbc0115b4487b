"""The frozen values of MISP users."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.exchange.misp.keep import Kept
from fusioncell.members.model import Person

MOST_REGISTRATIONS = 500
"""Most registrations that may wait at once; anybody can send one."""
MOST_SETTINGS = 200
"""Most settings of one user."""
LONGEST_VALUE = 65_536
"""Most characters of one setting's value, as JSON."""


@dataclass(frozen=True, slots=True)
class User:
    """A user: ``person`` None is the user that stands for an organisation's own keys. ``kept``: what MISP adds."""

    kept: Kept
    org: str
    person: Person | None
    disabled: bool = False

    @property
    def email(self) -> str:
        """The address; that of an organisation's own keys is made up and reaches nobody (RFC 2606)."""
        return self.person.email if self.person else f"keys@{self.org}.invalid"
