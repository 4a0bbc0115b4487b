"""Take a MISP request apart: controller, action, arguments, named parameters, body (CakePHP's conventions). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from fusioncell.exchange.misp import MispRefused

MAX_PARTS = 200
"""Most parts of one path, and most query parameters."""
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_.]{0,63})(\[[^\]]{0,64}\])?:(.*)\Z", re.DOTALL)
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_BY_METHOD = {"GET": "view", "HEAD": "view", "POST": "edit", "PUT": "edit", "DELETE": "delete"}
_JSON = (b"{", b"[", b'"')
_LISTED = {"GET": "index", "HEAD": "index", "POST": "add", "PUT": "add"}


def controller_name(text: str) -> str:
    """Return a controller in snake case: ``sharingGroups`` and ``sharing_groups`` are one."""
    return _CAPITAL.sub(r"_\1", text).lower()


def take_path(method: str, path: str, query: Iterable[tuple[str, str]] = ()
              ) -> tuple[str, str, tuple[str, ...], dict[str, Any]]:  # fmt: skip
    """Return (controller, action, arguments, named parameters) of a path below the base URL, still percent-encoded.

    ``/events/5`` is a view, PUT an edit, DELETE a delete; ``/events`` an index, POST an add; ``/tags``
    an index; ``/admin/users/add`` is the action ``admin_add``. A ``.json`` at the end is dropped.
    """
    parts = [unquote(part) for part in path.split("/") if part]
    if len(parts) > MAX_PARTS:
        raise MispRefused(414, "The path has too many parts.")
    if parts and parts[-1].endswith(".json"):
        parts[-1] = parts[-1].removesuffix(".json")
    prefix = ""
    if len(parts) > 1 and parts[0] == "admin":
        prefix, parts = "admin_", parts[1:]
    named: dict[str, Any] = {}
    plain = [parts[0]] if parts else []
    for part in parts[1:]:
        if found := _NAMED.match(part):
            _put(named, found[1], found[2], found[3])
        else:
            plain.append(part)
    for count, (name, value) in enumerate(query):
        if count >= MAX_PARTS:
            raise MispRefused(400, "The query has too many parameters.")
        base, bracket, inner = name.partition("[")
        _put(named, base, bracket + inner or None, value)
    controller = controller_name(plain[0]) if plain else ""
    if len(plain) == 1:  # MISP maps one resource, events; all else is listed, by whatever method
        return controller, prefix + (_LISTED.get(method, "index") if controller == "events" else "index"), (), named
    second = plain[1] if len(plain) > 1 else ""
    if second.isdigit() or _UUID.match(second):
        return controller, prefix + _BY_METHOD.get(method, "view"), tuple(plain[1:]), named
    return controller, prefix + second, tuple(plain[2:]), named


def _form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError:
        raise MispRefused(400, "The form has too many fields.") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        base, bracket, inner = name.partition("[")
        _put(fields, base, bracket + inner or None, value)
    return fields


def _put(named: dict[str, Any], name: str, bracket: str | None, value: str) -> None:
    if bracket is None:
        named[name] = value
        return
    standing = named.get(name)
    named[name] = [*(standing if isinstance(standing, list) else []), value]


def take_body(raw: bytes, media_type: str = "") -> Any:
    """Decode a body, with TheHive's ``{"request": {…}}`` taken off; a form's fields (``name``, ``name[]``) likewise.

    Raises MispRefused for what is neither. JSON that is sent as a form, as curl does unasked, is read as JSON.
    """
    start = raw.lstrip()[:1]
    if not start:
        return None
    if start not in _JSON and media_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return _form(raw)
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise MispRefused(400, f"The body is not JSON: {fault}", name="Invalid JSON") from None
    if isinstance(body, dict) and len(body) == 1 and isinstance(body.get("request"), dict | list):
        return body["request"]
    return body
