"""The actions of sharing groups."""

from __future__ import annotations

from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, Reply
from fusioncell.exchange.misp.groups.service import Groups
from fusioncell.exchange.misp.keep import Kept
from fusioncell.exchange.misp.people import People, show
from fusioncell.exchange.misp.people.model import is_true


def actions(groups: Groups, people: People) -> Actions:
    """Return the actions of the package."""
    doors = _Doors(groups, people)
    changing: dict[str, Any] = {"permission": "contribute", "changes": True, "flag": "perm_sharing_group"}
    return {
        ("sharing_groups", "index"): Action(doors.index),
        ("sharing_groups", "view"): Action(doors.view),
        ("sharing_groups", "add"): Action(doors.add, **changing),
        ("sharing_groups", "edit"): Action(doors.edit, **changing),
        ("sharing_groups", "delete"): Action(doors.delete, **changing),
        ("sharing_groups", "addOrg"): Action(doors.add_org, **changing),
        ("sharing_groups", "removeOrg"): Action(doors.remove_org, **changing),
        ("sharing_groups", "addServer"): Action(doors.add_server, **changing),
        ("sharing_groups", "removeServer"): Action(doors.remove_server, **changing),
    }


class _Doors:
    """The doors over one hub's sharing groups."""

    def __init__(self, groups: Groups, people: People) -> None:
        self._groups, self._people = groups, people

    def index(self, call: Call) -> Reply:
        """sharingGroups/index."""
        return Reply({"response": [self._shown(call, kept) for kept in self._groups.seen(call.caller)]})

    def view(self, call: Call) -> Reply:
        """sharing_groups/view/{id or UUID}; HEAD tells whether it is there."""
        return Reply(self._shown(call, self._groups.find(call.caller, call.argument(0))))

    def add(self, call: Call) -> Reply:
        """sharingGroups/add."""
        body = call.body if isinstance(call.body, dict) else {}
        said = {**call.fields("SharingGroup")}
        if "SharingGroupOrg" in body:
            said["SharingGroupOrg"] = body["SharingGroupOrg"]
        return Reply(self._shown(call, self._groups.add(call.caller, said)))

    def edit(self, call: Call) -> Reply:
        """sharing_groups/edit/{id or UUID}."""
        return Reply(self._shown(call, self._groups.edit(call.caller, call.argument(0), call.fields("SharingGroup"))))

    def delete(self, call: Call) -> Reply:
        """sharingGroups/delete/{id or UUID}."""
        self._groups.delete(call.caller, call.argument(0))
        return Reply(show.saved("SharingGroup deleted", call.path))

    def add_org(self, call: Call) -> Reply:
        """sharingGroups/addOrg: ``{"sg_id", "org_id", "extend"}``, or in the path."""
        group, org = self._two(call, "org_id")
        extend = is_true(call.given("extend") or call.argument(2))
        self._groups.add_org(call.caller, group, org, extend=extend)
        return Reply(show.saved("Organisation added to the sharing group.", call.path))

    def remove_org(self, call: Call) -> Reply:
        """sharingGroups/removeOrg: ``{"sg_id", "org_id"}``, or in the path."""
        group, org = self._two(call, "org_id")
        self._groups.remove_org(call.caller, group, org)
        return Reply(show.saved("Organisation removed from the sharing group.", call.path))

    def add_server(self, call: Call) -> Reply:
        """sharingGroups/addServer: taken, and of no effect: organisations alone decide here."""
        group, _ = self._two(call, "server_id")
        self._groups.find(call.caller, group)
        return Reply(show.saved("Server added to the sharing group.", call.path))

    def remove_server(self, call: Call) -> Reply:
        """sharingGroups/removeServer: taken, and of no effect."""
        group, _ = self._two(call, "server_id")
        self._groups.find(call.caller, group)
        return Reply(show.saved("Server removed from the sharing group.", call.path))

    def _two(self, call: Call, second: str) -> tuple[object, object]:
        return call.given("sg_id") or call.argument(0), call.given(second) or call.argument(1)

    def _shown(self, call: Call, kept: Kept) -> dict[str, Any]:
        mine = call.caller.site_admin or kept.org == call.caller.org
        return {**self._people.show_group(call.caller, kept), "editable": mine, "deletable": mine}
