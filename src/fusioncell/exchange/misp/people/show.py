"""Write people, organisations and roles as MISP's JSON (MISP 2.5: users/view, organisations/view, roles/index). Pure.

Numbers are strings where MISP sends strings; ids are given already permuted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fusioncell.exchange.misp import MispRole
from fusioncell.exchange.misp.keep import Kept
from fusioncell.exchange.misp.people.model import OrgKnown, flag_fields
from fusioncell.kernel.clock import SECOND, Instant, format_instant

LEVELS = {
    "readonly": "Read Only", "manage": "Manage Own Events", "manage_org": "Manage Organisation Events",
    "publish": "Manage and Publish Organisation Events",
}  # fmt: skip
"""What a role's flags about events amount to, as MISP words it."""


def moment(at: Instant) -> str:
    """Return an instant as MISP writes dates: ``2026-11-22 01:02:03``."""
    return format_instant(at)[:19].replace("T", " ")


def seconds(at: Instant) -> str:
    """Return an instant in whole seconds, as text."""
    return str(at // SECOND)


def organisation(one: OrgKnown, given: str, *, users: int | None = None) -> dict[str, Any]:
    """Return an organisation; ``given``: its id for the viewer; ``users``: how many it has, for who may know."""
    body = one.body
    made: dict[str, Any] = {
        "id": given, "name": one.name, "date_created": moment(one.created), "date_modified": moment(one.created),
        "description": body.get("description", ""), "type": body.get("type", ""),
        "nationality": body.get("nationality", ""), "sector": body.get("sector", one.sector), "created_by": "0",
        "uuid": one.uuid, "contacts": body.get("contacts", ""), "local": one.local,
        "restricted_to_domain": body.get("restricted_to_domain", []), "landingpage": None,
    }  # fmt: skip
    if users is not None:
        made["user_count"] = str(users)
    return made


def role(one: MispRole, body: Mapping[str, Any], *, default: bool) -> dict[str, Any]:
    """Return a role with its flags. ``body``: what is kept beside (limits)."""
    flags = flag_fields(one.permissions)
    level = ("publish" if flags["perm_publish"] else "manage_org" if flags["perm_modify_org"]
             else "manage" if flags["perm_modify"] else "readonly")  # fmt: skip
    return {
        "id": str(one.id), "name": one.name, "created": None, "modified": None, **flags, "default_role": default,
        "memory_limit": _text(body.get("memory_limit")), "max_execution_time": _text(body.get("max_execution_time")),
        "restricted_to_site_admin": False, "enforce_rate_limit": False, "rate_limit_count": "0",
        "permission": str(list(LEVELS).index(level)), "permission_description": level,
    }  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else str(value)


def sharing_group(kept: Kept, given: str, maker: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sharing group without its organisations."""
    body = kept.body
    return {
        "id": given, "name": body.get("name", ""), "releasability": body.get("releasability", ""),
        "description": body.get("description", ""), "uuid": kept.key, "organisation_uuid": maker["uuid"],
        "org_id": maker["id"], "sync_user_id": "0", "active": body.get("active", True),
        "created": moment(int(body.get("created", 0))), "modified": moment(int(body.get("modified", 0))),
        "local": True, "roaming": body.get("roaming", False),
    }  # fmt: skip


PREFERENCES: Mapping[str, Any] = {
    "autoalert": False, "contactalert": False, "termsaccepted": True, "change_pw": False, "nids_sid": "0",
    "newsread": "0", "gpgkey": "", "certif_public": "", "notification_daily": False, "notification_weekly": False,
    "notification_monthly": False,
}  # fmt: skip
"""What MISP lets a user choose, with what holds until then. Kept and shown; mail is the hub's own affair."""


def user(*, given: str, org: str, email: str, role_id: int, body: Mapping[str, Any], created: Instant,
         disabled: bool = False, authkey: str | None = None) -> dict[str, Any]:  # fmt: skip
    """Return a user. ``authkey``: the key that was just made, shown this once."""
    chosen = {name: body.get(name, value) for name, value in PREFERENCES.items()}
    return {
        "id": given, "org_id": org, "server_id": "0", "email": email, "authkey": authkey, "invited_by": "0", **chosen,
        "role_id": str(role_id), "disabled": disabled, "expiration": None, "current_login": "0", "last_login": "0",
        "force_logout": False, "date_created": seconds(created), "date_modified": seconds(created), "sub": None,
        "external_auth_required": False, "external_auth_key": "", "last_api_access": "0", "last_pw_change": None,
        "totp": False,
    }  # fmt: skip


def saved(message: str, path: str = "", *, identifier: str = "") -> dict[str, Any]:
    """Return MISP's answer to a change that was made."""
    made: dict[str, Any] = {"saved": True, "success": True, "name": message, "message": message, "url": path}
    if identifier:
        made["id"] = identifier
    return made
