"""Values of the charter: a policy, its categories, the bodies of the entries that change it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

PROPOSED, APPROVED, ADOPTED = "policy.proposed", "policy.approved", "policy.adopted"
KINDS = frozenset({PROPOSED, APPROVED, ADOPTED})


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be blocked. ``words``: what evidence says of such a name; the first category that fits counts."""

    id: str
    name: str
    severity: str = "medium"
    words: list[str] = []


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy. Nothing outside its categories is ever blocked.

    ``number``: one more than that of the policy it replaces. ``approvals``: N, the distinct people that a change needs.
    ``approvers``: M, the opaque ids of those who may approve one; empty means all whose role permits to approve blocks.
    ``guarded``: people that a guarded name needs. Days and hours bound what a decision may live.
    """

    number: int
    title: str
    categories: list[Category]
    approvals: int = 2
    approvers: list[str] = []
    guarded: int = 2
    usual_days: int = 30
    longest_days: int = 90
    compromised_hours: int = 72
    standing_days: int = 90

    def category(self, identifier: str) -> Category | None:
        """Return the category of an id, None for what the policy does not name."""
        return next((one for one in self.categories if one.id == identifier), None)


class PolicyBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every policy entry: ``id`` of the change; ``text`` where it is proposed or adopted."""

    id: str
    digest: str
    by: str = ""
    reason: str = ""
    text: Policy | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the policy as it stands. ``adopted``: when, 0 while it waits."""

    id: str
    digest: str
    policy: Policy
    proposed_by: str
    reason: str
    at: int
    approvals: tuple[tuple[str, int], ...]
    adopted: int
