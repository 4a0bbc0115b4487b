"""Roles as MISP ships them, how they map onto the hub's, and an organisation as MISP knows it. Frozen values.

Rules kept here:

* A MISP role is a wish, the hub's permissions are the fact: a role never permits what the hub's roles do not (each
  action of the door also asks for the hub's permission).
* Role 1 sees all only in compatibility mode (``FUSIONCELL_MISP_SITE_ADMIN``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fusioncell.exchange.misp import MispRole

FLAGS = (
    "perm_add", "perm_modify", "perm_modify_org", "perm_publish", "perm_delegate", "perm_sync", "perm_admin",
    "perm_audit", "perm_auth", "perm_site_admin", "perm_regexp_access", "perm_tagger", "perm_template",
    "perm_sharing_group", "perm_tag_editor", "perm_sighting", "perm_object_template", "perm_publish_zmq",
    "perm_publish_kafka", "perm_decaying", "perm_galaxy_editor", "perm_warninglist", "perm_view_feed_correlations",
    "perm_analyst_data", "perm_skip_otp", "perm_server_sign", "perm_sync_internal", "perm_sync_authoritative",
)
"""Every flag of a role (MISP 2.5, table ``roles``)."""

_READING = {"perm_audit", "perm_auth"}
_USER = _READING | {"perm_add", "perm_modify", "perm_modify_org", "perm_tagger", "perm_sighting", "perm_decaying",
                    "perm_galaxy_editor", "perm_analyst_data"}  # fmt: skip
_PUBLISHER = _USER | {"perm_publish", "perm_delegate", "perm_publish_zmq", "perm_publish_kafka"}
_EDITING = {"perm_sharing_group", "perm_tag_editor"}

STOCK: Mapping[int, MispRole] = {
    role.id: role
    for role in (
        MispRole(1, "admin", frozenset(FLAGS) - {"perm_skip_otp", "perm_sync_internal", "perm_sync_authoritative"}),
        MispRole(2, "Org Admin", frozenset(_PUBLISHER | _EDITING | {"perm_admin", "perm_template"})),
        MispRole(3, "User", frozenset(_USER)),
        MispRole(4, "Publisher", frozenset(_PUBLISHER)),
        MispRole(5, "Sync user", frozenset(_PUBLISHER | _EDITING | {"perm_sync"})),
        MispRole(6, "Read Only", frozenset(_READING)),
    )
}
"""The roles that MISP ships, by their ids."""
ORG_FIELDS = ("description", "type", "nationality", "sector", "contacts")
"""What MISP keeps of an organisation beside its name."""
LAST_STOCK = 6
KEPT_FROM = 1 << 30
"""What is kept is numbered from here on, each model in a space of its own; threat content below.

One permutation serves all, so two things with the same inner number would have the same id: a user's equal to an
organisation's would tell how many users came before.
"""
SPACE = 1 << 24
SPACES = {name: place for place, name in enumerate((
    "Organisation", "User", "SharingGroup", "UserSetting", "Registration", "Feed", "Server", "CorrelationExclusion",
    "EventBlocklist", "OrgBlocklist", "Log",
))}  # fmt: skip
EXTERNAL = KEPT_FROM + (1 << 29)
"""Organisations that events name as their creators, and that are none of the hub's, are numbered from here on."""
DEFAULT = 3
"""The role of a new user, unless the setting ``default_role`` says otherwise."""
ROLE_FIELDS = ("memory_limit", "max_execution_time", "enforce_rate_limit", "rate_limit_count",
               "restricted_to_site_admin", "restsearch_limit_result")  # fmt: skip
"""What a role has beside its flags; kept and shown, of no effect here."""


def hub_role(role: MispRole) -> str:
    """Return the hub's role for a person who is given a role at this door."""
    if role.may("perm_site_admin"):
        return "administrator"
    if role.may("perm_admin"):
        return "lead"
    return "member" if role.may("perm_add") else "reader"


def role_of(permissions: frozenset[str], *, key: bool, site_admin: bool) -> int:
    """Return the id of the stock role of one to whom none was given at this door, by the hub's permissions.

    ``key``: of an organisation, with which its MISP synchronises. ``site_admin``: compatibility mode.
    """
    if "administer_members" in permissions:
        return 1 if site_admin else 2
    if "lead" in permissions:
        return 2
    if "contribute" in permissions:
        return 5 if key else 4
    return 6


def make_role(number: int, body: Mapping[str, Any]) -> MispRole:
    """Make a role of what is kept of it."""
    return MispRole(number, str(body.get("name", "")), frozenset(flag for flag in FLAGS if is_true(body.get(flag))))


def is_true(value: object) -> bool:
    """Tell whether a field is set, in the spellings that MISP's clients use: true, 1, "1", "true"."""
    return value is True or (not isinstance(value, bool) and str(value).strip().lower() in ("1", "true", "on", "yes"))


def inner(model: str, number: int) -> int:
    """Return the inner number of a kept thing: its own number within the space of its model."""
    return KEPT_FROM + SPACES[model] * SPACE + number % SPACE


def whole(value: object) -> int:
    """Return a number as clients send one, as text or not; 0 for what is none, or none of at most nine digits."""
    text = str(value)[:12]
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def flag_fields(names: Iterable[str]) -> dict[str, bool]:
    """Return all flags with whether they are among the names."""
    held = frozenset(names)
    return {flag: flag in held for flag in FLAGS}


@dataclass(frozen=True, slots=True)
class OrgKnown:
    """An organisation as this door knows it.

    ``id``: the hub's, or for one that is none of the hub's (``local`` False) its UUID. ``number``: inner number.
    ``body``: what MISP keeps beside (description, nationality, contacts …).
    """

    id: str
    number: int
    name: str
    uuid: str
    local: bool
    sector: str = ""
    created: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
