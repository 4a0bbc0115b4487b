"""Who a caller is to MISP; organisations and roles as MISP knows them. Other packages of the door ask here.

Organisations are the hub's; one that is none of the hub's, but stands as the creator of imported events, is kept as
"external". Inner numbers come from ``misp.keep`` and go out permuted (``misp.ids``), so their order tells nothing.
**Blocking**: all methods may touch the databases.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Protocol
from uuid import NAMESPACE_DNS, uuid5

from fusioncell.exchange.misp import Caller, MispRefused, MispRole, Numbers, SharingGroup
from fusioncell.exchange.misp.keep import Keep, Kept
from fusioncell.exchange.misp.people import show
from fusioncell.exchange.misp.people.model import (
    DEFAULT,
    EXTERNAL,
    FLAGS,
    LAST_STOCK,
    ORG_FIELDS,
    ROLE_FIELDS,
    SPACE,
    STOCK,
    OrgKnown,
    hub_role,
    inner,
    is_true,
    make_role,
    role_of,
    whole,
)
from fusioncell.kernel.clock import HOUR, Clock
from fusioncell.kernel.errors import Conflict, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.ports import Mail
from fusioncell.members import admit_name
from fusioncell.members.accounts import Accounts
from fusioncell.members.audit import Audit, author_of
from fusioncell.members.audit.service import actor_of
from fusioncell.members.model import KINDS, Organisation, permissions_of
from fusioncell.members.service import Members

CONTACTS_AN_HOUR = 20
"""Most mails that one organisation sends to events' makers in an hour."""
NOBODY = MispRole(0, "")
"""The role of who is not signed in."""


class Guard(Protocol):
    """The blocklists, which stand above this package (``misp.admin``)."""

    def blocked(self, caller: Caller, event: str, orgc: str) -> str:
        """Return why an event is not taken in, "" where it is."""
        ...

    def note_deleted(self, caller: Caller, event: str, info: str, orgc: str) -> None:
        """Block an event that was deleted."""
        ...


class _Open:
    """No blocklists."""

    def blocked(self, caller: Caller, event: str, orgc: str) -> str:
        return ""

    def note_deleted(self, caller: Caller, event: str, info: str, orgc: str) -> None:
        return


