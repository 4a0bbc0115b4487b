"""The entries of privacy: the hub's own, readable by nobody (see ``members.entries``). They name people by id alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Draft, Entry, Payload


class PersonErased(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``member.erased``: what is held on a person, or an applicant, leaves every projection.

    ``seqs``: entries whose payload leaves the record now. ``contributions``: withdrawn with it; their payloads leave
    the record before the next rebuild, for what follows from them (the ids of observables) stands until then.
    ``contacts``, ``applications``: ids; ``askings``: (group, party).
    """

    id: str
    person: str = ""
    org: str = ""
    seqs: tuple[int, ...] = ()
    contacts: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    askings: tuple[tuple[str, str], ...] = ()
    contributions: tuple[str, ...] = ()


class HoldPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """``hold.placed``: an officer keeps data from erasure."""

    id: str
    scope: str
    target: str
    case: str
    basis: str
    officer: str
    until: Instant


class HoldLifted(msgspec.Struct, frozen=True, kw_only=True):
    """``hold.lifted``: it ended before its time."""

    id: str
    officer: str


Change = PersonErased | HoldPlaced | HoldLifted

CHANGES: dict[str, type[Change]] = {
    "member.erased": PersonErased,
    "hold.placed": HoldPlaced,
    "hold.lifted": HoldLifted,
}
"""Kind of entry → what its body holds."""

_KINDS = {change: kind for kind, change in CHANGES.items()}
_DECODERS = {kind: msgspec.json.Decoder(change) for kind, change in CHANGES.items()}


def draft_of(change: Change, audience: int, author: str) -> Draft:
    """Write a change as a draft. ``author``: a person's id or ""."""
    payload = Payload(author=author, subject=change.id, version=0, place="", body=msgspec.json.encode(change))
    return Draft(_KINDS[type(change)], audience, payload)


def changes_in(entries: Iterable[Entry]) -> Iterable[tuple[Entry, Change]]:
    """Read the changes in a batch, in order; what is not ours, erased or not the hub's own is passed over."""
    for entry in entries:
        decoder = _DECODERS.get(entry.kind)
        if decoder is None or entry.payload is None or entry.org:
            continue
        yield entry, decoder.decode(entry.payload.body)
