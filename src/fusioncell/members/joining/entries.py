"""Joining's entries in the record: the hub's own, readable by nobody (see ``members.entries``).

Personal data stands in ``member.application`` alone, so erasing that entry erases it (DESIGN rule 13).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.entry import Draft, Entry, Payload


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """``member.application``: an application. ``mark``: the reference code's keyed hash, in hex."""

    id: str
    mark: str
    name: str
    sector: str
    kind: str
    applicant: str
    email: str
    why: str
    sponsor: str
    sponsor_org: str


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """``member.sponsored``: a person of the organisation that was named stood for it, or declined."""

    application: str
    org: str
    person: str
    confirmed: bool
    statement: str


class Vetted(msgspec.Struct, frozen=True, kw_only=True):
    """``member.vetted``: it was accepted or refused. ``organisation``, ``lead``: what came into being, "" for none."""

    application: str
    vetter: str
    accepted: bool
    reason: str
    sponsor_org: str
    sponsor_person: str
    organisation: str = ""
    lead: str = ""


class TermsAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """``member.terms``: a person bound their organisation to a version of the terms."""

    org: str
    person: str
    version: str


Change = Applied | Stood | Vetted | TermsAccepted

CHANGES: dict[str, type[Change]] = {
    "member.application": Applied,
    "member.sponsored": Stood,
    "member.vetted": Vetted,
    "member.terms": TermsAccepted,
}
"""Kind of entry → what its body holds."""

_KINDS = {change: kind for kind, change in CHANGES.items()}
_DECODERS = {kind: msgspec.json.Decoder(change) for kind, change in CHANGES.items()}


def draft_of(change: Change, subject: str, audience: int, author: str) -> Draft:
    """Write a change as a draft. ``subject``: the id that it is about; ``author``: a person's id or ""."""
    payload = Payload(author=author, subject=subject, version=0, place="", body=msgspec.json.encode(change))
    return Draft(_KINDS[type(change)], audience, payload)


def changes_in(entries: Iterable[Entry]) -> Iterable[tuple[Entry, Change]]:
    """Read the changes in a batch, in order; what is not of joining, erased or not the hub's own is passed over."""
    for entry in entries:
        decoder = _DECODERS.get(entry.kind)
        if decoder is None or entry.payload is None or entry.org:
            continue
        yield entry, decoder.decode(entry.payload.body)
