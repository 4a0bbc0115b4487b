"""The native API for people: what its OpenAPI document says, as pages to read, a chapter for each part of the hub.

What stands here is read out of the document (``web.describe``), so it cannot say anything else than that does.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from litestar import Litestar, get

from fusioncell.kernel.errors import NotFound
from fusioncell.web.describe import described
from fusioncell.web.pages.frame import Asked, Page, base_of, page
from fusioncell.web.pages.views import View

_METHODS = ("get", "post", "put", "patch", "delete")
_NAMED = re.compile(r"\{(\w+)\}")
_JSON = "application/json"
_DEEPEST = 3
_FIRST = ("contributions", "picture", "observables", "exchange")
"""The chapters that most look for; the others follow in the order of the document."""
Schema = dict[str, Any]


@lru_cache(maxsize=1)
def chapters(app: Litestar) -> dict[str, View]:
    """Return the chapters by their part of an address."""
    document = described(app.openapi_schema.to_schema())
    known = document["components"]["schemas"]
    found: dict[str, View] = {name: {} for name in _FIRST}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                title = (item[method].get("tags") or ["other"])[0]
                name = title.replace(" ", "-")
                chapter = found.setdefault(name, {})
                chapter |= {"name": name, "title": title[:1].upper() + title[1:]}
                chapter.setdefault("doors", []).append(_door(path, method, item[method], known))
    return found


def _door(path: str, method: str, said: Schema, known: Schema) -> View:
    parameters = [
        {"name": one["name"], "where": one["in"], "needed": bool(one.get("required")),
         "said": one.get("description", ""), **_kind(one.get("schema", {}), known)}
        for one in said.get("parameters", ()) if one["in"] in ("query", "path", "header")
    ]  # fmt: skip
    content = said.get("requestBody", {}).get("content", {})
    fields = _fields(content.get(_JSON, {}).get("schema", {}), known)
    good = {code: answer for code, answer in said["responses"].items() if code.startswith(("2", "3"))}
    return {
        "id": f"{method}-{path.strip('/').replace('/', '-')}".replace("{", "").replace("}", ""),
        "method": method.upper(), "path": path, "title": said.get("summary", path), "text": said.get("description", ""),
        "parameters": parameters, "fields": fields, "takes": list(content),
        "answers": [{"code": code, "media": sorted(answer.get("content", {}))} for code, answer in good.items()],
        "curl": _curl(path, method, parameters, fields, list(content)),
    }  # fmt: skip


def _kind(schema: Schema, known: Schema, deep: int = 0) -> View:
    """Return a schema's kind in a word or two, its choices, and its default."""
    if "$ref" in schema:
        schema = known.get(schema["$ref"].rpartition("/")[2], {})
    several = [one for one in (*schema.get("oneOf", ()), *schema.get("anyOf", ())) if one.get("type") != "null"]
    if several and deep < _DEEPEST:
        kinds = [_kind(one, known, deep + 1) for one in several]
        words = " | ".join(dict.fromkeys(one["kind"] for one in kinds if one["kind"]))
        return {"kind": words, "choices": [each for one in kinds for each in one["choices"]], "default": ""}
    kind = schema.get("type", "")
    kind = " | ".join(one for one in kind if one != "null") if isinstance(kind, list) else kind
    if kind == "array" and deep < _DEEPEST:
        kind = f"[{_kind(schema.get('items', {}), known, deep + 1)['kind']}]"
    default = schema.get("default")
    return {"kind": kind, "choices": [str(one) for one in schema.get("enum", ()) if one is not None],
            "default": "" if default in (None, "") else json.dumps(default).strip('"')}  # fmt: skip


def _fields(schema: Schema, known: Schema) -> list[View]:
    """Return what a JSON body holds."""
    if "$ref" in schema:
        schema = known.get(schema["$ref"].rpartition("/")[2], {})
    needed = schema.get("required", ())
    return [{"name": name, "needed": name in needed, "said": one.get("description", ""), **_kind(one, known)}
            for name, one in schema.get("properties", {}).items()]  # fmt: skip


def _curl(path: str, method: str, parameters: list[View], fields: list[View], takes: list[str]) -> str:
    """Return the command that asks it; what stands in capitals is for the reader to fill in."""
    lines = ['curl -H "Authorization: Bearer $KEY"']
    if method != ("post" if takes else "get"):
        lines[0] += f" -X {method.upper()}"
    if _JSON in takes and fields:
        sent = {one["name"]: _example(one) for one in fields if one["needed"]} or {"…": "…"}
        lines.append(f"-H 'Content-Type: {_JSON}' -d '{json.dumps(sent, ensure_ascii=False)}'")
    elif takes:
        lines.append(f"-H 'Content-Type: {takes[0]}' --data-binary @FILE")
    query = "&".join(f"{one['name']}={one['name'].upper()}" for one in parameters
                     if one["needed"] and one["where"] == "query")  # fmt: skip
    address = _NAMED.sub(lambda name: name[1].upper(), path) + (f"?{query}" if query else "")
    return " \\\n  ".join([*lines, f'"$HUB{address}"'])


def _example(field: View) -> Any:
    if field["choices"]:
        return field["choices"][0]
    return {"integer": 1, "number": 0.5, "boolean": True}.get(field["kind"], ["…"] if field["kind"][:1] == "[" else "…")


@get("/api-reference", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked) -> Page:
    """Show all doors by chapters."""
    found = chapters(request.app)
    first = f'HUB={base_of(request)}\nKEY=…\ncurl -H "Authorization: Bearer $KEY" "$HUB/api/whoami"'
    return page(request, "reference/index.html", here="reference", chapters=list(found.values()), first=first)


@get("/api-reference/{chapter:str}", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def one_chapter(request: Asked, chapter: str) -> Page:
    """Show one chapter's doors whole."""
    found = chapters(request.app).get(chapter)
    if found is None:
        raise NotFound("there is no such chapter", hint="All of them stand under API.")
    return page(request, "reference/chapter.html", here="reference", chapter=found)


HANDLERS = (index, one_chapter)
"""The pages of the API's reference."""
