"""How the native API speaks, everywhere alike: one form of paging, and a description of every parameter and answer.

1. A list answers ``next``; it is given back as ``cursor``, and ``limit`` says how much a page holds. Doors that knew
   another name for it first (``before``, ``after``, ``offset``, ``start``) still take that; what is described is
   ``cursor`` alone.
2. What a door does not describe itself is described by its parameter's name (:data:`WORDS`): the same name means the
   same everywhere.
3. An answer is described by what its door says that it does.
4. A thing's own id is ``id``; one that points to something else is named after that: ``contribution``, ``thread`` …
5. Whatever is refused is a problem document (RFC 9457). What answers or takes anything but JSON stands in :data:`MEDIA`
   and :data:`TAKEN`; the stream, which the framework does not describe, in :data:`STREAM`.

What is *not* here: TAXII's and MISP's doors, which page as their standards say.
"""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from fusioncell.kernel.errors import BadInput

CURSOR = "cursor"
OLDER = ("before", "after", "offset", "start")
"""What doors called it first."""
NOT_PAGES = frozenset({"/api/products/{which:str}/difference", "/api/graph"})
"""Doors at which such a name means something else."""
_CURSOR = "Where to go on: `next` of the page before. Leave it out for the first page."

WORDS = {
    "after": "The later of the two, by its number.",
    "before": "What comes before it: the page before this one, or the earlier of two versions.",
    "start": "Where it begins.",
    "about": "What it is about: `observable:TYPE:VALUE`, `contribution:ID`, `campaign:NAME` or `group:ID`.",
    "act": "What is done.", "action": "Only lines of this action, as `key.made`.",
    "at_once": "Send it now, without the delay that hides its instant.",
    "automatable": "SSVC: whether it can be automated.",
    "case": "Id of the case.", "code": "The reference code of the application.",
    "confirm": "Publish in spite of the warnings.", "contact": "Id of the contact.",
    "contribution": "Id of the contribution.", "cve": "The CVE id.", "days": "How many days.",
    "delivery": "Id of the delivery.", "digest": "SHA-256 of the file, in hex.",
    "domain": "The matrix: `enterprise` or `ics`.", "entry": "Id of one item of it; left out, all of them are meant.",
    "exploitation": "SSVC: how far it is exploited.", "exposure": "SSVC: how exposed it is.", "feed": "Id of the feed.",
    "filename": "What the file is called.", "form": "The form, by its name in the list of forms.",
    "granted": "Whether it is consented to.", "group": "Id of the group; of where to, `group:ID.GENERATION`.",
    "guest": "Id of the guest.", "identifier": "Id of what was asked.", "impact": "SSVC: the impact.",
    "key": "Public id of the key.", "kind": "Only of this kind.", "least": "Only those of so many reports.",
    "limit": "How many a page holds at most.",
    "mine": "Only what the viewer began.", "month": "The month, as `2026-11`.", "name": "Its name.",
    "named": "Only those named.",
    "on": "What is reacted to, as `post:ID` or `observable:TYPE:VALUE`.", "only": "Only those in this state.",
    "opened": "What was opened already.", "org": "Only of this organisation, by its id.",
    "organisation": "The organisation, by its id or name.", "partner": "Id of the other hub's organisation.",
    "party": "`org:ID` or `person:ID`, or a name or address that is known here.",
    "person": "A person by name (RED), as `person:ID`.", "product": "The product that it is for.",
    "q": "Words to look for.", "reason": "Why, in a few words; it stands in the record.",
    "sector": "Only of this sector.",
    "session": "Public id of the session.", "state": "Only those in this state; several with commas.",
    "text": "Only those that have this value, in any defanged form, or are called so.",
    "thread": "Id of the thread, which is that of its first post.",
    "tlp": "The marking (TLP 2.0): clear, green, amber, amber+strict or red.",
    "to_cell": "Only what the Fusion Cell is asked.", "unanswered": "Only what nobody has answered.",
    "unread": "Only what was not read yet.",
    "uses": "What may be done with it, with commas; left out, what the marking means.",
    "value": "The value.", "version": "The version.", "watch_id": "Id of the watch.",
    "watched": "Only what the viewer watches.",
    "at": "As of this position of the record; 0 for now.", "week": "The week, as `2026-W47`.",
    "webhook": "Id of the webhook.", "which": "Its id, as lists and answers give it.", "year": "The year.",
}  # fmt: skip
"""What a parameter of this name means, wherever its door does not say it more exactly."""

