"""The entries of privacy: the hub's own, readable by nobody (see ``members.entries``). They name people by id alone."""

from __future__ import annotations

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.members.kinds import Kinds


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

_KINDS = Kinds[Change]({
    "member.erased": PersonErased,
    "hold.placed": HoldPlaced,
    "hold.lifted": HoldLifted,
})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in
