"""The administration's actions at the MISP door."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, Caller, Document, MispRefused, Reply
from fusioncell.exchange.misp.admin.model import (
    BLOCKED_UUID,
    EVENTS,
    EXCLUSION,
    FEED,
    ORGS,
    PYMISP,
    SCHEMA,
    SERVER,
    VERSION,
    Lists,
)
from fusioncell.exchange.misp.admin.read_log import asked_of, log_entry
from fusioncell.exchange.misp.admin.service import Admin
from fusioncell.exchange.misp.keep import Kept
from fusioncell.exchange.misp.people import People, show

Resolve = Callable[[Caller, str, str], Document]
_OPERATE: dict[str, Any] = {"permission": "operate"}
_CHANGE: dict[str, Any] = {"permission": "operate", "changes": True}
_BLOCK: dict[str, Any] = {"permission": "contribute", "changes": True, "flag": "perm_admin"}


def actions(admin: Admin, people: People, resolve: Resolve, feeds: Iterable[Mapping[str, Any]],
            names: Callable[[], Iterable[tuple[str, str]]]) -> Actions:
    """Return the actions of the package.

    ``resolve(caller, model, given)`` finds an event; ``feeds``: the well-known ones; ``names()``: all of the door's
    actions, which ``queryACL`` lists.
    """
    doors = _Doors(admin, people, resolve, feeds, names)
    made = _of_servers(doors) | _of_lists(doors)
    for controller, model in (("event_blocklists", EVENTS), ("org_blocklists", ORGS)):
        made |= _of_blocklist(doors, controller, model)
    return made


def _of_servers(doors: _Doors) -> Actions:
    made: Actions = {
        ("servers", "getVersion"): Action(get_version),
        ("servers", "getPyMISPVersion"): Action(get_pymisp_version),
        ("servers", "postTest"): Action(doors.post_test),
        ("servers", "serverSettings"): Action(doors.settings, **_OPERATE),
        ("servers", "getSetting"): Action(doors.setting, **_OPERATE),
        ("servers", "serverSettingsEdit"): Action(doors.set_setting, **_CHANGE),
        ("servers", "dbSchemaDiagnostic"): Action(doors.schema, **_OPERATE),
        ("servers", "update"): Action(doors.done("The hub is updated by its operators."), **_CHANGE),
        ("servers", "getWorkers"): Action(lambda call: Reply({}), **_OPERATE),
        ("servers", "queryACL"): Action(doors.acl, **_OPERATE),
        ("events", "queryACL"): Action(doors.acl, **_OPERATE),
        ("events", "pushEventToZMQ"): Action(doors.push_zmq, permission="contribute", changes=True,
                                            flag="perm_publish_zmq"),
        ("users", "statistics"): Action(doors.statistics),
        ("logs", "index"): Action(doors.logs, flag="perm_audit"),
        ("logs", "admin_index"): Action(doors.logs, flag="perm_audit"),
    }  # fmt: skip
    for name in ("restartWorkers", "restartDeadWorkers", "startWorker", "stopWorker", "killAllWorkers"):
        made["servers", name] = Action(doors.done("There are no workers here: the hub does all in one process."),
                                       **_CHANGE)  # fmt: skip
    return made


def _of_lists(doors: _Doors) -> Actions:
    made: Actions = {
        ("feeds", "loadDefaultFeeds"): Action(doors.load_feeds, **_CHANGE),
        ("feeds", "enable"): Action(doors.switch_feed(on=True), **_CHANGE),
        ("feeds", "disable"): Action(doors.switch_feed(on=False), **_CHANGE),
        ("feeds", "cacheFeeds"): Action(doors.done("Feed caching job initiated."), **_CHANGE),
        ("feeds", "compareFeeds"): Action(lambda call: Reply([]), **_OPERATE),
        ("feeds", "fetchFromFeed"): Action(doors.no_fetch, **_CHANGE),
        ("feeds", "fetchFromAllFeeds"): Action(doors.no_fetch, **_OPERATE),
        ("feeds", "searchCaches"): Action(lambda call: Reply([]), **_OPERATE),
        ("correlation_exclusions", "clean"): Action(doors.done("Correlations cleaned up."), **_CHANGE),
    }
    for controller, kind, deleted in (
        ("feeds", FEED, "Feed deleted."), ("servers", SERVER, "Server deleted"),
        ("correlation_exclusions", EXCLUSION, "CorrelationExclusion deleted."),
    ):  # fmt: skip
        made[controller, "index"] = Action(doors.index(kind), **_OPERATE)
        made[controller, "view"] = Action(doors.view(kind), **_OPERATE)
        made[controller, "add"] = Action(doors.add(kind), **_CHANGE)
        made[controller, "edit"] = Action(doors.edit(kind), **_CHANGE)
        made[controller, "delete"] = Action(doors.delete(kind, deleted), **_CHANGE)
    return made


def _of_blocklist(doors: _Doors, controller: str, model: str) -> Actions:
    return {
        (controller, "index"): Action(doors.blocklist(model), flag="perm_admin"),
        (controller, "add"): Action(doors.block(model), **_BLOCK),
        (controller, "edit"): Action(doors.edit_blocked(model), **_BLOCK),
        (controller, "delete"): Action(doors.unblock(model), **_BLOCK),
    }


def get_version(call: Call) -> Reply:
    """Answer as which MISP the hub speaks, and what the caller's role lets it synchronise (servers/getVersion)."""
    role = call.caller.role
    return Reply({
        "version": VERSION, "pymisp_recommended_version": PYMISP, "perm_sync": role.may("perm_sync"),
        "perm_sighting": role.may("perm_sighting"), "perm_galaxy_editor": role.may("perm_galaxy_editor"),
        "perm_analyst_data": role.may("perm_analyst_data"), "request_encoding": [], "filter_sightings": True,
    })  # fmt: skip


