"""Joining's entries in the record: the hub's own, readable by nobody (see ``members.entries``).

Personal data stands in ``member.application`` alone, so erasing that entry erases it (DESIGN rule 13).
"""

from __future__ import annotations

import msgspec

from fusioncell.members.kinds import Kinds


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

_KINDS = Kinds[Change]({
    "member.application": Applied,
    "member.sponsored": Stood,
    "member.vetted": Vetted,
    "member.terms": TermsAccepted,
})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in
