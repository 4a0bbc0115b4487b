"""Use cases of MISP users: see, add, edit, remove; keys and passwords; settings; registrations.

Who may do what is the hub's own rule (``members.accounts``): an administrator reaches all, a lead the own
organisation, everybody themselves. **Blocking**, like the membership.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fusioncell.exchange.misp import Caller, MispRefused, MispRole
from fusioncell.exchange.misp.keep import Keep, Kept
from fusioncell.exchange.misp.people import People
from fusioncell.exchange.misp.people.model import hub_role, is_true, whole
from fusioncell.exchange.misp.people.show import PREFERENCES
from fusioncell.exchange.misp.users.model import LONGEST_VALUE, MOST_REGISTRATIONS, MOST_SETTINGS, User
from fusioncell.kernel.clock import SECOND, Clock
from fusioncell.kernel.errors import Conflict, NotAllowed, TooLarge
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Viewer
from fusioncell.members import admit_email
from fusioncell.members.accounts import Accounts
from fusioncell.members.accounts.model import IDLE, REMOVED
from fusioncell.members.audit import author_of
from fusioncell.members.model import KeyInfo, Person, Secret, permissions_of
from fusioncell.members.service import Members
from fusioncell.members.signing import Signing

KEY_DAYS = 365


class Users:
    """The front door of MISP users."""

    def __init__(self, *, keep: Keep, people: People, members: Members, accounts: Accounts, signing: Signing,
                 clock: Clock, randomness: Randomness) -> None:
        self._keep, self._people, self._members, self._accounts = keep, people, members, accounts
        self._signing, self._clock, self._randomness = signing, clock, randomness

    # See

    def me(self, caller: Caller) -> User:
        """Return the caller as a user."""
        viewer = caller.viewer
        kept = self._people.user_kept(viewer.person or f"org:{caller.org}", caller.org)
        return User(kept, caller.org, self._members.person(viewer.person) if viewer.person else None)

    def seen(self, caller: Caller) -> list[User]:
        """Return the users whom the caller may see: all, those of the own organisation, or the caller alone."""
        viewer = caller.viewer
        if not (_administers(viewer) or viewer.may("lead")):
            return [self.me(caller)]
        orgs = [one.id for one in self._people.organisations().values() if one.local]
        found = []
        for org_id in orgs if _administers(viewer) else [caller.org]:
            for who, reason in self._accounts.people(org_id):
                if not (who.suspended and reason in (REMOVED, IDLE)):
                    found.append(User(self._people.user_kept(who.id, org_id), org_id, who, who.suspended))
        return found

    def find(self, caller: Caller, reference: object) -> User:
        """Return a user by id, address or ``me``, as far as the caller may see them. MispRefused for any other."""
        text = str(reference or "me").strip()
        if text == "me" or self._people.back(caller, text) == caller.user:
            return self.me(caller)
        number = self._people.taken(caller, "User", text)
        for one in self.seen(caller):
            if number and one.kept.number == number or one.email == text.lower():
                return one
        raise MispRefused(404, "Invalid user")

    def role_of(self, one: User) -> MispRole:
        """Return a user's role."""
        viewer = self._members.viewer_of(f"person:{one.person.id}" if one.person else f"org:{one.org}")
        if viewer is not None:
            return self._people.role_for(viewer)
        given = self._people.role(int(one.kept.body.get("role_id", 0)))
        return given or MispRole(6, "Read Only")

    # Change

    def add(self, caller: Caller, said: Mapping[str, Any]) -> tuple[User, Secret]:
        """Add a user with a key, which is shown this once."""
        role = self._role(said.get("role_id") or self._people.default_role())
        org = self._people.find_org(caller, said["org_id"]) if said.get("org_id") else None
        email = admit_email(str(said.get("email") or ""))
        org_id = org.id if org else caller.org
        try:
            someone, _ = self._accounts.invite(caller.viewer, org_id, str(said.get("name") or email), email,
                                               (hub_role(role),))
        except Conflict:
            raise MispRefused(403, "Could not add User",
                              {"email": ["An account with this email address already exists."]}) from None
        body = {**_preferences(said), "role_id": role.id}
        kept = self._people.user_kept(someone.id, org_id)
        kept = self._keep.change("User", kept.number, body)
        return User(kept, org_id, someone), self._key_of(caller, someone)

    def edit(self, caller: Caller, reference: object, said: Mapping[str, Any]) -> User:
        """Change a user: preferences; for those who may, the role, the address and whether it is disabled."""
        one = self.find(caller, reference)
        body = {**one.kept.body, **_preferences(said)}
        if one.person is not None and one.person.id != caller.viewer.person:
            self._edit_account(caller, one, one.person, said, body)
        kept = self._keep.change("User", one.kept.number, body)
        someone = self._members.person(one.person.id) if one.person else None
        return User(kept, one.org, someone, bool(someone and someone.suspended))

    def _edit_account(self, caller: Caller, one: User, someone: Person, said: Mapping[str, Any],
                      body: dict[str, Any]) -> None:
        if said.get("role_id"):
            role = self._role(said["role_id"])
            if role.id != self.role_of(one).id:
                if (hub_role(role),) != someone.roles:
                    self._accounts.give_roles(caller.viewer, someone.id, (hub_role(role),))
                body["role_id"] = role.id
        if said.get("email") and str(said["email"]).strip().lower() != someone.email:
            try:
                self._accounts.give_address(caller.viewer, someone.id, str(said["email"]))
            except Conflict:
                raise MispRefused(403, "Could not edit User",
                                  {"email": ["An account with this email address already exists."]}) from None
        if "disabled" in said and is_true(said["disabled"]) != someone.suspended:
            if is_true(said["disabled"]):
                self._accounts.suspend(caller.viewer, f"person:{someone.id}", "disabled at the MISP door")
            else:
                self._accounts.unsuspend(caller.viewer, f"person:{someone.id}")

    def delete(self, caller: Caller, reference: object) -> None:
        """Remove a user; what opens to them ends at once."""
        one = self.find(caller, reference)
        if one.person is None:
            raise MispRefused(403, "This user stands for an organisation's own keys. End the keys instead.")
        self._accounts.remove(caller.viewer, one.person.id)

    def _role(self, given: object) -> MispRole:
        role = self._people.role(whole(given))
        if role is None:
            raise MispRefused(403, "Invalid role", {"role_id": ["There is no such role."]})
        return role

    # Keys and passwords

    def add_key(self, caller: Caller, reference: object, comment: str = "") -> tuple[User, KeyInfo, Secret]:
        """Make a key: one's own, or for those who may, another user's."""
        one = self.find(caller, reference)
        if one.person is None:
            raise MispRefused(403, "A key of an organisation is made on the hub's own pages.")
        label = (comment or "MISP key")[:100]
        if one.person.id == caller.viewer.person:
            info, secret = self._signing.make_key(caller.viewer, label, "administrator", caller.viewer.permissions
                                                  - {"unseal", "hold"}, KEY_DAYS)
            return one, info, secret
        if not permissions_of(one.person.roles) <= caller.viewer.permissions:
            # Or a lead's key would open the door to an administrator's.
            raise MispRefused(403, "You do not have permission to do that.", "This user may do more than you may.")
        if caller.viewer.person is None and not caller.viewer.local:
            # Whoever holds a key of a person decides as that person (``members.audit.check_decider``).
            raise MispRefused(403, "You do not have permission to do that.",
                              "A person makes a key of another user: this key belongs to nobody.")
        info, secret = self._members.make_key(one.org, one.person.id, "administrator", label,
                                              author=author_of(caller.viewer))
        return one, info, secret

    def _key_of(self, caller: Caller, someone: Person) -> Secret:
        """Make a new user's first key; what it permits follows the person's roles."""
        return self._members.make_key(someone.org, someone.id, "administrator", "MISP key",
                                      author=author_of(caller.viewer))[1]

    def keys(self, caller: Caller) -> list[tuple[User, KeyInfo]]:
        """Return the living keys of the users whom the caller may see."""
        users = {one.person.id: one for one in self.seen(caller) if one.person}
        orgs = {one.org for one in users.values()}
        now = self._clock.now()
        return [(users[key.person], key) for org in sorted(orgs) for key in self._members.list_keys(org)
                if key.person in users and key.ended is None and now < key.expires]

    def end_key(self, caller: Caller, public: str) -> None:
        """End a key of a user whom the caller may see."""
        if public not in {key.id for _, key in self.keys(caller)}:
            raise MispRefused(404, "Invalid Auth key.")
        if _administers(caller.viewer):
            self._members.end_key(public, author=author_of(caller.viewer))
        else:
            self._signing.end_key(caller.viewer, public)

    def change_password(self, caller: Caller, said: Mapping[str, Any]) -> None:
        """Set one's own password. The one that there is, if any, is asked for; a narrowed key does not suffice."""
        one = self.me(caller)
        if one.person is None:
            raise MispRefused(403, "An organisation's key has no password.")
        if caller.viewer.permissions != permissions_of(one.person.roles):
            raise NotAllowed("This key permits less than you may do, so it cannot set your password.",
                             hint="Set it on your account's page.")
        current = str(said.get("current_password") or "")
        self._signing.change_password(one.person.id, current, str(said.get("password") or ""), "misp")
        self._members.end_sessions(one.person.id)

    # Settings of a user

    def settings(self, caller: Caller, one: User | None = None) -> list[tuple[User, Kept]]:
        """Return the settings of the users whom the caller may see, or of one."""
        users = {str(user.kept.number): user for user in ([one] if one else self.seen(caller))}
        return [(users[kept.body["user"]], kept) for kept in self._keep.all("UserSetting")
                if kept.body["user"] in users]

    def setting(self, one: User, name: str) -> Kept | None:
        """Return one setting of a user."""
        return self._keep.named("UserSetting", f"{one.kept.number}|{name}")

    def set_setting(self, caller: Caller, one: User, name: str, value: Any) -> Kept:
        """Set a setting of a user. TooLarge over the bounds."""
        if not name or len(name) > 100:
            raise MispRefused(403, "Invalid setting", {"setting": ["A setting has a name of at most 100 characters."]})
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except msgspec.DecodeError:
                pass  # A plain text.
        if len(msgspec.json.encode(value)) > LONGEST_VALUE:
            raise TooLarge(f"a setting has at most {LONGEST_VALUE} characters")
        if self.setting(one, name) is None and len(self.settings(caller, one)) >= MOST_SETTINGS:
            raise TooLarge(f"a user has at most {MOST_SETTINGS} settings")
        body = {"user": str(one.kept.number), "setting": name, "value": value,
                "timestamp": self._clock.now() // SECOND}  # fmt: skip
        return self._keep.put("UserSetting", f"{one.kept.number}|{name}", body, org=one.org)

    def drop_setting(self, one: User, name: str) -> bool:
        """Delete a setting of a user; False where there is none."""
        found = self.setting(one, name)
        return bool(found and self._keep.drop("UserSetting", found.number))

    # Registrations

    def register(self, said: Mapping[str, Any]) -> None:
        """Keep a request for an account, where the settings allow such. Says nothing of who is known already."""
        allowed = self._keep.named("Setting", "Security.allow_self_registration")
        if not (allowed and is_true(allowed.body.get("value"))):
            raise MispRefused(403, "Self registration is not enabled on this instance.")
        email = admit_email(str(said.get("email") or ""))
        waiting = self._keep.all("Registration")
        if any(one.body["data"]["email"] == email for one in waiting):
            return
        if len(waiting) >= MOST_REGISTRATIONS:
            raise MispRefused(403, "Too many registrations wait at the moment.")
        data = {"email": email, **{name: str(said.get(name) or "")[:1000] for name in
                                   ("org_name", "org_uuid", "message", "custom_perms")},
                **{name: is_true(said.get(name)) for name in ("perm_sync", "perm_publish", "perm_admin")}}  # fmt: skip
        body = {"data": {name: value for name, value in data.items() if value != ""},
                "timestamp": self._clock.now() // SECOND}  # fmt: skip
        self._keep.add("Registration", new_id(self._randomness), body)

    def registrations(self) -> list[Kept]:
        """Return the registrations that wait, the oldest first."""
        return self._keep.all("Registration")

    def accept(self, caller: Caller, references: Iterable[str], said: Mapping[str, Any]) -> int:
        """Accept registrations: each becomes a user of the organisation that is named. Returns how many."""
        if not said.get("org_id"):
            raise MispRefused(403, "No organisation selected. Supply an Organisation ID")
        chosen = self._registrations(caller, references)
        for one in chosen:
            self.add(caller, {"email": one.body["data"]["email"], "org_id": said["org_id"],
                              "role_id": said.get("role_id")})
            self._keep.drop("Registration", one.number)
        return len(chosen)

    def discard(self, caller: Caller, references: Iterable[str]) -> int:
        """Discard registrations; what was said in them goes. Returns how many."""
        chosen = self._registrations(caller, references)
        for one in chosen:
            self._keep.drop("Registration", one.number)
        return len(chosen)

    def _registrations(self, caller: Caller, references: Iterable[str]) -> list[Kept]:
        wanted = {self._people.taken(caller, "Registration", reference) for reference in references}
        names = set(references)
        chosen = [one for one in self.registrations() if one.number in wanted or one.key in names]
        if not chosen:
            raise MispRefused(404, "Invalid registration.")
        return chosen


class UsersHeld:
    """What this package holds on a person beside the record: preferences, settings, a registration that waits."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    def held_on(self, person_id: str, email: str) -> dict[str, Any]:
        """Return it, for who asks what is held on them."""
        user = self._keep.named("User", person_id)
        settings = [kept for kept in self._keep.all("UserSetting") if user and kept.body["user"] == str(user.number)]
        waiting = [kept for kept in self._keep.all("Registration") if kept.body["data"]["email"] == email]
        return {
            "preferences": dict(user.body) if user else None,
            "settings": [{"setting": kept.body["setting"], "value": kept.body["value"]} for kept in settings],
            "registrations": [dict(kept.body) for kept in waiting],
        }

    def forget(self, person_id: str, email: str) -> None:
        """Delete it."""
        user = self._keep.named("User", person_id)
        for kept in self._keep.all("UserSetting"):
            if user and kept.body["user"] == str(user.number):
                self._keep.drop("UserSetting", kept.number)
        for kept in self._keep.all("Registration"):
            if kept.body["data"]["email"] == email:
                self._keep.drop("Registration", kept.number)
        if user:
            self._keep.drop("User", user.number)


def _administers(viewer: Viewer) -> bool:
    return viewer.may("administer_members")


def _preferences(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preferences among the fields, in the kind that each has."""
    found: dict[str, Any] = {}
    for name, default in PREFERENCES.items():
        if said.get(name) is not None:
            found[name] = is_true(said[name]) if isinstance(default, bool) else str(said[name])[:20_000]
    return found
