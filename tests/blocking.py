"""How tests have names blocked: organisations accuse, a rule proposes, a person approves."""

from __future__ import annotations

from dataclasses import replace

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Tlp, Uses, Viewer


def someone(hub: Hub, org: str, person: str = "") -> Viewer:
    """A person of an organisation, who may do all; the organisation is made where there is none."""
    if hub.members.organisation_named(org) is None:
        hub.members.add_organisation(org, org.lower(), "industry")
    found = hub.members.operator_viewer(org)
    assert found is not None
    return replace(found, person=person or f"person-of-{org}")


def accuse(hub: Hub, value: str, *orgs: str, uses: Uses | None = None, tlp: Tlp = Tlp.GREEN) -> None:
    """Each organisation names a domain as the attacker's, by itself."""
    now = format_instant(hub.clock.now())
    for org in orgs:
        body = f"domain,last_seen,comment\n{value},{now},by {org}\n".encode()
        hub.intake.accept(someone(hub, org), body, "text/csv", Terms(tlp=tlp, uses=uses))


def block(hub: Hub, value: str, *orgs: str) -> None:
    """Have a name proposed by rule and approved."""
    accuse(hub, value, *(orgs or ("Gov", "Bank")))
    hub.settle()
    hub.shield.approve(someone(hub, "Gov"), value)
    hub.settle()


def blocked(hub: Hub) -> set[str]:
    """What the zone holds."""
    return {rule.name for rule in hub.shield.zone.image().rules()}
