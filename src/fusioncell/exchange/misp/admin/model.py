"""The version as which the hub answers, the settings that MISP's clients look at, what is kept in lists. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "2.5.34"
"""The MISP whose API is imitated."""
PYMISP = "2.5.34.4"
"""The PyMISP against whose own suite the door is tested."""
SCHEMA = "132"
"""What stands for the version of MISP's database; there is none here, so that it is always as expected."""

SETTINGS: Mapping[str, Any] = {
    "MISP.live": True,
    "MISP.delegation": True,
    "MISP.max_correlations_per_event": 5000,
    "MISP.enableEventBlocklisting": True,
    "MISP.enableOrgBlocklisting": True,
    "MISP.default_event_distribution": "1",
    "MISP.default_attribute_distribution": "event",
    "MISP.language": "eng",
    "Security.allow_self_registration": False,
    "Security.advanced_authkeys": True,
    "debug": 0,
}
"""Setting → what holds until an administrator sets it. Of these ``Security.allow_self_registration`` bears on the
door; the rest are kept and shown."""
OWN_SETTINGS = frozenset({"default_role"})
"""Kept beside them, and no setting of MISP's."""


@dataclass(frozen=True, slots=True)
class Lists:
    """One kind of kept list: MISP's name of it, its fields with what each is until it is said, and which are needed."""

    model: str
    fields: Mapping[str, Any]
    needed: tuple[str, ...]
    secret: tuple[str, ...] = ()
    """Fields that are kept and never shown."""


FEED = Lists("Feed", {
    "name": "", "provider": "", "url": "", "rules": "", "enabled": False, "distribution": "3",
    "sharing_group_id": "0", "tag_id": "0", "default": False, "source_format": "misp", "fixed_event": False,
    "delta_merge": False, "event_id": "0", "publish": False, "override_ids": False, "settings": "",
    "input_source": "network", "delete_local_file": False, "lookup_visible": True, "headers": "",
    "caching_enabled": False, "force_to_ids": False, "orgc_id": "0", "tag_collection_id": "0",
}, ("name", "url"), ("headers",))  # fmt: skip
SERVER = Lists("Server", {
    "name": "", "url": "", "authkey": "", "org_id": "0", "push": False, "pull": False, "push_sightings": False,
    "push_galaxy_clusters": False, "pull_galaxy_clusters": False, "remote_org_id": "0", "publish_without_email": False,
    "unpublish_event": False, "self_signed": False, "pull_rules": "{}", "push_rules": "{}", "internal": False,
    "skip_proxy": False, "remove_missing_tags": False, "caching_enabled": False, "priority": "0",
    "push_analyst_data": False, "pull_analyst_data": False, "lastpulledid": None, "lastpushedid": None,
}, ("name", "url"), ("authkey",))  # fmt: skip
EXCLUSION = Lists("CorrelationExclusion", {"value": "", "comment": "", "from_json": False}, ("value",))
KEPT = {kind.model: kind for kind in (FEED, SERVER, EXCLUSION)}
EVENTS, ORGS = "EventBlocklist", "OrgBlocklist"
BLOCK_FIELDS = {EVENTS: ("comment", "event_info", "event_orgc"), ORGS: ("comment", "org_name")}
BLOCKED_UUID = {EVENTS: "event_uuid", ORGS: "org_uuid"}
