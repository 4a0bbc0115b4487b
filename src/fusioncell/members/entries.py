"""The membership's entries: what is written to the record, and read back from it.

Only the hub itself writes them (``org`` is ""); an entry of these kinds from anyone else is ignored. Nobody reads
them through a door: their audience is empty. Personal data stands in the payload's body alone, so erasing the
entry erases it (DESIGN rule 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fusioncell.kernel.entry import Draft
from fusioncell.kernel.marking import Audience, Tlp, Uses
from fusioncell.members.kinds import Kinds

NOBODY = Audience(Tlp.AMBER_STRICT, frozenset(), Uses.NONE)
"""The audience of every entry of this room."""


class Kept(Protocol):
    """What the record answers to an append."""

    @property
    def last_seq(self) -> int:
        """The position of the last entry."""
        ...


class Log(Protocol):
    """What this room needs of the record."""

    def append(self, org: str, drafts: Sequence[Draft], contribution: str) -> Kept:
        """Append durably."""
        ...

    def intern_audience(self, audience: Audience) -> int:
        """Return the small integer for an audience."""
        ...


class OrganisationAdded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``member.organisation``: an organisation was admitted.

    ``bound``: its terms are settled (the hub's own administrators added it). One that came by an application is bound
    once its lead accepts them (``joining``); until then its people are no members.
    """

    id: str
    name: str
    sector: str
    kind: str
    bound: bool = True


class PersonAdded(msgspec.Struct, frozen=True, kw_only=True):
    """``member.person``: a person of an organisation was added. Written once a person, so that one erasure ends it."""

    id: str
    org: str
    name: str
    email: str
    roles: tuple[str, ...]


class RolesGiven(msgspec.Struct, frozen=True, kw_only=True):
    """``member.roles``: a person's roles from now on."""

    person: str
    roles: tuple[str, ...]


class OrganisationNamed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.named``: an organisation's name from now on."""

    id: str
    name: str


class AddressGiven(msgspec.Struct, frozen=True, kw_only=True):
    """``member.address``: a person's e-mail address from now on. It goes with the person's erasure."""

    person: str
    email: str


class ClientNamed(msgspec.Struct, frozen=True, kw_only=True):
    """``member.client``: ``client`` is a client of ``provider`` (it opens TLP:AMBER), or no longer so."""

    client: str
    provider: str
    active: bool = True


class Suspended(msgspec.Struct, frozen=True, kw_only=True):
    """``member.suspended``: a party (``org:…`` or ``person:…``) is suspended, or reinstated."""

    party: str
    suspended: bool
    reason: str = ""


class AgreementMade(msgspec.Struct, frozen=True, kw_only=True):
    """``member.agreement``: up to which marking another hub reads here from now on (``ceiling``: a TLP label)."""

    org: str
    ceiling: str


Change = (AgreementMade | OrganisationAdded | OrganisationNamed | PersonAdded | AddressGiven | RolesGiven | ClientNamed
          | Suspended)  # fmt: skip

_KINDS = Kinds[Change]({
    "member.organisation": OrganisationAdded,
    "member.named": OrganisationNamed,
    "member.person": PersonAdded,
    "member.address": AddressGiven,
    "member.roles": RolesGiven,
    "member.client": ClientNamed,
    "member.suspended": Suspended,
    "member.agreement": AgreementMade,
})
draft_of, changes_in = _KINDS.draft_of, _KINDS.changes_in

ACTIONS: dict[type[Change], str] = {
    OrganisationAdded: "organisation.added",
    OrganisationNamed: "organisation.named",
    PersonAdded: "person.added",
    AddressGiven: "address.given",
    RolesGiven: "roles.given",
    ClientNamed: "client.named",
    Suspended: "party.suspended",
    AgreementMade: "agreement.made",
}
"""Change → what the audit log calls it."""


def action_of(change: Change) -> str:
    """Return what the audit log calls a change."""
    reinstated = isinstance(change, Suspended) and not change.suspended
    return "party.reinstated" if reinstated else ACTIONS[type(change)]
