"""Find the entries that hold a person's, or an applicant's, data. Pure.

Only entries whose whole effect ``member.erased`` undoes are found, so that a rebuild, which reads them no more, ends
the same: what moves a generation, an organisation's terms, who stood for whom name people by id alone and stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import person as party_of
from fusioncell.members.model import Person

_read = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class Found:
    """What was found: positions, and the ids of what goes with them."""

    seqs: list[int] = field(default_factory=list)
    contacts: set[str] = field(default_factory=set)
    applications: set[str] = field(default_factory=set)
    askings: set[tuple[str, str]] = field(default_factory=set)


def of_person(entries: Sequence[Entry], who: Person, *, guest: bool) -> Found:
    """Find what holds a person's data. ``guest``: their organisation stands for them alone, and goes too."""
    found, party = Found(), party_of(who.id)
    holds: set[str] = set()
    for entry, said in _bodies(entries):
        match entry.kind:
            case "member.application":
                if who.email in (said["email"], said["sponsor"].strip().lower()):
                    found.applications.add(said["id"])
            case "member.contact":
                # Of one's own organisation by the name too; elsewhere others may have the same.
                if said["email"] == who.email or (said["name"], said["org"]) == (who.name, who.org):
                    found.contacts.add(said["id"])
            case "hold.placed":
                if said["scope"] == "person" and said["target"] == who.id:
                    holds.add(said["id"])
            case "member.group.asked":
                if who.id == (entry.payload.author if entry.payload else "") or said["party"] == party:
                    found.askings.add((said["group"], said["party"]))
    for entry, said in _bodies(entries):
        if _is_of(entry, said, who, party, guest) or said.get("id") in holds or _is_listed(entry, said, found):
            found.seqs.append(entry.seq)
    return found


def of_application(entries: Sequence[Entry], application: str) -> Found:
    """Find what holds an applicant's data: the application, what its sponsor said, why it was refused."""
    found = Found(applications={application})
    found.seqs = [entry.seq for entry, said in _bodies(entries) if _is_listed(entry, said, found)]
    return found


def _bodies(entries: Iterable[Entry]) -> Iterable[tuple[Entry, dict[str, Any]]]:
    for entry in entries:
        if entry.payload is not None and entry.kind.startswith(("member.", "hold.")):
            yield entry, _read(entry.payload.body)


def _is_of(entry: Entry, said: dict[str, Any], who: Person, party: str, guest: bool) -> bool:
    """Whether an entry is the person's own: their account, roles, standing, profile, office."""
    match entry.kind:
        case "member.person":
            return bool(said["id"] == who.id)
        case "member.roles" | "member.address" | "member.idle" | "member.officer":
            return bool(said["person"] == who.id)
        case "member.suspended":
            return bool(said["party"] == party)
        case "member.profile":
            return bool(said["subject"] == party)
        case "member.organisation":
            return guest and bool(said["id"] == who.org)
    return False


def _is_listed(entry: Entry, said: dict[str, Any], found: Found) -> bool:
    """Whether an entry belongs to an application, a contact or a request to a group that goes."""
    match entry.kind:
        case "member.application":
            return said["id"] in found.applications
        case "member.sponsored":
            return said["application"] in found.applications
        case "member.vetted":
            # That one was accepted says who stood for whom, and stays.
            return said["application"] in found.applications and not said["accepted"]
        case "member.contact":
            return said["id"] in found.contacts
        case "member.group.asked":
            return (said["group"], said["party"]) in found.askings
    return False


def address_in(entries: Sequence[Entry], application: str) -> str:
    """Return the address that an application gave, "" where there is none."""
    return next((said["email"] for entry, said in _bodies(entries)
                 if entry.kind == "member.application" and said["id"] == application), "")
