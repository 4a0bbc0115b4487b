"""The entries of the directory. Unlike the rest of the membership's they are addressed to those who may read them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.entry import Draft, Entry, Payload


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

CHANGES: dict[str, type[Change]] = {
    "member.profile": ProfileSet,
    "member.contact": ContactSet,
    "member.contact.asked": ContactAsked,
    "member.contact.confirmed": ContactConfirmed,
    "member.contact.removed": ContactRemoved,
}
"""Kind of entry → what its body holds."""

_KINDS = {change: kind for kind, change in CHANGES.items()}
_DECODERS = {kind: msgspec.json.Decoder(change) for kind, change in CHANGES.items()}


def draft_of(change: Change, subject: str, audience: int, author: str) -> Draft:
    """Write a change as a draft. ``subject``: the id of the person, organisation or contact."""
    payload = Payload(author=author, subject=subject, version=0, place="", body=msgspec.json.encode(change))
    return Draft(_KINDS[type(change)], audience, payload)


def changes_in(entries: Iterable[Entry]) -> Iterable[tuple[Entry, Change]]:
    """Read the changes in a batch, in order; what is not ours, erased or not the hub's own is passed over."""
    for entry in entries:
        decoder = _DECODERS.get(entry.kind)
        if decoder is None or entry.payload is None or entry.org:
            continue
        yield entry, decoder.decode(entry.payload.body)
