"""Probes of the MISP door's actions on people, organisations, sharing groups, administration."""

from __future__ import annotations

from probes.model import UNKNOWN, Answers, Ask, Probe


def _asked(*paths: str) -> Ask:
    """Make a probe that asks paths below /misp."""

    async def ask(p: Probe) -> Answers:
        for path in paths:
            yield await p.get(f"/misp/{path}")

    return ask


async def _logs(p: Probe) -> Answers:
    for body in ({}, {"model": "User"}, {"action": "add", "limit": 5, "page": 1}, {"created": "2020-01-01"}):
        yield await p.ask("POST", "/misp/admin/logs/index", json=body)


async def _statistics(p: Probe) -> Answers:
    for name in ("data", "orgs", "users", "tags", "attributehistogram", "sightings", "galaxyMatrix", "nothing"):
        yield await p.get(f"/misp/users/statistics/{name}")


MISP_PROBES: dict[str, Ask] = {
    "GET users/view": _asked("users/view/me", "users/view/1", "users/view/2000000000"),
    "GET users/index": _asked("users/index"),
    "GET users/admin_index": _asked("admin/users/index", "admin/users/index/value:exam",
                                    "admin/users/index/searchorg:1"),
    "GET users/admin_view": _asked("admin/users/view/1"),
    "GET users/registrations": _asked("users/registrations/index"),
    "GET users/statistics": _statistics,
    "GET auth_keys/index": _asked("auth_keys/index"),
    "GET user_settings/index": _asked("userSettings/index"),
    "GET user_settings/getSetting": _asked("userSettings/getSetting/me/publish_alert_filter"),
    "GET organisations/index": _asked("organisations/index", "organisations/index/scope:all/searchall:a"),
    "GET organisations/view": _asked("organisations/view/1", "organisations/view/nobody"),
    "GET sharing_groups/index": _asked("sharingGroups/index"),
    "GET sharing_groups/view": _asked("sharing_groups/view/1", "sharing_groups/view/" + UNKNOWN),
    "GET logs/index": _asked("logs/index"),
    "GET logs/admin_index": _logs,
    "GET event_blocklists/index": _asked("eventBlocklists/index"),
    "GET org_blocklists/index": _asked("orgBlocklists/index"),
}  # fmt: skip
_SAME = "the door's own words, the same for all"
_OPERATORS = "the operators' own lists and switches, which hold nothing that members contribute"
MISP_NO_DATA: dict[str, str] = {
    **dict.fromkeys(
        ("GET servers/getVersion", "GET servers/getPyMISPVersion", "GET servers/postTest", "GET users/heartbeat",
         "GET roles/index", "GET roles/view", "GET roles/admin_index"), _SAME),
    **dict.fromkeys(
        ("GET servers/serverSettings", "GET servers/getSetting", "GET servers/dbSchemaDiagnostic",
         "GET servers/getWorkers", "GET servers/queryACL", "GET events/queryACL", "GET feeds/index", "GET feeds/view",
         "GET feeds/compareFeeds", "GET feeds/fetchFromAllFeeds", "GET feeds/searchCaches", "GET servers/index",
         "GET servers/view", "GET correlation_exclusions/index", "GET correlation_exclusions/view"), _OPERATORS),
}  # fmt: skip
