"""Use cases of sharing groups: make, change, let go; add and remove organisations. **Blocking**."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fusioncell.exchange.misp import Caller, MispRefused
from fusioncell.exchange.misp.keep import Keep, Kept
from fusioncell.exchange.misp.people import People
from fusioncell.exchange.misp.people.model import is_true
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import Conflict, TooLarge
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import MAX_PARTIES
from fusioncell.members import admit_name
from fusioncell.members.audit import Audit
from fusioncell.members.audit.service import actor_of

MODEL = "SharingGroup"
GONE = "SharingGroupGone"
"""UUIDs of groups that were let go: content still names them, so nobody makes another group of one."""
MOST_ORGS = MAX_PARTIES - 1
"""Most organisations of one sharing group: an audience names no more, and its maker is one."""
TEXTS = ("releasability", "description")


class Groups:
    """The front door. ``regroup(caller, uuid)`` moves what is shared with a group after its organisations changed."""

    def __init__(self, *, keep: Keep, people: People, audit: Audit, clock: Clock, randomness: Randomness,
                 regroup: Callable[[Caller, str], None]) -> None:
        self._keep, self._people, self._audit = keep, people, audit
        self._clock, self._randomness, self._regroup = clock, randomness, regroup

    def seen(self, caller: Caller) -> list[Kept]:
        """Return the sharing groups that the caller's organisation made or belongs to, the oldest first."""
        return [kept for kept in self._keep.all(MODEL) if self._people.is_in_group(caller, kept)]

    def find(self, caller: Caller, given: object) -> Kept:
        """Return a sharing group by MISP id or UUID. MispRefused for what is none of the caller's."""
        kept = self._people.group_kept(caller, given)
        if kept is None:
            raise MispRefused(404, "Invalid sharing group")
        return kept

    def add(self, caller: Caller, said: Mapping[str, Any]) -> Kept:
        """Make a sharing group; its maker belongs to it."""
        now = self._clock.now()
        body: dict[str, Any] = {"name": self._name(said), "created": now, "modified": now, "orgs": []}
        body |= {name: str(said.get(name) or "")[:2000] for name in TEXTS}
        body |= {"active": is_true(said.get("active", True)), "roaming": is_true(said.get("roaming", False))}
        for entry in said.get("SharingGroupOrg") or ():
            if isinstance(entry, Mapping):
                nested = entry.get("Organisation")
                named = entry.get("org_id") or (nested.get("uuid") if isinstance(nested, Mapping) else None)
                self._put_org(caller, body, named, extend=is_true(entry.get("extend")))
        identifier = str(said.get("uuid") or "").lower() or new_id(self._randomness)
        if self._keep.named(GONE, identifier):
            raise MispRefused(403, "Could not add SharingGroup", {"uuid": ["This UUID is taken."]})
        try:
            kept = self._keep.add(MODEL, identifier, body, org=caller.org)
        except Conflict:
            raise MispRefused(403, "Could not add SharingGroup", {"uuid": ["This UUID is taken."]}) from None
        self._note(caller, "misp.sharing_group.added", kept)
        return kept

    def edit(self, caller: Caller, given: object, said: Mapping[str, Any]) -> Kept:
        """Change a sharing group's name and words."""
        kept = self._to_change(caller, given)
        body = {**kept.body, "modified": self._clock.now()}
        if said.get("name") is not None:
            body["name"] = self._name(said)
        body |= {name: str(said[name])[:2000] for name in TEXTS if said.get(name) is not None}
        body |= {name: is_true(said[name]) for name in ("active", "roaming") if said.get(name) is not None}
        kept = self._keep.change(MODEL, kept.number, body)
        self._note(caller, "misp.sharing_group.edited", kept)
        return kept

    def delete(self, caller: Caller, given: object) -> None:
        """Let a sharing group go: its maker may. What was shared with it stays with those who had it."""
        kept = self.find(caller, given)
        if not (caller.site_admin or kept.org == caller.org):
            raise MispRefused(403, "You do not have permission to use this functionality.")
        self._keep.put(GONE, kept.key, {}, org=kept.org)
        self._keep.drop(MODEL, kept.number)
        self._note(caller, "misp.sharing_group.deleted", kept)

    def add_org(self, caller: Caller, given: object, org: object, *, extend: bool) -> None:
        """Add an organisation of the hub; what is shared with the group becomes visible to it."""
        kept = self._to_change(caller, given)
        body = {**kept.body, "orgs": [dict(entry) for entry in kept.body.get("orgs", ())]}
        self._put_org(caller, body, org, extend=extend)
        self._save(caller, kept, body)

    def remove_org(self, caller: Caller, given: object, org: object) -> None:
        """Take an organisation out; what is shared with the group is no longer visible to it."""
        kept = self._to_change(caller, given)
        one = self._people.find_org(caller, org)
        left = [entry for entry in kept.body.get("orgs", ()) if entry["org"] != one.id]
        if len(left) == len(kept.body.get("orgs", ())):
            raise MispRefused(404, "Organisation is not in this sharing group.")
        self._save(caller, kept, {**kept.body, "orgs": left})

    def _save(self, caller: Caller, kept: Kept, body: dict[str, Any]) -> None:
        kept = self._keep.change(MODEL, kept.number, {**body, "modified": self._clock.now()})
        self._note(caller, "misp.sharing_group.organisations", kept)
        self._regroup(caller, kept.key)

    def _put_org(self, caller: Caller, body: dict[str, Any], named: object, *, extend: bool) -> None:
        one = self._people.find_org(caller, named)
        if not one.local:
            raise MispRefused(403, f"{one.name} is no organisation of this hub, so nothing can be shared with it here.")
        orgs = [entry for entry in body["orgs"] if entry["org"] != one.id]
        if len(orgs) >= MOST_ORGS:
            raise TooLarge(f"a sharing group has at most {MOST_ORGS} organisations")
        body["orgs"] = [*orgs, {"org": one.id, "extend": extend}]

    def _to_change(self, caller: Caller, given: object) -> Kept:
        """Return a sharing group that the caller may change: its own, or one that it may extend."""
        kept = self.find(caller, given)
        extends = any(entry["org"] == caller.org and entry.get("extend") for entry in kept.body.get("orgs", ()))
        if not (caller.site_admin or kept.org == caller.org or extends):
            raise MispRefused(403, "You do not have permission to use this functionality.")
        return kept

    def _name(self, said: Mapping[str, Any]) -> str:
        return admit_name(str(said.get("name") or ""), "The name")

    def _note(self, caller: Caller, action: str, kept: Kept) -> None:
        self._audit.note(action, org=caller.org, actor=actor_of(caller.viewer), subject=kept.key,
                         detail=str(kept.body.get("name", "")))
