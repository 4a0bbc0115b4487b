"""The actions of organisations and roles."""

from __future__ import annotations

from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.people import show
from fusioncell.exchange.misp.people.model import LAST_STOCK, STOCK, OrgKnown, whole
from fusioncell.exchange.misp.people.service import People


def actions(people: People) -> Actions:
    """Return the actions of the package."""
    doors = _Doors(people)
    admin: dict[str, Any] = {"permission": "administer_members", "changes": True}
    return {
        ("organisations", "index"): Action(doors.organisations),
        ("organisations", "view"): Action(doors.organisation),
        ("organisations", "admin_add"): Action(doors.add, **admin),
        ("organisations", "admin_edit"): Action(doors.edit, **admin),
        ("organisations", "admin_delete"): Action(doors.delete, **admin),
        ("roles", "index"): Action(doors.roles),
        ("roles", "view"): Action(doors.role),
        ("roles", "admin_index"): Action(doors.roles),
        ("roles", "admin_add"): Action(doors.add_role, **admin),
        ("roles", "admin_edit"): Action(doors.edit_role, **admin),
        ("roles", "admin_delete"): Action(doors.delete_role, **admin),
        ("roles", "admin_set_default"): Action(doors.set_default, **admin),
    }


class _Doors:
    """The doors over one hub's organisations and roles."""

    def __init__(self, people: People) -> None:
        self._people = people

    # Organisations

    def organisations(self, call: Call) -> Reply:
        """organisations/index[/scope:local|external|all][/searchall:]."""
        scope = str(call.given("scope") or "local").lower()
        # PyMISP writes a space of the path as a plus.
        wanted = str(call.given("searchall") or call.given("quickFilter") or "").replace("+", " ").strip("%").casefold()
        found = []
        for one in self._people.organisations().values():
            if scope in ("local", "external") and one.local != (scope == "local"):
                continue
            if wanted in one.name.casefold() or wanted in (one.uuid, one.sector.casefold()):
                found.append(self._org(call, one))
        return Reply(found)

    def organisation(self, call: Call) -> Reply:
        """organisations/view/{id, UUID or name}."""
        return Reply(self._org(call, self._people.find_org(call.caller, call.argument(0).replace("+", " "))))

    def add(self, call: Call) -> Reply:
        """admin/organisations/add."""
        return Reply(self._org(call, self._people.add_org(call.caller, call.fields("Organisation"))))

    def edit(self, call: Call) -> Reply:
        """admin/organisations/edit/{id}."""
        one = self._people.find_org(call.caller, call.argument(0))
        return Reply(self._org(call, self._people.edit_org(call.caller, one, call.fields("Organisation"))))

    def delete(self, call: Call) -> Reply:
        """admin/organisations/delete/{id}: the hub suspends it; its contributions stay."""
        self._people.delete_org(call.caller, self._people.find_org(call.caller, call.argument(0)))
        return Reply(show.saved("Organisation deleted", call.path))

    def _org(self, call: Call, one: OrgKnown) -> dict[str, Any]:
        users = self._people.count_users(one) if call.viewer.may("administer_members") else None
        return {"Organisation": show.organisation(one, self._people.out(call.caller, one.number), users=users)}

    # Roles

    def roles(self, call: Call) -> Reply:
        """roles/index."""
        numbers = [*STOCK, *(LAST_STOCK + kept.number for kept in self._people.roles_kept())]
        return Reply([self._role(number) for number in numbers])

    def role(self, call: Call) -> Reply:
        """roles/view/{id}."""
        return Reply(self._role(_number(call)))

    def add_role(self, call: Call) -> Reply:
        """admin/roles/add."""
        return Reply(self._role(self._people.add_role(call.caller, call.fields("Role"))))

    def edit_role(self, call: Call) -> Reply:
        """admin/roles/edit/{id}."""
        number = _number(call)
        self._people.edit_role(call.caller, number, call.fields("Role"))
        return Reply(self._role(number))

    def delete_role(self, call: Call) -> Reply:
        """admin/roles/delete/{id}."""
        self._people.delete_role(call.caller, _number(call))
        return Reply(show.saved("Role deleted", call.path))

    def set_default(self, call: Call) -> Reply:
        """admin/roles/set_default/{id}."""
        self._people.set_default_role(call.caller, _number(call))
        return Reply(show.saved("Default role set.", call.path))

    def _role(self, number: int) -> dict[str, Any]:
        role = self._people.role(number)
        if role is None:
            raise MispRefused(404, "Invalid role")
        default = number == self._people.default_role()
        return {"Role": show.role(role, self._people.role_body(number), default=default)}


def _number(call: Call) -> int:
    return whole(call.argument(0))


