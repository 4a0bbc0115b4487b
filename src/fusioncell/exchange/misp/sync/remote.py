"""The administration of servers at the MISP door: is one reachable, as whom does it take the hub, what does it list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from fusioncell.exchange.misp import Action, Actions, Call, Caller, MispRefused, Reply
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.ports import WebAnswer

REACHED, UNREACHABLE, NO_MISP, NOT_KNOWN, NO_SYNC = 1, 2, 3, 4, 7
"""MISP's own statuses of ``servers/testConnection``."""
TEST = "Fusion Cell ⚛ äöü"
NOT_PULLED = (
    "The hub does not exchange with it yet: fusioncell feeds add URL --kind misp-server --secret 'Authorization: KEY' "
    "[--push green] --enable"
)
MOST_SHOWN = 1_000
Body = dict[str, Any]


class Web(Protocol):
    """Asks a MISP."""

    def ask_once(self, method: str, url: str, body: bytes, secret: str) -> WebAnswer:
        """Send JSON with a key to an address. Raises FusionCellError where it cannot be reached."""
        ...

    def exchange(self, url: str) -> bool:
        """Pull from and push to the MISP of this address now; tell whether it is one of the feeds."""
        ...


class Remote:
    """The actions. ``find(caller, id)``: a server as it is kept; ``add``: keeps one; ``local``: what is here."""

    def __init__(self, web: Web, *, version: str, base: str, find: Callable[[Caller, str], Mapping[str, Any]],
                 add: Callable[[Call, Body], Reply], own: Callable[[Caller], Body],
                 rules: Callable[[Call], Body]) -> None:  # fmt: skip
        self._web, self._version, self._base = web, version, base
        self._find, self._add, self._own, self._rules = find, add, own, rules

    def _ask(self, call: Call, path: str, body: Any = None) -> Any:
        """Ask the server that a call names; what it refuses is refused in its words."""
        server = self._find(call.caller, call.argument(0))
        answer = self._web.ask_once("POST" if body is not None else "GET", f"{str(server['url']).rstrip('/')}/{path}",
                                    msgspec.json.encode(body) if body is not None else b"", str(server["authkey"]))
        if answer.status != 200:
            raise MispRefused(answer.status if 400 <= answer.status < 500 else 502, f"It answered {answer.status}.")
        try:
            return msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise MispRefused(502, "Its answer is no JSON: is it a MISP?") from None

    def test(self, call: Call) -> Reply:
        """``servers/testConnection/{id}``."""
        try:
            said = self._ask(call, "servers/getVersion")
            echo = self._ask(call, "servers/postTest", {"testString": TEST})
        except MispRefused as fault:
            if fault.status in (401, 403):
                return Reply({"status": NOT_KNOWN})
            if fault.status == 404 and "Invalid" in fault.detail:
                raise
            return Reply({"status": NO_MISP, "message": fault.detail})
        except FusionCellError as fault:
            return Reply({"status": UNREACHABLE, "message": fault.detail})
        if not isinstance(said, dict) or "version" not in said:
            return Reply({"status": NO_MISP, "message": "It does not say which version it is."})
        returned = echo.get("body", {}).get("testString") if isinstance(echo, dict) else None
        return Reply({"status": REACHED if said.get("perm_sync") else NO_SYNC, "local_version": self._version,
                      "version": str(said["version"]), "mismatch": False, "newer": False,
                      "post": 1 if returned == TEST else 8, "info": said})  # fmt: skip

    def user(self, call: Call) -> Reply:
        """``servers/getRemoteUser/{id}``."""
        said = self._ask(call, "users/view/me.json")
        user, role = (said.get(name) or {} for name in ("User", "Role")) if isinstance(said, dict) else ({}, {})
        return Reply({"Email": str(user.get("email", "")), "Role name": str(role.get("name", "")),
                      "Sync flag": "Yes" if role.get("perm_sync") else "No"})  # fmt: skip

    def preview(self, call: Call) -> Reply:
        """``servers/previewIndex/{id}``: the published events that it lists for the hub."""
        rows = self._ask(call, "events/index", {"published": 1, "limit": MOST_SHOWN})
        return Reply(rows[:MOST_SHOWN] if isinstance(rows, list) else [])

    def rules(self, call: Call) -> Reply:
        """``servers/getAvailableSyncFilteringRules``: organisations and tags by which one may filter here."""
        return Reply(self._rules(call))

    def remote_rules(self, call: Call) -> Reply:
        """``servers/queryAvailableSyncFilteringRules/{id}``: the same of a server."""
        try:
            return Reply({"error": "", "data": self._ask(call, "servers/getAvailableSyncFilteringRules")})
        except FusionCellError as fault:
            return Reply({"error": fault.detail, "data": {}})

    def create(self, call: Call) -> Reply:
        """``servers/createSync``: what another MISP imports to add this hub; keys are not shown twice, so none is."""
        own = self._own(call.caller)
        return Reply({"Server": {"url": self._base, "uuid": own.get("uuid", ""), "authkey": "",
                                 "Organisation": {name: own.get(name) for name in ("name", "uuid")}}})  # fmt: skip

    def take(self, call: Call) -> Reply:
        """``servers/import``: adds the server that another one's ``createSync`` describes."""
        said = call.fields("Server")
        org = said.get("Organisation")
        name = said.get("name") or (org.get("name") if isinstance(org, dict) else "") or said.get("url")
        return self._add(call, {"name": name, "url": said.get("url"), "authkey": said.get("authkey", "")})

    def exchange(self, call: Call) -> Reply:
        """``servers/pull/{id}`` and ``servers/push/{id}``: the feed of that address is pulled and pushed now."""
        if not self._web.exchange(str(self._find(call.caller, call.argument(0))["url"])):
            raise MispRefused(403, NOT_PULLED)
        message = "Pull queued for background execution." if call.action == "pull" else (
            "Push queued for background execution.")  # fmt: skip
        return Reply({"saved": True, "success": True, "name": message, "message": message, "url": call.path})


def actions(remote: Remote) -> Actions:
    """Return the actions."""
    operate: dict[str, Any] = {"permission": "operate", "changes": True}
    return {
        ("servers", "testConnection"): Action(remote.test, **operate),
        ("servers", "getRemoteUser"): Action(remote.user, permission="operate"),
        ("servers", "previewIndex"): Action(remote.preview, permission="operate"),
        ("servers", "getAvailableSyncFilteringRules"): Action(remote.rules, flag="perm_sync"),
        ("servers", "queryAvailableSyncFilteringRules"): Action(remote.remote_rules, permission="operate"),
        ("servers", "createSync"): Action(remote.create, flag="perm_sync"),
        ("servers", "import"): Action(remote.take, **operate),
        ("servers", "pull"): Action(remote.exchange, **operate),
        ("servers", "push"): Action(remote.exchange, **operate),
    }
