"""Take what clients send for what it means: fields of events and objects, checked, with MISP's defaults. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.content.check import Errors, is_true, plain, seen_at
from fusioncell.exchange.misp.show import kept_of

Body = dict[str, Any]
MAX_CHILDREN = 200_000
"""Most attributes, objects and other children of one request."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_EVENT_FIELDS = frozenset({
    "uuid", "info", "date", "threat_level_id", "analysis", "distribution", "timestamp", "published",
    "publish_timestamp", "extends_uuid", "disable_correlation", "protected",
})  # fmt: skip


def is_uuid(given: Any) -> bool:
    """Tell whether something is a uuid as MISP writes one."""
    return isinstance(given, str) and _UUID.match(given) is not None


def listed(given: Any) -> list[Body]:
    """Return a list of things, each a dict, of one or of many; PHP's lists with keys (``{"0": {…}}``) are lists too."""
    if isinstance(given, dict):
        given = list(given.values()) if all(isinstance(one, dict) for one in given.values()) else [given]
    found = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    if len(found) > MAX_CHILDREN:
        raise MispRefused(413, f"A request holds at most {MAX_CHILDREN:,} things of a kind.")
    return found


def level_of(given: Any, default: str) -> str:
    """Return a distribution level; what is none is the default."""
    text = plain(given)
    return text if text in ("0", "1", "2", "3", "4", "5") else default


def second_of(given: Any) -> int | None:
    """Return seconds since the epoch, None for what is none."""
    try:
        second = int(float(given))
    except (TypeError, ValueError, OverflowError):
        return None
    return second if 0 < second <= 253_402_300_799 else None


def event_fields(given: Mapping[str, Any], standing: Mapping[str, Any] | None, today: str) -> tuple[Body, Errors]:
    """Return an event's shell, checked; what is given goes over what stands."""
    made: Body = {**(standing or {}), **kept_of(given)}
    errors: Errors = {}
    for name in ("Tag", "Orgc"):
        made.pop(name, None)
        if standing and name in standing:
            made[name] = standing[name]
    made["info"] = plain(made.get("info")).strip("\r\n")
    if not made["info"].strip():
        errors["info"] = ["Info cannot be empty."]
    made["date"], fault = _date(made.get("date"), today)
    if fault:
        errors["date"] = [fault]
    made["threat_level_id"] = plain(made.get("threat_level_id") or "4")
    if made["threat_level_id"] not in ("1", "2", "3", "4"):
        errors["threat_level_id"] = ["Options : 1, 2, 3, 4 (for High, Medium, Low, Undefined)"]
    made["analysis"] = plain(made.get("analysis") or "0")
    if made["analysis"] not in ("0", "1", "2"):
        errors["analysis"] = ["Options : 0, 1, 2 (for Initial, Ongoing, Completed)"]
    made["distribution"] = plain(made.get("distribution", "1"))
    if made["distribution"] not in ("0", "1", "2", "3", "4"):
        errors["distribution"] = ["Options : 0, 1, 2, 3, 4"]
    made["disable_correlation"] = is_true(made.get("disable_correlation"))
    extends = made.get("extends_uuid")
    if extends and not is_uuid(extends):
        errors["extends_uuid"] = ["Invalid UUID."]
    made["extends_uuid"] = plain(extends or "").lower()
    return made, errors


def _date(given: Any, today: str) -> tuple[str, str]:
    text = plain(given)[:10]
    if not text:
        return today, ""
    try:
        return date.fromisoformat(text).isoformat(), ""
    except ValueError:
        return text, "Expected date format: YYYY-MM-DD"


def object_fields(given: Mapping[str, Any], standing: Mapping[str, Any] | None = None) -> tuple[Body, Errors]:
    """Return an object's shell, checked."""
    made: Body = {**(standing or {}), **kept_of(given)}
    errors: Errors = {}
    made["name"] = plain(made.get("name"))
    if not made["name"].strip():
        errors["name"] = ["Object name not set."]
    made["distribution"] = level_of(made.get("distribution", "5"), "5")
    made["comment"] = plain(made.get("comment") or "")
    made["deleted"] = is_true(made.get("deleted"))
    for name in ("first_seen", "last_seen"):
        if made.get(name) not in (None, ""):
            made[name] = seen_at(made[name])
            if made[name] is None:
                errors[name] = ["Invalid ISO 8601 format."]
    made.pop("Tag", None)
    return made, errors


def tags_given(given: Any) -> list[Body]:
    """Return the tags of a thing as sent: dicts with a name; plain names are taken too."""
    if isinstance(given, (str, dict)):
        given = [given]
    if not isinstance(given, list):
        return []
    found = [{"name": one} if isinstance(one, str) else one for one in given[:1000]]
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"].strip()]


def merged_tags(standing: Iterable[Any], added: Sequence[Body], removed: Iterable[str]) -> list[Body]:
    """Return a thing's tags after some were added and removed; names count without regard to case."""
    gone = {name.lower() for name in removed}
    made: dict[str, Body] = {}
    for one in [*standing, *added]:
        if isinstance(one, dict) and isinstance(one.get("name"), str) and one["name"].lower() not in gone:
            made.setdefault(one["name"].lower(), one)
    return list(made.values())


def tag_kept(given: Mapping[str, Any], name: str) -> Body:
    """Return what of a tag is kept with the thing: its name, its colour, its relationship."""
    made: Body = {"name": name}
    for field in ("colour", "relationship_type"):
        if isinstance(given.get(field), str) and given[field]:
            made[field] = given[field]
    return made