_LOG = {f"/log/{path}": "text/plain" for path in ("checkpoint", "checkpoint/{size}", "{generation}/checkpoint")}
MEDIA = _LOG | {
    "/log/tile/{tile}": "application/octet-stream", "/log/{generation}/tile/{tile}": "application/octet-stream",
    "/api/shield/log/proof/{index}": "text/plain", "/csaf/white/{year}/{name}": "*/*",
    "/api/match": "application/x-ndjson", "/api/match/filter": "application/octet-stream",
    "/api/contributions/{contribution}/content": "*/*", "/api/feeds/{form}": "*/*", "/api/abuse-notices": "*/*",
    "/api/saved/{which}/feed/{form}": "*/*", "/api/posts/{which}/files/{digest}": "*/*",
    "/api/shield/zone": "text/dns", "/api/shield/zones/{origin}": "text/dns",
}  # fmt: skip
"""In which media type a door answers that does not answer JSON; any where it depends on what is asked."""
_LINES = ("text/csv", "text/plain", "application/x-ndjson", "application/json")
TAKEN = {
    "/api/match": _LINES,
    "/api/contributions": (*_LINES, "application/stix+json", "message/rfc822", "application/octet-stream"),
}
"""What doors take that read the body themselves."""
PROBLEM = {
    "type": "object",
    "description": "What was refused, and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong."},
        "hint": {"type": "string", "description": "What to do."},
        "place": {"type": "string", "description": "The field or parameter that was wrong."},
    },
}  # fmt: skip
_REFUSED = {
    "400": "The input cannot be understood: a parameter that is not known, or a value that cannot be meant.",
    "401": "No key, or one that has ended.",
    "403": "The role does not permit it.",
    "404": "There is no such thing, or none that you may see.",
    "default": "It was refused, or cannot be done now (503: try again).",
}
_STREAMED = ("kind", "type", "stance", "tlp", "from", "cursor")
STREAM = {
    "tags": ["exchange"],
    "operationId": "ApiStreamStream",
    "summary": "Follow what arrives",
    "description": "Server-Sent Events without end, as far as you may see them: `entry`, `history`, `tombstone`, "
    "`backfill`. The `id` of an event, sent as `Last-Event-ID`, goes on after it (docs/stream.md).",
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": said}
        for name, said in zip(_STREAMED, (
            "Kinds of entries, with commas.", "Types of observables, with commas.",
            "`malicious`, `suspicious`, `benign`, `none`, with commas.", "Markings, with commas.",
            "`now`, or `snapshot` for all that stands first.", "Name of a cursor that the hub holds."), strict=True)
    ],
    "responses": {"200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
}  # fmt: skip


def older_of(path: str, method: str, query: frozenset[str]) -> str:
    """Return what a door of the native API calls its cursor itself, "" for one that has no pages."""
    if method != "GET" or not path.startswith("/api/") or path in NOT_PAGES or CURSOR in query:
        return ""
    # A page that goes both ways goes on with `after`; back is an address of its own.
    return "after" if {"before", "after"} <= query else next((name for name in OLDER if name in query), "")


def rename_cursor(scope: Any, older: str) -> None:
    """Give a door its cursor by the name that the door has for it. BadInput where both are sent."""
    pairs = parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    names = [name for name, _ in pairs]
    if CURSOR in names and (older in names or names.count(CURSOR) > 1):
        raise BadInput("one cursor is enough", hint="Send `next` of the page before as `cursor`.", place=CURSOR)
    renamed = [(older if name == CURSOR else name, value) for name, value in pairs]
    scope["query_string"] = urlencode([pair for pair in renamed if pair != (older, "")]).encode()


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document whose parameters and answers are all described, and whose lists page by ``cursor``."""
    schema = copy.deepcopy(schema)
    schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    schema["paths"]["/api/stream"] = {"get": copy.deepcopy(STREAM)}
    for path, item in schema["paths"].items():
        for method, door in item.items():
            if isinstance(door, dict) and "responses" in door:
                _describe(path, method, door)
    return schema


def _describe(path: str, method: str, door: dict[str, Any]) -> None:
    parameters = door.get("parameters", [])
    named = frozenset(one["name"] for one in parameters if one["in"] == "query")
    older = older_of(path.replace("}", ":str}"), method.upper(), named)
    for one in parameters:
        if one["in"] == "query" and one["name"] == older:
            one.update(name=CURSOR, description=_CURSOR, schema={"type": "string"})
        elif not one.get("description") and one["name"] in WORDS:
            one["description"] = WORDS[one["name"]]
    if method == "post" and path in TAKEN:
        said = {"description": "By its media type.", "required": True}
        door["requestBody"] = said | {"content": {name: {"schema": {"type": "string"}} for name in TAKEN[path]}}
    for code, answer in door["responses"].items():
        if code.startswith("2"):
            answer["description"] = door.get("description") or door.get("summary") or answer.get("description", "")
            _say_media(path, answer)
    of_one = "{" in path or "requestBody" in door
    refused = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    door["responses"] |= {code: {"description": said, **refused} for code, said in _REFUSED.items()
                          if code != "404" or of_one}  # fmt: skip


def _say_media(path: str, answer: dict[str, Any]) -> None:
    """Say in which media type a door answers; bytes in JSON are any value, not a text."""
    content, media = answer.get("content", {}), "text/csv" if path.endswith("/csv") else MEDIA.get(path)
    if media and content:
        answer["content"] = {media: {"schema": {"type": "string"} if media.startswith("text/") else {}}}
    elif content.get("application/json", {}).get("schema") == {"type": "string"}:
        content["application/json"]["schema"] = {}


class Described(JsonRenderPlugin):
    """Gives the description out."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document as JSON."""
        return super().render(request, described(openapi_schema))
