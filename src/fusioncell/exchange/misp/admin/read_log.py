"""Lines of the hub's audit log as MISP's log entries, and which of them a request asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from fusioncell.exchange.misp.people import show
from fusioncell.exchange.misp.people.model import whole
from fusioncell.kernel.clock import DAY, SECOND, Instant
from fusioncell.members.audit import Line

MODELS = {"person": "User", "roles": "User", "address": "User", "password": "User", "organisation": "Organisation",
          "key": "AuthKey", "party": "User"}  # fmt: skip
ACTIONS = {"added": "add", "made": "add", "given": "edit", "edited": "edit", "set": "edit", "named": "edit",
           "deleted": "delete", "ended": "delete", "suspended": "delete", "removed": "delete"}  # fmt: skip
_FIELDS = ("model", "action", "email", "org", "title", "change", "description", "user_id", "id")
MOST = 1000


def log_entry(line: Line, given: str, org: str) -> dict[str, Any]:
    """Return a line as MISP shows one. ``org``: the organisation's name; who acted is named by the hub's id."""
    parts = line.action.removeprefix("misp.").split(".")
    return {
        "id": given, "title": f"{line.action}: {line.subject}"[:250], "created": show.moment(line.at),
        "model": MODELS.get(parts[0], parts[0].replace("_", " ").title().replace(" ", "")),
        "model_id": "0", "action": ACTIONS.get(parts[-1], parts[-1]), "user_id": "0", "change": line.detail,
        "email": line.actor, "org": org, "description": "", "ip": "",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for: texts by field (``%`` at either end: any), since when, and the slice."""

    texts: Mapping[str, str]
    since: Instant = 0
    first: int = 0
    last: int = MOST

    def takes(self, entry: Mapping[str, Any], at: Instant) -> bool:
        """Tell whether an entry is asked for."""
        return at >= self.since and all(_matches(text, str(entry[name])) for name, text in self.texts.items())


def asked_of(said: Mapping[str, Any]) -> Asked:
    """Read a request's fields; those that are unknown or empty ask for nothing."""
    texts = {name: str(said[name]) for name in _FIELDS if said.get(name) not in (None, "")}
    limit, page = _whole(said.get("limit"), MOST), _whole(said.get("page"), 1)
    limit = min(limit, MOST)
    return Asked(texts, _since(said.get("created")), (page - 1) * limit, page * limit)


def _matches(wanted: str, there: str) -> bool:
    bare, there = wanted.strip("%").casefold(), there.casefold()
    starts, ends = wanted.startswith("%"), wanted.endswith("%")
    if starts and ends:
        return bare in there
    if starts or ends:
        return there.endswith(bare) if starts else there.startswith(bare)
    return bare == there


def _whole(value: object, default: int) -> int:
    return whole(value) or default


def _since(value: object) -> Instant:
    """Read a moment: seconds, a date (its whole day and after), or a date and time. 0 for none."""
    text = str(value or "").strip()
    try:
        return int(float(text) * SECOND)
    except (ValueError, OverflowError):
        pass
    try:
        if len(text) == 10:
            return (date.fromisoformat(text) - date(1970, 1, 1)).days * DAY
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp() * SECOND)