class People:
    """The front door. ``site_admin``: compatibility mode: role 1 sees all through this door, and is audited."""

    def __init__(self, *, keep: Keep, numbers: Numbers, members: Members, accounts: Accounts, audit: Audit,
                 clock: Clock, mail: Mail, site_admin: bool = False) -> None:
        self._keep, self._numbers, self._members, self._accounts = keep, numbers, members, accounts
        self._audit, self._clock, self._site_admin = audit, clock, site_admin
        self._mail, self._lock = mail, threading.Lock()
        self.guard: Guard = _Open()
        self._sent: deque[tuple[str, int]] = deque(maxlen=10_000)
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
        return Caller(viewer, inner("User", kept.number), viewer.org, role, allowed)

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

    def given(self, caller: Caller, model: str, number: int) -> str:
        """Return the id under which the caller sees a kept thing of a model."""
        return self.out(caller, inner(model, number))

    def taken(self, caller: Caller, model: str, given: object) -> int:
        """Return the number of a kept thing by the id that the caller was given, 0 for what is none of that model."""
        number = self.back(caller, given) - inner(model, 0)
        return number if 0 < number < SPACE else 0

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
        number = self.back(caller, text) if text.isdecimal() else 0
        folded = text.casefold()
        for one in self.organisations().values():
            if one.number == number or folded in (one.uuid.casefold(), one.id.casefold(), one.name.casefold()):
                return one
        raise MispRefused(404, "Invalid organisation")

    def count_users(self, one: OrgKnown) -> int:
        """Return how many people an organisation has. For administrators."""
        return len(self._members.people_of(one.id)) if one.local else 0

    def add_org(self, caller: Caller, said: Mapping[str, Any]) -> OrgKnown:
        """Admit an organisation; one with ``local`` false is only known by name. For administrators."""
        viewer, body = caller.viewer, _org_body(said)
        name = admit_name(str(said.get("name") or ""), "The name")
        identifier = str(said.get("uuid") or "").lower()
        if any(identifier and one.uuid.lower() == identifier or one.name.casefold() == name.casefold()
               for one in self.organisations().values()):  # fmt: skip
            raise MispRefused(403, "Could not add Organisation",
                              {"name": ["An organisation with this name or UUID already exists."]})
        if "local" in said and not is_true(said["local"]):
            key = identifier or str(uuid5(NAMESPACE_DNS, name.casefold()))
            self._keep.add("Organisation", key, {**body, "external": True, "name": name, "created": self._clock.now()})
            self._changed(caller, "misp.organisation.known", key, name)
            self.forget()
            return self.known(key)
        kind = body.get("type", "").lower()
        made = self._members.add_organisation(name, body.get("sector") or "other",
                                              kind if kind in KINDS else "industry", author=author_of(viewer))
        self._keep.put("Organisation", made.id, {**body, **({"uuid": identifier} if identifier else {})})
        self.forget()
        return self.known(made.id)

    def edit_org(self, caller: Caller, one: OrgKnown, said: Mapping[str, Any]) -> OrgKnown:
        """Change an organisation: its name, and what MISP keeps beside. For administrators."""
        body = {**one.body, **_org_body(said)}
        name = str(said.get("name") or "").strip()
        if name and name != one.name:
            if one.local:
                self._members.name_organisation(one.id, name, author=author_of(caller.viewer))
            else:
                body["name"] = admit_name(name, "The name")
        self._keep.put("Organisation", one.id, body)
        self._changed(caller, "misp.organisation.edited", one.id, name)
        self.forget()
        return self.known(one.id)

    def delete_org(self, caller: Caller, one: OrgKnown) -> None:
        """Suspend an organisation of the hub, or forget one that is only known by name. For administrators."""
        if one.local:
            self._accounts.suspend(caller.viewer, f"org:{one.id}", "deleted at the MISP door")
        else:
            kept = self._keep.named("Organisation", one.id)
            if kept is not None:
                self._keep.drop("Organisation", kept.number)
            self._changed(caller, "misp.organisation.forgotten", one.id, one.name)
        self.forget()

    def org_of_uuid(self, identifier: str) -> OrgKnown | None:
        """Return the hub's organisation with this UUID, if there is one."""
        folded = identifier.casefold()
        return next((one for one in self.organisations().values() if one.local and one.uuid.casefold() == folded), None)

    def email(self, caller: Caller, person: str) -> str:
        """Return the address to show as an event's creator: to its own organisation alone, "" for any other."""
        someone = self._members.person_known(person)
        mine = someone is not None and (caller.site_admin or someone.org == caller.org)
        return someone.email if mine and someone else ""

    def refuses(self, caller: Caller, event: str, creator: str) -> str:
        """Return why an event (its UUID, its Orgc's UUID) is not taken in, "" where it is."""
        return self.guard.blocked(caller, event, creator)

    def deleted(self, caller: Caller, event: str, info: str, creator: str) -> None:
        """Note that the caller deleted an event: MISP blocks it from coming back."""
        self.guard.note_deleted(caller, event, info, creator)

    def contact(self, caller: Caller, org: str, person: str, subject: str, message: str) -> bool:
        """Send a mail to who made an event; False where there is nobody to send it to, or over the bound."""
        someone = self._members.person_known(person) if person else None
        if someone is None or someone.org != org or not self._members.is_in_good_standing(someone):
            return False
        now = self._clock.now()
        if sum(who == caller.org and now - at < HOUR for who, at in self._sent) >= CONTACTS_AN_HOUR:
            return False
        self._sent.append((caller.org, now))
        self._mail.send(someone.email, " ".join(subject.split())[:200], message[:5000], about="misp.contact")
        return True

    # Sharing groups (``misp.groups`` changes them)

    def group_kept(self, caller: Caller, given: object) -> Kept | None:
        """Return what is kept of a sharing group, by MISP id or UUID, where the caller may know of it."""
        text = str(given or "").strip().lower()
        if text.isdecimal():
            number = self.taken(caller, "SharingGroup", text)
            found = self._keep.find("SharingGroup", number) if number else None
        else:
            found = self._keep.named("SharingGroup", text) if text else None
        return found if found is not None and self.is_in_group(caller, found) else None

    def is_in_group(self, caller: Caller, kept: Kept) -> bool:
        """Tell whether a sharing group is the caller's: it made it, or belongs to it."""
        return caller.site_admin or caller.org in group_orgs(kept)

    def sharing_group(self, caller: Caller, given: str) -> SharingGroup | None:
        """Return a sharing group by MISP id or UUID where the caller may use or see it, else None."""
        kept = self.group_kept(caller, given)
        if kept is None:
            return None
        shown = self.show_group(caller, kept)
        body = {**shown["SharingGroup"], **{name: part for name, part in shown.items() if name != "SharingGroup"}}
        return SharingGroup(kept.key, self.given(caller, "SharingGroup", kept.number), group_orgs(kept), body)

    def show_group(self, caller: Caller, kept: Kept) -> dict[str, Any]:
        """Return a sharing group as MISP shows it, with its organisations."""
        given, maker = self.given(caller, "SharingGroup", kept.number), self.organisation(caller, kept.org)
        listed = []
        for place, entry in enumerate(kept.body.get("orgs", ()), 1):
            org = self.organisation(caller, entry["org"])
            listed.append({"id": str(place), "sharing_group_id": given, "org_id": org["id"],
                           "extend": bool(entry.get("extend")), "Organisation": org})  # fmt: skip
        return {"SharingGroup": show.sharing_group(kept, given, maker), "Organisation": maker,
                "SharingGroupOrg": listed, "SharingGroupServer": []}  # fmt: skip

    # Roles

    def role(self, number: int) -> MispRole | None:
        """Return a role by its id: as shipped, or one that was made here."""
        if number <= LAST_STOCK:
            return STOCK.get(number)
        found = self._keep.find("Role", number - LAST_STOCK)
        return make_role(number, found.body) if found else None

    def roles_kept(self) -> list[Kept]:
        """Return what is kept of the roles that were made here, the oldest first."""
        return self._keep.all("Role")

    def role_body(self, number: int) -> Mapping[str, Any]:
        """Return what is kept of a role beside its flags."""
        found = self._keep.find("Role", number - LAST_STOCK) if number > LAST_STOCK else None
        return found.body if found else {}

    def add_role(self, caller: Caller, said: Mapping[str, Any]) -> int:
        """Make a role; returns its id. Only an administrator of the hub gets here."""
        name = admit_name(str(said.get("name") or ""), "The name", 100)
        taken = {role.name.casefold() for role in STOCK.values()} | {
            str(kept.body["name"]).casefold() for kept in self.roles_kept()}  # fmt: skip
        if name.casefold() in taken:
            raise MispRefused(403, "Could not add Role", {"name": ["A role with this name already exists."]})
        kept = self._keep.add("Role", name.casefold(), _role_body(said, {"name": name}))
        self._changed(caller, "misp.role.added", str(LAST_STOCK + kept.number), name)
        return LAST_STOCK + kept.number

    def edit_role(self, caller: Caller, number: int, said: Mapping[str, Any]) -> None:
        """Change a role that was made here."""
        kept = self._own_role(number)
        self._keep.change("Role", kept.number, _role_body(said, kept.body))
        self._changed(caller, "misp.role.edited", str(number), str(kept.body["name"]))

    def delete_role(self, caller: Caller, number: int) -> None:
        """Let a role go that was made here; who had it has the role that follows from the hub's own."""
        kept = self._own_role(number)
        self._keep.drop("Role", kept.number)
        self._changed(caller, "misp.role.deleted", str(number), str(kept.body["name"]))

    def set_default_role(self, caller: Caller, number: int) -> None:
        """Say which role new users get."""
        if self.role(number) is None:
            raise MispRefused(404, "Invalid role")
        self._keep.put("Setting", "default_role", {"value": number})
        self._changed(caller, "misp.role.default", str(number), "")

    def _own_role(self, number: int) -> Kept:
        if number in STOCK:
            raise MispRefused(403, "The roles that MISP ships stay as they are. Make one of your own.")
        kept = self._keep.find("Role", number - LAST_STOCK)
        if kept is None:
            raise MispRefused(404, "Invalid role")
        return kept

    def _changed(self, caller: Caller, action: str, subject: str, detail: str) -> None:
        self._audit.note(action, org=caller.org, actor=actor_of(caller.viewer), subject=subject, detail=detail)

    def default_role(self) -> int:
        """Return the id of the role that new users get."""
        found = self._keep.named("Setting", "default_role")
        number = int(found.body["value"]) if found else DEFAULT
        return number if self.role(number) else DEFAULT


