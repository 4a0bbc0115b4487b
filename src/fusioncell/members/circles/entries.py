"""The entries of groups: what is written to the record, and read back from it.

As in ``members.entries``: only the hub writes them, nobody reads them through a door, and what is personal in them (a
message) stands in the erasable payload alone. Entries that move a generation are never erased (``store.purge``).
"""

from __future__ import annotations

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.members.kinds import Kinds


class GroupMade(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``member.group``: a group with its founders, who hold its first generation."""

    id: str
    name: str
    members: tuple[str, ...]
    kind: str = "sector"
    purpose: str = ""
    openness: str = "invitation"
    open_history: bool = False
    owners: tuple[str, ...] = ()
    about: str = ""


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """``member.joined``: parties were admitted; a new generation begins with them, unless its history is open."""

    group: str
    parties: tuple[str, ...]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """``member.left``: a party left a group and holds none of its generations any more; its guests leave with it."""

    group: str
    party: str


class GroupChanged(msgspec.Struct, frozen=True, kw_only=True):
    """``member.group.changed``: name, purpose, kind and openness from now on."""

    group: str
    name: str
    purpose: str
    kind: str
    openness: str


class OwnersSet(msgspec.Struct, frozen=True, kw_only=True):
    """``member.group.owners``: the owners from now on."""

    group: str
    owners: tuple[str, ...]


class GroupClosed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.group.closed``: nothing more is posted; members keep what they hold, guests leave."""

    group: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """``member.group.asked``: a party asks to be let in (``way`` request), or is invited (``way`` invitation)."""

    group: str
    party: str
    way: str
    message: str = ""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """``member.group.answered``: it came to nothing: ``declined`` by the other side, ``withdrawn`` by its own."""

    group: str
    party: str
    answer: str


class GuestAdmitted(msgspec.Struct, frozen=True, kw_only=True):
    """``member.guest``: a guest's person and organisation (both made by entries of their own) in one group."""

    group: str
    person: str
    org: str
    host: str
    until: Instant


class GuestRenewed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.guest.renewed``: the guest stays until a later instant."""

    person: str
    until: Instant


class GuestLeft(msgspec.Struct, frozen=True, kw_only=True):
    """``member.guest.left``: the guest's stay ended before its time."""

    person: str


Change = (GroupMade | Joined | Left | GroupChanged | OwnersSet | GroupClosed | Asked | Answered | GuestAdmitted
          | GuestRenewed | GuestLeft)

_KINDS = Kinds[Change]({
    "member.group": GroupMade,
    "member.joined": Joined,
    "member.left": Left,
    "member.group.changed": GroupChanged,
    "member.group.owners": OwnersSet,
    "member.group.closed": GroupClosed,
    "member.group.asked": Asked,
    "member.group.answered": Answered,
    "member.guest": GuestAdmitted,
    "member.guest.renewed": GuestRenewed,
    "member.guest.left": GuestLeft,
})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in
