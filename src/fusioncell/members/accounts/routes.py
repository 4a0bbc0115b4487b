"""HTTP operations of accounts: a lead's people, suspensions, idle accounts."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post

from fusioncell.kernel.clock import format_day, format_instant
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.marking import Viewer, org, person
from fusioncell.members.accounts.model import Idle, Suspension
from fusioncell.members.accounts.service import Accounts
from fusioncell.members.joining.model import Sponsored
from fusioncell.members.model import Person, Secret
from fusioncell.members.service import Members


class Inviting(msgspec.Struct, forbid_unknown_fields=True):
    """A person to add. ``organisation``: name or id, for administrators; else your own."""

    name: str
    email: str
    roles: list[str] = msgspec.field(default_factory=lambda: ["member"])
    organisation: str = ""


class Roles(msgspec.Struct, forbid_unknown_fields=True):
    """A person's roles from now on."""

    roles: list[str]


class Suspending(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to suspend: an organisation (name or id), a person (e-mail address or id), or ``org:ID``/``person:ID``."""

    party: str
    reason: str


def person_json(who: Person, reason: str = "") -> dict[str, Any]:
    """Return a person as JSON values."""
    return {"id": who.id, "organisation": who.org, "name": who.name, "email": who.email, "roles": list(who.roles),
            "suspended": who.suspended, "reason": reason}


def sponsored_json(one: Sponsored) -> dict[str, Any]:
    """Return one organisation that another stood for."""
    return {"organisation": one.org, "sponsor_organisation": one.sponsor_org, "sponsor_person": one.sponsor_person,
            "at": format_instant(one.at), "depth": one.depth}


def suspension_json(one: Suspension) -> dict[str, Any]:
    """Return a suspension with all whom the party stood for."""
    return {"party": one.party, "name": one.name, "organisation": one.org, "reason": one.reason,
            "since": format_instant(one.since), "stood_for": [sponsored_json(each) for each in one.stood_for]}


def idle_json(one: Idle) -> dict[str, Any]:
    """Return an idle account."""
    return {**person_json(one.person), "last_used": format_day(one.last) if one.used else None, "step": one.step.value,
            "noticed": format_instant(one.noticed) if one.noticed else None, "due": format_instant(one.due)}


def party_of(members: Members, text: str) -> str:
    """Return ``org:ID`` or ``person:ID`` for what an administrator typed. Raises NotFound."""
    kind, _, identifier = text.partition(":")
    if kind in ("org", "person"):
        return text
    someone = members.person_of_email(text) if "@" in text else None
    if someone is not None:
        return person(someone.id)
    try:
        return org(members.organisation_called(text).id)
    except NotFound:
        return person(members.person(text).id)


def _with_path(who: Person, link: Secret) -> dict[str, Any]:
    return {**person_json(who), "path": f"/sign-in/link/{link.reveal()}"}


@get("/api/organisation/people", tags=["accounts"], opt={"permission": "lead"}, sync_to_thread=True,
     summary="Your organisation's people")
def people(accounts: Accounts, viewer: Viewer) -> dict[str, Any]:
    """List them, those included who were removed or suspended."""
    return {"people": [person_json(who, reason) for who, reason in accounts.people(viewer.org or "")]}


@post("/api/organisation/people", tags=["accounts"], opt={"permission": "lead"}, status_code=201, sync_to_thread=True,
      summary="Invite a person")
def invite(data: Inviting, accounts: Accounts, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Add a person to your organisation. Answers the path of their one-time link, shown this once."""
    chosen = members.organisation_called(data.organisation).id if data.organisation else viewer.org or ""
    return _with_path(*accounts.invite(viewer, chosen, data.name, data.email, data.roles))


@post("/api/organisation/people/{which:str}/roles", tags=["accounts"], opt={"permission": "lead"}, status_code=200,
      sync_to_thread=True, summary="Give a person other roles")
def give_roles(which: str, data: Roles, accounts: Accounts, viewer: Viewer) -> dict[str, Any]:
    """Set a person's roles: no more than you hold yourself."""
    return person_json(accounts.give_roles(viewer, which, data.roles))


@post("/api/organisation/people/{which:str}/link", tags=["accounts"], opt={"permission": "lead"}, status_code=201,
      sync_to_thread=True, summary="Make a person a new one-time link")
def new_link(which: str, accounts: Accounts, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Make a new link, for one who has not come in yet or has lost their passkey."""
    link = accounts.link(viewer, which)
    return _with_path(members.person(which), link)


@post("/api/organisation/people/{which:str}/reinstate", tags=["accounts"], opt={"permission": "lead"}, status_code=201,
      sync_to_thread=True, summary="Take a removal back")
def reinstate(which: str, accounts: Accounts, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Take a removal back. Answers the path of the person's new one-time link."""
    link = accounts.reinstate(viewer, which)
    return _with_path(members.person(which), link)


@delete("/api/organisation/people/{which:str}", tags=["accounts"], opt={"permission": "lead"}, status_code=200,
        sync_to_thread=True, summary="Remove a person")
def remove(which: str, accounts: Accounts, viewer: Viewer) -> dict[str, Any]:
    """Remove a person of your organisation: sessions, keys, passkeys and password end."""
    accounts.remove(viewer, which)
    return {"id": which, "status": "removed"}


@get("/api/suspensions", tags=["accounts"], opt={"permission": "administer_members"}, sync_to_thread=True,
     summary="Who is suspended")
def suspensions(accounts: Accounts) -> dict[str, Any]:
    """List them, each with all whom it stood for."""
    return {"suspensions": [suspension_json(one) for one in accounts.suspended()]}


@post("/api/suspensions", tags=["accounts"], opt={"permission": "administer_members"}, status_code=201,
      sync_to_thread=True, summary="Suspend an organisation or a person")
def suspend(data: Suspending, accounts: Accounts, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Suspend. Sessions, keys and streams end within a minute. Answers all whom the party stood for."""
    party = party_of(members, data.party)
    stood_for = accounts.suspend(viewer, party, data.reason)
    return {"party": party, "status": "suspended", "stood_for": [sponsored_json(each) for each in stood_for]}


@delete("/api/suspensions/{party:str}", tags=["accounts"], opt={"permission": "administer_members"}, status_code=200,
        sync_to_thread=True, summary="Reinstate an organisation or a person")
def unsuspend(party: str, accounts: Accounts, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Take a suspension back."""
    named = party_of(members, party)
    accounts.unsuspend(viewer, named)
    return {"party": named, "status": "reinstated"}


@get("/api/admin/idle", tags=["accounts"], opt={"permission": "administer_members"}, sync_to_thread=True,
     summary="Idle accounts")
def idle(accounts: Accounts) -> dict[str, Any]:
    """List accounts that nobody uses, and at which step each is."""
    rule = accounts.rule
    return {"idle_days": rule.idle_days, "grace_days": rule.grace_days,
            "accounts": [idle_json(one) for one in accounts.idle()]}


@post("/api/admin/idle", tags=["accounts"], opt={"permission": "administer_members"}, status_code=200,
      sync_to_thread=True, summary="Take each due step of idle accounts now")
def run_idle(data: dict[str, str], accounts: Accounts) -> dict[str, Any]:
    """Send notices that are due and remove whose grace is over, as the hub does each day. Send an empty object."""
    if data:
        raise BadInput("this takes no fields", hint="Send {}.")
    return {"done": [idle_json(one) for one in accounts.run_idle()]}


HANDLERS = (people, invite, give_roles, new_link, reinstate, remove, suspensions, suspend, unsuspend, idle, run_idle)
"""The accounts' doors."""
