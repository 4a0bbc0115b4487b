"""The entries of the directory. Unlike the rest of the membership's they are addressed to those who may read them."""

from __future__ import annotations

import msgspec

from fusioncell.members.kinds import Kinds


class ProfileSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``member.profile``: what a subject says of itself from now on, to the entry's audience."""

    subject: str
    about: str = ""
    expertise: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    shown: bool = False


class ContactSet(msgspec.Struct, frozen=True, kw_only=True):
    """``member.contact``: a 24-hour contact, for the entry's audience. New details end what was confirmed before."""

    id: str
    org: str
    name: str
    role: str
    phone: str
    email: str
    languages: str
    readers: str


class ContactAsked(msgspec.Struct, frozen=True, kw_only=True):
    """``member.contact.asked``: a test was asked."""

    contact: str


class ContactConfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.contact.confirmed``: the contact answered a test; from now on it is for the entry's audience."""

    contact: str


class ContactRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """``member.contact.removed``: the contact is one no more."""

    contact: str


Change = ProfileSet | ContactSet | ContactAsked | ContactConfirmed | ContactRemoved

_KINDS = Kinds[Change]({
    "member.profile": ProfileSet,
    "member.contact": ContactSet,
    "member.contact.asked": ContactAsked,
    "member.contact.confirmed": ContactConfirmed,
    "member.contact.removed": ContactRemoved,
})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in
