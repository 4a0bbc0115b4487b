"""The one place where a Viewer is made for a real party: from who it is and what it belongs to.

Sight comes from parties, actions from roles; the two never mix (DESIGN §3). A suspended organisation or person is
no viewer at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import CELL, Tlp, Viewer, group, org, person
from fusioncell.members.model import ROLES, Person, permissions_of

OFFICE_OF_APPROVER = "may:approve"
OFFICES = {
    # Proposals are addressed to the office of approver (ADR 0006); no contribution can be addressed to an office.
    "approve": OFFICE_OF_APPROVER,
    # Counts of a subscriber's resolvers are addressed to its organisation and to this office (``shield.hits``).
    "operate": "may:operate",
    # Holds are addressed to those who may place one, and to no one else (``shield.holds``).
    "deconflict": "may:deconflict",
    # How blocks come to be decided is told to auditors, too: who signed, what waited (``shield.model.OVERSIGHT``).
    "audit": "may:audit",
    "answer": CELL,
}
"""Offices by what a role permits: whoever may do that reads what is addressed to those who may."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """A party's place in a group: the generation since which it belongs, and the group's current one."""

    group: str
    since: int
    current: int

    def parties(self) -> Iterable[str]:
        """Name the generations held, as parties of an audience."""
        return (group(self.group, generation) for generation in range(self.since, self.current + 1))


@dataclass(frozen=True, slots=True)
class Standing:
    """What the projections say of an organisation and, where one asks, a person of it.

    ``bound``: the organisation has accepted the terms. ``belongings``: the groups that either is in.
    ``providers``: organisations in good standing whose client it is;
    ``provided``: the groups that those are in. ``guest_until``: of a guest, the instant at which its stay ends; then
    ``belongings`` are those of its one group.
    """

    org: str
    person: Person | None
    belongings: tuple[Belonging, ...] = ()
    providers: tuple[str, ...] = ()
    provided: tuple[Belonging, ...] = ()
    bound: bool = True
    guest_until: Instant | None = None
    ceiling: Tlp | None = None
    """Of another hub: up to which marking it reads here."""


def recognise(standing: Standing, roles: Iterable[str], scopes: frozenset[str] | None = None) -> Viewer:
    """Make the viewer.

    ``roles``: those of the person, or the key's one. A person's key permits no more than the person may do now, so
    that taking a role away also takes it from the keys. ``scopes`` narrow further.
    """
    parties = {org(standing.org)}
    permitted = permissions_of(roles)
    if standing.person is not None:
        parties.add(person(standing.person.id))
        permitted &= permissions_of(standing.person.roles)
    if scopes is not None:
        permitted &= scopes
    if standing.guest_until is not None:
        held = [party for belonging in standing.belongings for party in belonging.parties()]
        return Viewer(person=standing.person.id if standing.person else None, org=standing.org, guest=True,
                      parties=frozenset([org(standing.org), *held]), permissions=permitted & ROLES["guest"])
    if not standing.bound:
        # Known, and no member: it holds nothing but the right to bind its organisation (``joining``).
        return Viewer(person=standing.person.id if standing.person else None, org=standing.org,
                      permissions=permitted & {"lead"})
    if standing.ceiling is not None:
        return _partner(standing, standing.ceiling, permitted)
    for belonging in standing.belongings:
        parties.update(belonging.parties())
    parties.update(office for action, office in OFFICES.items() if action in permitted)
    clients = {org(provider) for provider in standing.providers}
    for belonging in standing.provided:
        clients.update(belonging.parties())
    return Viewer(
        person=standing.person.id if standing.person else None, org=standing.org, member=True,
        parties=frozenset(parties), client_parties=frozenset(clients), permissions=permitted,
    )


def _partner(standing: Standing, ceiling: Tlp, permitted: frozenset[str]) -> Viewer:
    """Make the viewer of another hub: it sees no more than its agreement's ceiling, and does nothing but read.

    Under CLEAR it is a guest of nothing; under GREEN a member without parties; under AMBER a client of its groups, as
    a client's sight ends at AMBER; RED is for named people, of whom a hub is none.
    """
    mine = {org(standing.org), *(party for belonging in standing.belongings for party in belonging.parties())}
    amber, strict = ceiling is Tlp.AMBER, ceiling.strictness >= Tlp.AMBER_STRICT.strictness
    clear = ceiling is Tlp.CLEAR
    return Viewer(
        org=standing.org, member=not clear, guest=clear, parties=frozenset(mine if strict else ()),
        client_parties=frozenset(mine if amber else ()), permissions=permitted & ROLES["hub"],
    )  # fmt: skip
