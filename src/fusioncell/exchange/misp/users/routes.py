"""The actions of MISP users: users, auth_keys, userSettings, registrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.keep import Kept
from fusioncell.exchange.misp.people import People, show
from fusioncell.exchange.misp.people.model import inner
from fusioncell.exchange.misp.users.model import User
from fusioncell.exchange.misp.users.service import Users
from fusioncell.kernel.clock import SECOND
from fusioncell.members.model import KeyInfo

Run = Callable[[Call], Reply]


def actions(users: Users, people: People) -> Actions:
    """Return the actions of the package."""
    doors = _Doors(users, people)
    lead: dict[str, Any] = {"flag": "perm_admin"}
    made: Actions = {
        ("users", "view"): Action(doors.view),
        ("users", "edit"): Action(doors.edit, changes=True),
        ("users", "change_pw"): Action(doors.change_pw, changes=True),
        ("users", "heartbeat"): Action(lambda call: Reply({"message": "Heartbeat OK"})),
        ("users", "register"): Action(doors.register, permission="public", changes=True),
        ("users", "registrations"): Action(doors.registrations, permission="administer_members"),
        ("users", "acceptRegistrations"): Action(doors.accept, permission="administer_members", changes=True),
        ("users", "discardRegistrations"): Action(doors.discard, permission="administer_members", changes=True),
        ("auth_keys", "add"): Action(doors.add_key, changes=True, flag="perm_auth"),
        ("auth_keys", "index"): Action(doors.keys, flag="perm_auth"),
        ("auth_keys", "delete"): Action(doors.end_key, changes=True, flag="perm_auth"),
        ("user_settings", "index"): Action(doors.settings),
        ("user_settings", "getSetting"): Action(doors.get_setting),
        ("user_settings", "setSetting"): Action(doors.set_setting, changes=True),
        ("user_settings", "delete"): Action(doors.delete_setting, changes=True),
    }
    for action, run, changes in (("index", doors.index, False), ("view", doors.view, False),
                                 ("add", doors.add, True), ("edit", doors.edit, True), ("delete", doors.delete, True),
                                 ):  # fmt: skip
        made["users", f"admin_{action}"] = Action(run, changes=changes, **lead)
    made["users", "index"] = made["users", "admin_index"]
    return made


class _Doors:
    """The doors over one hub's users."""

    def __init__(self, users: Users, people: People) -> None:
        self._users, self._people = users, people

    # Users

    def view(self, call: Call) -> Reply:
        """users/view/{id|me}: the user, the role and the settings."""
        return Reply(self._expanded(call, self._users.find(call.caller, call.argument(0, "me"))))

    def index(self, call: Call) -> Reply:
        """admin/users/index[/value:][/searchorg:]."""
        wanted = str(call.given("value") or call.given("searchall") or "").lower()
        org = call.given("searchorg")
        chosen = self._people.find_org(call.caller, org).id if org else ""
        found = []
        for one in self._users.seen(call.caller):
            if (not chosen or one.org == chosen) and wanted in one.email.lower():
                found.append(self._listed(call, one))
        return Reply(found)

    def add(self, call: Call) -> Reply:
        """admin/users/add: answers with the user's key, shown this once."""
        one, secret = self._users.add(call.caller, call.fields("User"))
        return Reply({"User": self._json(call, one, secret.reveal())})

    def edit(self, call: Call) -> Reply:
        """users/edit/{id} and admin/users/edit/{id}."""
        one = self._users.edit(call.caller, call.argument(0, "me"), call.fields("User"))
        return Reply({"User": self._json(call, one)})

    def delete(self, call: Call) -> Reply:
        """admin/users/delete/{id}."""
        self._users.delete(call.caller, call.argument(0, "-"))
        return Reply(show.saved("User deleted.", call.path))

    def change_pw(self, call: Call) -> Reply:
        """users/change_pw: ``{"password"}``."""
        self._users.change_password(call.caller, call.fields("User"))
        return Reply(show.saved("Password Changed.", call.path))

    def _json(self, call: Call, one: User, authkey: str | None = None) -> dict[str, Any]:
        known = self._people.known(one.org)
        return show.user(
            given=self._people.given(call.caller, "User", one.kept.number),
            org=self._people.out(call.caller, known.number) if known.number else "0", email=one.email,
            role_id=self._users.role_of(one).id, body=one.kept.body, disabled=one.disabled, authkey=authkey,
            created=one.person.created if one.person else known.created,
        )  # fmt: skip

    def _listed(self, call: Call, one: User) -> dict[str, Any]:
        role = self._users.role_of(one)
        org = self._people.organisation(call.caller, one.org)
        return {"User": self._json(call, one), "Role": {"id": str(role.id), "name": role.name},
                "Organisation": {"id": org["id"], "name": org["name"]}}  # fmt: skip

    def _expanded(self, call: Call, one: User) -> dict[str, Any]:
        role = call.caller.role if inner("User", one.kept.number) == call.caller.user else self._users.role_of(one)
        settings = {kept.body["setting"]: kept.body["value"] for _, kept in self._users.settings(call.caller, one)}
        stub = self._people.organisation(call.caller, one.org)
        return {"User": self._json(call, one), "Role": show.role(role, {}, default=False),
                "UserSetting": settings, "Organisation": {"id": stub["id"], "name": stub["name"]}}  # fmt: skip

    # Registrations

    def register(self, call: Call) -> Reply:
        """users/register: a request for an account, by anybody."""
        self._users.register(call.fields("User"))
        return Reply(show.saved("Request sent. The administrators of this community have been notified.", call.path))

    def registrations(self, call: Call) -> Reply:
        """users/registrations/index."""
        return Reply([{"Inbox": self._inbox(call, one)} for one in self._users.registrations()])

    def _inbox(self, call: Call, one: Kept) -> dict[str, Any]:
        data = {"org_name": "", "org_uuid": "", "message": "", "custom_perms": "", **one.body["data"]}
        if not data["org_uuid"]:
            del data["org_uuid"]  # PyMISP looks whether it is there.
        return {"id": self._people.given(call.caller, "Registration", one.number), "uuid": one.key,
                "type": "registration",
                "title": f"User registration for {data['email']}.", "ip": "", "user_agent": "", "comment": "",
                "user_agent_sha256": "", "deleted": False, "timestamp": str(one.body["timestamp"]),
                "store_as_file": False, "data": data}  # fmt: skip

    def accept(self, call: Call) -> Reply:
        """users/acceptRegistrations/{id}."""
        count = self._users.accept(call.caller, _named(call), call.fields("User"))
        return Reply(show.saved(f"{count} registration(s) accepted.", call.path))

    def discard(self, call: Call) -> Reply:
        """users/discardRegistrations/{id}."""
        count = self._users.discard(call.caller, _named(call))
        return Reply(show.saved(f"{count} registration(s) discarded.", call.path))

    # Keys

    def add_key(self, call: Call) -> Reply:
        """auth_keys/add/{user}: the key stands in ``authkey_raw``, shown this once."""
        said = call.fields("AuthKey")
        one, info, secret = self._users.add_key(call.caller, call.argument(0, "me"), str(said.get("comment") or ""))
        return Reply({"AuthKey": {**self._key(call, one, info), "authkey_raw": secret.reveal()}})

    def keys(self, call: Call) -> Reply:
        """auth_keys/index."""
        return Reply([{"AuthKey": self._key(call, one, info),
                       "User": {"id": self._people.given(call.caller, "User", one.kept.number), "email": one.email}}
                      for one, info in self._users.keys(call.caller)])  # fmt: skip

    def end_key(self, call: Call) -> Reply:
        """auth_keys/delete/{key's public id}."""
        self._users.end_key(call.caller, call.argument(0))
        return Reply(show.saved("AuthKey deleted.", call.path))

    def _key(self, call: Call, one: User, info: KeyInfo) -> dict[str, Any]:
        return {"id": info.id, "uuid": info.id, "authkey_start": info.id[:4], "authkey_end": "",
                "created": str(info.created // SECOND), "expiration": str(info.expires // SECOND), "read_only": False,
                "user_id": self._people.given(call.caller, "User", one.kept.number), "comment": info.label,
                "allowed_ips": None}  # fmt: skip

    # Settings

    def settings(self, call: Call) -> Reply:
        """userSettings/index."""
        return Reply([self._setting(call, one, kept) for one, kept in self._users.settings(call.caller)])

    def get_setting(self, call: Call) -> Reply:
        """userSettings/getSetting: ``{"setting", "user_id"}``."""
        one, name = self._asked(call)
        kept = self._users.setting(one, name)
        if kept is None:
            raise MispRefused(404, "Invalid setting.")
        return Reply(self._setting(call, one, kept))

    def set_setting(self, call: Call) -> Reply:
        """userSettings/setSetting: ``{"setting", "value", "user_id"}``."""
        one, name = self._asked(call)
        kept = self._users.set_setting(call.caller, one, name, call.fields("UserSetting").get("value"))
        return Reply(self._setting(call, one, kept))

    def delete_setting(self, call: Call) -> Reply:
        """userSettings/delete: ``{"setting", "user_id"}``."""
        one, name = self._asked(call)
        if not self._users.drop_setting(one, name):
            raise MispRefused(404, "Invalid setting.")
        return Reply(show.saved("Setting deleted.", call.path))

    def _asked(self, call: Call) -> tuple[User, str]:
        said = {**call.named, **call.fields("UserSetting")}
        return (self._users.find(call.caller, said.get("user_id") or call.argument(0, "me")),
                str(said.get("setting") or call.argument(1)))  # fmt: skip

    def _setting(self, call: Call, one: User, kept: Kept) -> dict[str, Any]:
        body = kept.body
        return {"UserSetting": {"id": self._people.given(call.caller, "UserSetting", kept.number),
                                "setting": body["setting"],
                                "value": body["value"], "timestamp": str(body["timestamp"]),
                                "user_id": self._people.given(call.caller, "User", one.kept.number)}}  # fmt: skip


def _named(call: Call) -> list[str]:
    """Return the ids that a call names: in the path, or as a list in the body."""
    listed = call.given("id") or call.given("ids") or []
    more = listed if isinstance(listed, list) else [listed]
    return [*call.arguments, *(str(one) for one in more)]
