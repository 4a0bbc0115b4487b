"""Who may do what to whose account, and where an unused one stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import NotAllowed, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members.accounts.model import LEAD_GIVES, IdleRule, Step
from fusioncell.members.model import ROLES, Person, permissions_of


def step_of(last: Instant, noticed: Instant, now: Instant, rule: IdleRule) -> tuple[Step, Instant]:
    """Return the step of an account, and when the next one follows.

    A notice from before the last use counts for nothing: whoever comes back starts anew.
    """
    if now < last + rule.idle:
        return Step.ACTIVE, last + rule.idle
    if noticed <= last:
        return Step.NOTICE_DUE, now
    if now < noticed + rule.grace:
        return Step.GRACE, noticed + rule.grace
    return Step.REMOVAL_DUE, now


def roles_to_give(viewer: Viewer) -> tuple[str, ...]:
    """Return the roles that the viewer may give: an administrator all, a lead no more than they hold."""
    if viewer.may("administer_members"):
        return tuple(ROLES)
    return tuple(role for role in LEAD_GIVES if viewer.may("lead") and permissions_of((role,)) <= viewer.permissions)


def check_roles(viewer: Viewer, roles: Iterable[str]) -> None:
    """Raise NotAllowed where the viewer may not give one of these roles."""
    may = roles_to_give(viewer)
    for role in roles:
        if role not in may:
            raise NotAllowed(f"You may not give the role {role!r}.",
                             hint=f"You may give: {', '.join(may)}. Ask an administrator for others.")


def no_such_person() -> NotFound:
    """Return the error for whom there is not, and for whom the viewer need not know of."""
    return NotFound("There is no such person.", hint="Look at the people of your organisation.")


def check_reach(viewer: Viewer, someone: Person) -> None:
    """Raise unless the viewer may change this person's account.

    NotFound for a person of another organisation (a lead does not learn of them); NotAllowed for oneself, and for one
    who holds more than the lead could give.
    """
    if not viewer.may("administer_members"):
        if not viewer.may("lead") or someone.org != viewer.org:
            raise no_such_person()
        if not set(someone.roles) <= set(roles_to_give(viewer)):
            raise NotAllowed("This person holds more than you may give.", hint="Ask an administrator.")
    if someone.id == viewer.person:
        raise NotAllowed("Nobody changes their own account's roles or standing.", hint="Ask a colleague.")
