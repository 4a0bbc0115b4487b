"""The frozen values of the directory."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, Instant

STALE_AFTER = 90 * DAY
"""A contact that was not confirmed for so long is shown as stale."""
ASK_AGAIN_AFTER = DAY
"""A test is asked of a contact at most so often."""
LINK_LIFE = 7 * DAY
"""A test's link confirms for so long."""
MOST_CONTACTS = 20
"""Contacts of one organisation."""
PAGE = 50
"""Rows of a page of the directory."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a subject (``org:ID`` or ``person:ID``) says of itself. ``shown``: to the partnership, else to nobody.

    ``about``: an organisation's few words, a person's role. ``email``: for a person, "" where the address that they
    sign in with is not to be shown.
    """

    subject: str
    about: str = ""
    expertise: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation in the directory; ``profile`` None where it shows no more than its name, kind and sector."""

    id: str
    name: str
    kind: str
    sector: str
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class PersonListed:
    """A person in the directory, who chose to stand there."""

    id: str
    name: str
    org: str
    org_name: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone who answers day and night. ``readers``: ``green``, or the id of the group that it is for.

    ``asked``: when a test was last asked; ``confirmed``: when one was last confirmed.
    """

    id: str
    org: str
    name: str
    role: str
    phone: str
    email: str
    languages: str
    readers: str
    asked: Instant | None = None
    confirmed: Instant | None = None

    def is_stale(self, now: Instant) -> bool:
        """Tell whether it was not confirmed for 90 days, or never."""
        return self.confirmed is None or now - self.confirmed > STALE_AFTER
