"""Who a caller is to MISP; organisations and roles as MISP knows them. Other packages of the door ask here.

Organisations are the hub's; one that is none of the hub's, but stands as the creator of imported events, is kept as
"external". Inner numbers come from ``mispkeep`` and go out permuted (``misp.ids``), so their order tells nothing.
**Blocking**: all methods may touch the databases.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from fusioncell.exchange.misp import Caller, MispRefused, MispRole, Numbers
from fusioncell.exchange.mispkeep import Keep, Kept
from fusioncell.exchange.misppeople.model import (
    DEFAULT,
    EXTERNAL,
    LAST_STOCK,
    STOCK,
    OrgKnown,
    hub_role,
    make_role,
    role_of,
)
from fusioncell.kernel.clock import HOUR, Clock
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members.audit import Audit, author_of
from fusioncell.members.model import Organisation, permissions_of
from fusioncell.members.service import Members

NOBODY = MispRole(0, "")
"""The role of who is not signed in."""


class People:
    """The front door. ``site_admin``: compatibility mode: role 1 sees all through this door, and is audited."""

    def __init__(self, *, keep: Keep, numbers: Numbers, members: Members, audit: Audit, clock: Clock,
                 site_admin: bool = False) -> None:
        self._keep, self._numbers, self._members = keep, numbers, members
        self._audit, self._clock, self._site_admin = audit, clock, site_admin
        self._lock = threading.Lock()
        self._orgs: dict[str, OrgKnown] | None = None
        self._changes = 0
        self._noted: dict[str, int] = {}
        members.on_change(self.forget)

    # Who is asking

    def whoami(self, viewer: Viewer) -> Caller:
        """Return who asks, in MISP's terms."""
        if viewer.org is None:
            return Caller(viewer, 0, "", NOBODY)
        kept = self.user_kept(viewer.person or f"org:{viewer.org}", viewer.org)
        role = self._role_now(viewer, kept)
        allowed = self._site_admin and role.may("perm_site_admin") and viewer.may("administer_members")
        if allowed:
            self._note(viewer)
        return Caller(viewer, kept.number, viewer.org, role, allowed)

    def role_for(self, viewer: Viewer) -> MispRole:
        """Return a viewer's role, whoever asks."""
        kept = self.user_kept(viewer.person or f"org:{viewer.org}", viewer.org or "")
        return self._role_now(viewer, kept)

    def user_kept(self, key: str, org: str) -> Kept:
        """Return what is kept of a user: by a person's id, or ``org:ID`` for an organisation's own keys."""
        found = self._keep.named("User", key)
        if found is not None:
            return found
        try:
            return self._keep.add("User", key, {}, org=org)
        except Conflict:
            return self._keep.put("User", key, {}, org=org)

    def _role_now(self, viewer: Viewer, kept: Kept) -> MispRole:
        """Return the role that was given at this door while the hub's permissions bear it out, else what follows."""
        given = self.role(int(kept.body.get("role_id", 0)))
        if given is not None and given.may("perm_site_admin") and not self._site_admin:
            given = STOCK[2]
        if given is not None and permissions_of((hub_role(given),)) <= viewer.permissions:
            return given
        by_key = viewer.person is None
        return STOCK[role_of(viewer.permissions, key=by_key, site_admin=self._site_admin)]

    def _note(self, viewer: Viewer) -> None:
        """Write to the audit log that one sees all through this door: once an hour for each who does."""
        actor, now = author_of(viewer), self._clock.now()
        with self._lock:
            if now - self._noted.get(actor, -HOUR) < HOUR:
                return
            self._noted[actor] = now
        self._audit.note("misp.site_admin", org=viewer.org or "", subject=actor, detail="sees all through /misp",
                         actor=f"person:{viewer.person}" if viewer.person else f"org:{viewer.org}")

    # Ids

    def out(self, caller: Caller, number: int) -> str:
        """Return the id under which the caller sees an inner number."""
        return str(self._numbers.out(caller.org, number))

    def back(self, caller: Caller, given: object) -> int:
        """Return the inner number of an id that the caller was given, 0 for what is none."""
        try:
            return self._numbers.back(caller.org, str(given).strip())
        except NotFound:
            return 0

    # Organisations

    def forget(self) -> None:
        """Forget the remembered organisations: the membership changed."""
        self._changes += 1
        self._orgs = None

    def organisations(self) -> dict[str, OrgKnown]:
        """Return all organisations by their ids: the hub's in the order of admission, then the external ones."""
        known = self._orgs
        if known is None:
            changes = self._changes
            known = self._load_orgs()
            if changes == self._changes:
                self._orgs = known
        return known

    def _load_orgs(self) -> dict[str, OrgKnown]:
        with self._lock:
            kept = {one.key: one for one in self._keep.all("Organisation")}
            known = {}
            for each in self._members.organisations():
                if each.bound and not each.suspended:
                    one = kept.get(each.id) or self._keep.add("Organisation", each.id, {})
                    known[each.id] = _of_hub(each, one)
            for one in kept.values():
                if one.body.get("external"):
                    name, created = str(one.body.get("name", one.key)), int(one.body.get("created", 0))
                    known[one.key] = OrgKnown(one.key, external_number(one.key), name, one.key, False,
                                              created=created, body=one.body)
            return known

    def known(self, org_id: str) -> OrgKnown:
        """Return an organisation by the hub's id. One that is gone (suspended, erased) is named by its id alone."""
        return self.organisations().get(org_id) or OrgKnown(org_id, 0, org_id, org_id, False)

    def organisation(self, caller: Caller, org: str) -> dict[str, Any]:
        """Return what stands as ``Org`` in a document: id, name, uuid, local."""
        one = self.known(org)
        return {"id": self.out(caller, one.number) if one.number else "0", "name": one.name, "uuid": one.uuid,
                "local": one.local}  # fmt: skip

    def creator(self, caller: Caller, said: Mapping[str, Any]) -> dict[str, Any]:
        """Show the Orgc that an event states: the hub's own where its UUID is known, else as stated, and external."""
        identifier, name = str(said.get("uuid") or ""), str(said.get("name") or "")
        own = self.org_of_uuid(identifier)
        if own is not None:
            return self.organisation(caller, own.id)
        return {"id": self.out(caller, external_number(identifier or name)), "name": name or identifier,
                "uuid": identifier, "local": False}  # fmt: skip

    def find_organisation(self, caller: Caller, given: str) -> str | None:
        """Return the hub's id of an organisation by MISP id, UUID or name; None for none of the hub's."""
        try:
            one = self.find_org(caller, given)
        except MispRefused:
            return None
        return one.id if one.local else None

    def find_org(self, caller: Caller, reference: object) -> OrgKnown:
        """Return an organisation by MISP id, UUID or name; MispRefused where there is none."""
        text = str(reference or "").strip()
        number = self.back(caller, text) if text.isdigit() else 0
        folded = text.casefold()
        for one in self.organisations().values():
            if one.number == number or folded in (one.uuid.casefold(), one.id.casefold(), one.name.casefold()):
                return one
        raise MispRefused(404, "Invalid organisation")

    def org_of_uuid(self, identifier: str) -> OrgKnown | None:
        """Return the hub's organisation with this UUID, if there is one."""
        folded = identifier.casefold()
        return next((one for one in self.organisations().values() if one.local and one.uuid.casefold() == folded), None)

    def email(self, caller: Caller, person: str) -> str:
        """Return the address to show as an event's creator: to its own organisation alone, "" for any other."""
        someone = self._members.person_known(person)
        mine = someone is not None and (caller.site_admin or someone.org == caller.org)
        return someone.email if mine and someone else ""

    # Roles

    def role(self, number: int) -> MispRole | None:
        """Return a role by its id: as shipped, or one that was made here."""
        if number <= LAST_STOCK:
            return STOCK.get(number)
        found = self._keep.find("Role", number - LAST_STOCK)
        return make_role(number, found.body) if found else None

    def default_role(self) -> int:
        """Return the id of the role that new users get."""
        found = self._keep.named("Setting", "default_role")
        number = int(found.body["value"]) if found else DEFAULT
        return number if self.role(number) else DEFAULT


def external_number(identifier: str) -> int:
    """Return the inner number of an organisation that is none of the hub's: it follows from its UUID, or name."""
    return EXTERNAL + int.from_bytes(blake2b(identifier.casefold().encode(), digest_size=4).digest(), "big") % EXTERNAL


def _of_hub(each: Organisation, kept: Kept) -> OrgKnown:
    return OrgKnown(each.id, kept.number, each.name, str(kept.body.get("uuid") or each.id), True, each.sector,
                    each.created, kept.body)  # fmt: skip