def get_pymisp_version(call: Call) -> Reply:
    """Answer which PyMISP is recommended (servers/getPyMISPVersion)."""
    return Reply({"version": PYMISP})


Run = Callable[[Call], Reply]


class _Doors:
    """The doors over one hub's administration."""

    def __init__(self, admin: Admin, people: People, resolve: Resolve, feeds: Iterable[Mapping[str, Any]],
                 names: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self._admin, self._people, self._resolve = admin, people, resolve
        self._feeds, self._names = tuple(feeds), names

    def done(self, message: str) -> Run:
        """Answer that something is done of which nothing is left to do."""
        return lambda call: Reply(show.saved(message, call.path))

    # Server

    def post_test(self, call: Call) -> Reply:
        """servers/postTest: what a MISP that synchronises sends to see what arrives."""
        body = call.body if isinstance(call.body, dict) else {}
        return Reply({"body": {"testString": str(body.get("testString", ""))[:1000]},
                      "headers": {"Accept": call.accept, "Content-type": "application/json"}})  # fmt: skip

    def settings(self, call: Call) -> Reply:
        """servers/serverSettings."""
        listed = [_setting(name, value) for name, value in self._admin.settings().items()]
        return Reply({"version": {"current": f"v{VERSION}", "newest": f"v{VERSION}", "upToDate": "same"},
                      "phpSettings": {}, "gpgStatus": "", "proxyStatus": "", "zmqStatus": "", "stix": {},
                      "workers": {}, "finalSettings": listed})  # fmt: skip

    def setting(self, call: Call) -> Reply:
        """servers/getSetting/{name}."""
        name = call.argument(0)
        return Reply(_setting(name, self._admin.setting(name)))

    def set_setting(self, call: Call) -> Reply:
        """servers/serverSettingsEdit/{name}: ``{"value"}``."""
        said = call.fields("Server")
        if "value" not in said:
            raise MispRefused(403, "No value supplied.")
        self._admin.set_setting(call.caller, call.argument(0), said["value"])
        return Reply(show.saved("Field updated", call.path))

    def schema(self, call: Call) -> Reply:
        """servers/dbSchemaDiagnostic: the hub has a schema of its own, which it migrates by itself."""
        return Reply({"dataSource": "Fusion Cell", "actual_db_version": SCHEMA, "expected_db_version": SCHEMA,
                      "diagnostic": [], "diagnostic_index": [], "checked_table_column": [], "update_locked": False,
                      "error": "", "indexes": {}, "remaining_lock_time": 0, "update_fail_number_reached": False,
                      })  # fmt: skip

    def acl(self, call: Call) -> Reply:
        """events/queryACL/{findMissingFunctionNames|printAllFunctionNames|printRoleAccess}."""
        if call.argument(0) != "printAllFunctionNames":
            return Reply([])
        listed: dict[str, list[str]] = {}
        for controller, action in sorted(self._names()):
            listed.setdefault(controller, []).append(action)
        return Reply(listed)

    def push_zmq(self, call: Call) -> Reply:
        """events/pushEventToZMQ/{id}: the hub's live stream told of it when it came in."""
        self._resolve(call.caller, "Event", call.argument(0))
        return Reply(show.saved("Event published to ZMQ", call.path))

    # Feeds, servers, exclusions

    def index(self, kind: Lists) -> Run:
        """List all of a kind."""
        return lambda call: Reply([self._json(call, kind, kept) for kept in self._admin.listed(kind)])

    def view(self, kind: Lists) -> Run:
        """Show one of a kind."""
        return lambda call: Reply(self._json(call, kind, self._admin.find(call.caller, kind, call.argument(0))))

    def add(self, kind: Lists) -> Run:
        """Keep one more of a kind."""
        return lambda call: Reply(
            self._json(call, kind, self._admin.add(call.caller, kind, call.fields(kind.model))))

    def edit(self, kind: Lists) -> Run:
        """Change one of a kind."""
        return lambda call: Reply(
            self._json(call, kind, self._admin.edit(call.caller, kind, call.argument(0), call.fields(kind.model))))

    def delete(self, kind: Lists, message: str) -> Run:
        """Let one of a kind go."""
        def run(call: Call) -> Reply:
            self._admin.drop(call.caller, kind, call.argument(0))
            return Reply(show.saved(message, call.path))

        return run

    def switch_feed(self, *, on: bool) -> Run:
        """feeds/enable and feeds/disable: as n8n sends them."""
        def run(call: Call) -> Reply:
            self._admin.edit(call.caller, FEED, call.argument(0), {"enabled": on})
            return Reply(show.saved(f"Feed {'enabled' if on else 'disabled'}.", call.path))

        return run

    def load_feeds(self, call: Call) -> Reply:
        """feeds/loadDefaultFeeds."""
        self._admin.load_feeds(self._feeds, FEED)
        return Reply(show.saved("Default feed metadata loaded.", call.path))

    def no_fetch(self, call: Call) -> Reply:
        """feeds/fetchFromFeed: the hub pulls feeds by its own schedule."""
        raise MispRefused(403, "The hub pulls feeds on its own schedule: fusioncell feeds, or the page /ops.")

    def _json(self, call: Call, kind: Lists, kept: Kept) -> dict[str, Any]:
        shown = {name: value for name, value in kept.body.items() if name not in kind.secret}
        if kind is FEED:
            shown["settings"] = shown.get("settings") or "{}"
        return {kind.model: {"id": self._people.given(call.caller, kind.model, kept.number), **shown}}

    # Blocklists

    def blocklist(self, model: str) -> Run:
        """List what is blocked."""
        return lambda call: Reply(
            [self._blocked(call, model, kept) for kept in self._admin.blocklist(call.caller, model)])

    def block(self, model: str) -> Run:
        """Block: ``{"uuids": […]}``."""
        def run(call: Call) -> Reply:
            said = call.fields(model)
            uuids = said.get("uuids", [])
            listed = uuids.split() if isinstance(uuids, str) else uuids if isinstance(uuids, list) else []
            done, failed = self._admin.block(call.caller, model, listed, said)
            message = f"Done. Added {len(done)} new entries to the blocklist. {len(failed)} entries could not be saved."
            return Reply({"message": message, "result": {"successes": done, "fails": failed}})

        return run

    def edit_blocked(self, model: str) -> Run:
        """Change what is said of a blocked UUID."""
        return lambda call: Reply(self._blocked(call, model, self._admin.edit_blocked(
            call.caller, model, call.argument(0), call.fields(model))))

    def unblock(self, model: str) -> Run:
        """Let a blocked UUID go."""
        def run(call: Call) -> Reply:
            self._admin.unblock(call.caller, model, call.argument(0))
            return Reply(show.saved("Blocklist item removed.", call.path))

        return run

    def _blocked(self, call: Call, model: str, kept: Kept) -> dict[str, Any]:
        body = {name: value for name, value in kept.body.items() if name not in ("uuid", "created")}
        return {model: {"id": self._people.given(call.caller, model, kept.number),
                        BLOCKED_UUID[model]: kept.body["uuid"],
                        "created": show.moment(int(kept.body["created"])), **body}}  # fmt: skip

    # Logs and statistics

    def logs(self, call: Call) -> Reply:
        """admin/logs/index: the audit log, the newest first."""
        asked = asked_of({**call.named, **call.fields("Log")})
        found = []
        for line in self._admin.lines(call.caller):
            entry = log_entry(line, self._people.given(call.caller, "Log", line.number),
                              self._people.known(line.org).name if line.org else "")  # fmt: skip
            if asked.takes(entry, line.at):
                found.append({"Log": entry})
        return Reply(found[asked.first:asked.last])

    def statistics(self, call: Call) -> Reply:
        """users/statistics/{data|orgs|users|tags|attributehistogram|sightings|galaxyMatrix}: of what is seen."""
        name = call.argument(0, "data")
        pages: dict[str, Callable[[Call], Any]] = {
            "data": self._data, "orgs": self._orgs, "users": self._users, "tags": self._tags,
            "attributehistogram": self._histogram, "sightings": self._sightings, "galaxyMatrix": _matrix,
        }  # fmt: skip
        found = pages.get(name)
        if found is None:
            raise MispRefused(404, "Invalid page")
        return Reply(found(call))

    def _data(self, call: Call) -> dict[str, Any]:
        counts = self._admin.counts(call.caller)
        events, attributes = counts.get("Event", 0), counts.get("Attribute", 0)
        local, users = sum(one.local for one in self._people.organisations().values()), self._seen_users(call)
        return {"stats": {
            "event_count": events, "attribute_count": attributes, "object_count": counts.get("Object", 0),
            "attributes_per_event": round(attributes / events) if events else 0, "correlation_count": 0,
            "proposals_active": counts.get("ShadowAttribute", 0), "proposal_count": counts.get("ShadowAttribute", 0),
            "user_count": users, "average_user_per_org": round(users / local, 1) if local else 0,
            "org_count": local, "local_org_count": local,
            "contributing_org_count": sum(count > 0 for count in self._admin.events_of_orgs(call.caller).values()),
            "thread_count": 0, "post_count": 0,
        }}  # fmt: skip

    def _seen_users(self, call: Call) -> int:
        """How many people there are, told to administrators alone; to others none."""
        known = self._people.organisations().values()
        return sum(self._people.count_users(one) for one in known) if call.viewer.may("administer_members") else 0

    def _orgs(self, call: Call) -> dict[str, Any]:
        counts, found = self._admin.events_of_orgs(call.caller), {}
        for one in self._people.organisations().values():
            if one.local:
                found[one.name] = {"id": self._people.out(call.caller, one.number), "name": one.name, "uuid": one.uuid,
                                   "local": "1", "eventCount": counts.get(one.id, 0)}  # fmt: skip
        return found

    def _users(self, call: Call) -> dict[str, Any]:
        known = self._people.organisations().values()
        local = sum(one.local for one in known)
        return {"user": self._seen_users(call), "org_local": local, "org_external": len(known) - local}

    def _tags(self, call: Call) -> dict[str, Any]:
        return {"flatData": [], "treemap": {"name": "tags", "children": []}}

    def _histogram(self, call: Call) -> list[dict[str, Any]]:
        found: dict[str, dict[str, int]] = {}
        for org, kind, count in self._admin.types_of_orgs(call.caller):
            found.setdefault(self._people.known(org).name, {})[kind] = count
        return [{"name": name, "data": types} for name, types in found.items()]

    def _sightings(self, call: Call) -> dict[str, Any]:
        return {"toplist": [], "eventids": []}


def _matrix(call: Call) -> dict[str, Any]:
    return {"matrix": []}


def _setting(name: str, value: Any) -> dict[str, Any]:
    kind = "boolean" if isinstance(value, bool) else "numeric" if isinstance(value, int) else "string"
    return {"level": 2, "description": "", "value": value, "errorMessage": "", "test": None, "type": kind,
            "setting": name, "null": value is None}  # fmt: skip