def _org_body(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MISP keeps of an organisation beside its name, as far as it was said."""
    return {name: str(said[name])[:2000] for name in ORG_FIELDS if isinstance(said.get(name), str)}


def _role_body(said: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """Return a role's flags and limits: those said, over those that stand."""
    body = {"name": standing["name"]}
    for flag in FLAGS:
        body[flag] = is_true(said[flag]) if said.get(flag) is not None else bool(standing.get(flag))
    if "permission" in said:
        # MISP takes the level of the four flags about events as one number as well.
        for flag, least in (("perm_add", 1), ("perm_modify", 1), ("perm_modify_org", 2), ("perm_publish", 3)):
            body[flag] = body[flag] or whole(said["permission"]) >= least
    for name in ROLE_FIELDS:
        value = said.get(name, standing.get(name))
        if value is not None:
            body[name] = str(value)[:20]
    return body


def group_orgs(kept: Kept) -> frozenset[str]:
    """Return the hub's organisations of a sharing group: its maker, and those that belong to it."""
    return frozenset({kept.org, *(entry["org"] for entry in kept.body.get("orgs", ()))})


def external_number(identifier: str) -> int:
    """Return the inner number of an organisation that is none of the hub's: it follows from its UUID, or name."""
    return EXTERNAL + int.from_bytes(blake2b(identifier.casefold().encode(), digest_size=4).digest(), "big") % (1 << 29)


def _of_hub(each: Organisation, kept: Kept) -> OrgKnown:
    return OrgKnown(each.id, inner("Organisation", kept.number), each.name, str(kept.body.get("uuid") or each.id),
                    True, each.sector, each.created, kept.body)  # fmt: skip
