"""What asks the doors that change something: their places are found in the routes and in the code of their handlers.

A *slot* is a place where a door takes a value: a part of its path, a query parameter, a field of its JSON body (from
its type, or from what its handler looks up) or of its form. Each slot is given things of every kind that stand in the
world, the rest of the request being what a well-meaning person would send (``USUAL``).
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from fusioncell.kernel.clock import DAY, format_instant
from fusioncell.kernel.errors import FusionCellError
from matrix import END, Question, Said, World, without
from probes import changes

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_OWN = {"hub", "viewer", "request", "state", "data", "body", "headers", "cookies", "socket", "scope"}

PASSED = {
    "POST /misp", "POST /misp/{path:path}", "PUT /misp", "PUT /misp/{path:path}", "DELETE /misp",
    "DELETE /misp/{path:path}",
}  # fmt: skip
"""MISP's door has its own enumeration of actions (``tests/flow/test_misp_doors.py``)."""
ENDS = {
    "POST /sign-out", "POST /account/sessions/end", "DELETE /api/account/sessions", "POST /account/data/erase",
    "POST /sign-in", "POST /sign-in/code", "POST /sign-in/passkey", "POST /sign-in/recovery",
    "POST /sign-in/passkey/options", "POST /account/password", "POST /account/app", "POST /account/app/confirm",
    "POST /account/app/end", "POST /account/recovery", "POST /account/provider", "POST /account/provider/end",
    "POST /account/passkeys", "POST /account/passkeys/options", "DELETE /api/officers", "POST /api/officers",
    "POST /language",
}  # fmt: skip
"""Doors that end the asker's own session or change how the asker signs in: they take no id of anything."""

WHOLE = {"POST /api/contributions", "POST /api/anonymous", "POST /api/files"}
"""Doors whose body is no object, but what is contributed."""

USUAL: dict[str, Any] = {
    "tlp": "green", "reason": "Because it must be tried.", "text": "What is written here.", "title": "A title",
    "message": "Let us in, please.", "statement": "We worked with them for years.", "filename": "notes.txt",
    "kind": "useful", "state": "open", "name": "A name", "email": "someone@new.example", "days": 7,
    "category": "phishing",
    "openness": "request", "purpose": "To try things", "as": "organisation", "answer": "accept", "granted": "true",
    "confirm": "yes", "product": "weekly", "deadline": format_instant(END + 20 * DAY),
    "due": format_instant(END + 20 * DAY),
    "url": "https://receiver.example/new", "value": "a.example", "role": "member", "roles": ["member"],
    "case": "CASE-1", "basis": "Section 1", "sector": "energy", "domain": "a.example", "what": "thread", "do": "send",
    "act": "send", "sure": "yes", "publish": "yes", "party": "", "legal_basis": "Section 1 of an Act", "signed": "",
    "expires": format_instant(END + 20 * DAY), "until": format_instant(END + 20 * DAY),
}  # fmt: skip
"""What a field of this name is given where it is not the one that is tried."""


AT: dict[str, dict[str, Any]] = {
    "/api/watches": {"kind": "thread"}, "/account/notifications/watches": {"kind": "thread"},
    "/api/groups": {"kind": "event"}, "/groups/new": {"kind": "event", "name": "A room"},
    "/api/holds": {"scope": "contribution"}, "/admin/holds": {"scope": "contribution"},
    "/taxii2/": {"root": "partnership", "which": "partnership"}, "/anonymous": {"act": "withdraw"},
}  # fmt: skip
"""What is usual at some doors, by the beginning of their address."""


@dataclass(frozen=True)
class Changing:
    """A door that changes something. ``fields``: of its body; ``form``: whether that is a form, or JSON.

    ``acts``: what it can be told to do, where a part of its path says that.
    """

    name: str
    method: str
    path: str
    query: tuple[str, ...]
    fields: tuple[tuple[str, Any], ...]
    required: frozenset[str]
    form: bool
    acts: tuple[str, ...] = ()

    @property
    def places(self) -> list[str]:
        """The names of the parts of the path that are values."""
        return _PLACE.findall(self.path)

    @property
    def slots(self) -> list[tuple[str, str]]:
        """Where it takes a value: (where, name)."""
        return [*(("path", each) for each in self.places), *(("query", each) for each in self.query),
                *(("body", name) for name, _ in self.fields)]  # fmt: skip


def changing_doors(app: Litestar) -> Iterator[Changing]:
    """Find the doors that change something, with all that they take."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()) if isinstance(route, HTTPRoute) else ():
            for method in sorted(handler.http_methods - {"GET", "HEAD", "OPTIONS"}):
                name = f"{method} {route.path}"
                if name in PASSED or name in ENDS or not changes(name):
                    continue
                taken = handler.parsed_fn_signature.parameters
                data = taken["data"].annotation if "data" in taken else None
                typed = isinstance(data, type) and issubclass(data, msgspec.Struct)
                fields = [(f.name, f.type) for f in msgspec.structs.fields(data)] if typed else \
                    [(each, str) for each in sorted(_looked_up(handler.fn))]  # fmt: skip
                required = {f.name for f in msgspec.structs.fields(data) if f.required} if typed else \
                    {each for each, _ in fields}  # fmt: skip
                query = tuple(sorted(handler.opt.get("query") or ()))
                acts = acts_of(handler.fn)
                yield Changing(name, method, route.path, query, tuple(fields), frozenset(required),
                               not route.path.startswith(("/api/", "/taxii2/")), tuple(acts))  # fmt: skip


def _looked_up(function: Any, depth: int = 3, seen: frozenset[Any] = frozenset()) -> set[str]:
    """Name the fields that a handler looks up in its form or body, in what it calls too."""
    function = inspect.unwrap(getattr(function, "func", function))
    if depth == 0 or function in seen or not inspect.isfunction(function):
        return set()
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first = node.args[0] if node.args else None
            called = node.func
            asked = isinstance(called, ast.Attribute) and called.attr in ("get", "getall") and _is_form(called.value)
            if asked or (first is not None and _is_form(first)):
                given = node.args[:1] if asked else node.args
                found |= {arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
                found |= {word.arg for word in node.keywords if word.arg and not asked}
                if any(isinstance(arg, ast.Name) for arg in node.args[1:]):
                    found |= _named(tree, function)
            if isinstance(node.func, ast.Name) and any(map(_is_form, node.args)):
                called = function.__globals__.get(node.func.id)
                if str(getattr(called, "__module__", "")).startswith("fusioncell."):
                    found |= _looked_up(called, depth - 1, seen | {function})
        elif isinstance(node, ast.Subscript) and _is_form(node.value) and isinstance(node.slice, ast.Constant):
            found.add(str(node.slice.value))
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and _is_form(node.comparators[0]):
            found.add(str(node.left.value))
    return {each for each in found if re.fullmatch(r"[a-z_]{2,24}", each)} - {"csrf"}


def _named(tree: ast.AST, function: Any) -> set[str]:
    """Return the texts of a function, and of the lists that it names: it looks up what they say."""
    found = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    for each in ast.walk(tree):
        listed = function.__globals__.get(each.id) if isinstance(each, ast.Name) else None
        if isinstance(listed, tuple | list | frozenset | set):
            found |= {one for one in listed if isinstance(one, str)}
    return found


def _is_form(node: ast.AST) -> bool:
    if isinstance(node, ast.BoolOp):
        return any(map(_is_form, node.values))
    if isinstance(node, ast.Await):
        return isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") in ("form_of", "fields_of")
    return isinstance(node, ast.Name) and node.id in ("fields", "data", "form", "given", "sent")


CHOICE = {"act", "what", "how", "do"}
"""Parts of a path that say what is done: given each word that the handler knows."""


def acts_of(function: Any) -> list[str]:
    """Return the words that a handler and what it calls compare with, for a part of the path that says what is done."""
    function = inspect.unwrap(getattr(function, "func", function))
    texts: set[Any] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Compare) and getattr(node.left, "id", "") in CHOICE:
            texts |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
            named = [function.__globals__.get(each.id) for each in ast.walk(node) if isinstance(each, ast.Name)]
            texts |= {one for each in named if isinstance(each, tuple | list | frozenset | set | dict) for one in each}
        elif isinstance(node, ast.MatchValue):
            texts |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
    return sorted(each for each in texts if isinstance(each, str) and re.fullmatch(r"[a-z]{3,12}", each))


# -- asking ------------------------------------------------------------------------------------------------------------


class Closed(FusionCellError):
    """Nothing is taken in: what a door would have done it would have done; the record is as before."""

    status = 503


def close_record(world: World) -> None:
    """Let the record refuse all that is appended from now on: doors are asked, the world stays as it is."""

    def refuse(*given: Any, **named: Any) -> Any:
        raise Closed("nothing is taken in", hint="This is a test.")

    world.hub.record.submit = world.hub.record.append = refuse  # type: ignore[method-assign]


@dataclass(frozen=True)
class Slot:
    """Where a door takes a value, in one of the ways in which it can be asked (``act``)."""

    door: Changing
    where: str
    name: str
    act: str = ""

    def question(self, world: World, who: str, value: str) -> Question:
        """Make the request that gives this value here and usual ones elsewhere."""
        door, thread = self.door, world.host
        values = {each: self.act if each in CHOICE else self._usual(world, each, None) or thread
                  for each in door.places}  # fmt: skip
        if self.where == "path":
            values[self.name] = value
        path = _PLACE.sub(lambda m: quote(values[m[1]], safe=":"), door.path)
        asked = {self.name: value} if self.where == "query" else {}
        asked |= {each: usual for each in door.query
                  if each != self.name and (usual := self._usual(world, each, None) or USUAL.get(each))}  # fmt: skip
        body = {each: self.act if each in CHOICE and self.act else self._usual(world, each, kind)
                for each, kind in door.fields if each in door.required}  # fmt: skip
        if self.where == "body":
            kind = dict(door.fields)[self.name]
            body[self.name] = [value] if _listed(kind) else value
        path += f"?{urlencode(asked)}" if asked else ""
        if door.form:
            csrf = world.hub.members.csrf_of(world.sessions[who]) if who in world.sessions else ""
            sent = urlencode({**body, "csrf": csrf}, doseq=True).encode()
            return Question(door.name, door.method, path, "", None, (value,), sent, "application/x-www-form-urlencoded")
        sent = json.dumps(body).encode() if door.fields else b"some text" if door.name in WHOLE else b""
        return Question(door.name, door.method, path, "", None, (value,), sent,
                        "application/json" if door.fields else "text/plain")  # fmt: skip

    def _usual(self, world: World, name: str, kind: Any) -> Any:
        if name in ("organisation", "proxy", "on"):
            return f"post:{world.host}" if name == "on" else world.orgs["Same Ltd"]
        at = next((usual for start, usual in AT.items() if self.door.path.startswith(start)), {})
        if kind is None and name not in at:
            return ""
        if name in at or name in USUAL:
            usual = at.get(name, USUAL.get(name))
            return [usual] if _listed(kind) and not isinstance(usual, list) else usual
        return {int: 1, bool: True, float: 1.0}.get(kind, [] if _listed(kind) else "")


PLAIN = frozenset({
    "reason", "title", "heading", "message", "tlp", "days", "name", "guest_name", "email", "label", "sector", "purpose",
    "role", "roles", "scopes", "zone", "language", "digest", "instant", "morning", "quiet_from", "quiet_to", "every",
    "format", "grade", "phone", "expertise", "languages", "shown", "statement", "why", "applicant", "sponsor", "secret",
    "homepage", "at_least", "legal_basis", "basis", "case", "openness", "history", "more", "permission", "contribute",
    "public", "deadline", "product", "category", "confirm", "granted", "shortcuts", "filename", "uses", "url", "off",
    "at_once", "anonymous", "open", "choose", "cell", "to_cell", "version", "ceiling", "done", "yes", "none",
})  # fmt: skip
"""What names a choice, a word or a text everywhere; nothing is looked up by it."""


def _listed(kind: Any) -> bool:
    """Tell whether a field takes a list, or may."""
    return any(typing.get_origin(each) in (list, tuple) for each in (kind, *typing.get_args(kind)))


def slots_of(door: Changing) -> Iterator[Slot]:
    """Return the slots of a door, for each thing that it can be told to do."""
    for act in door.acts or ("",):
        for where, name in door.slots:
            if name not in CHOICE | PLAIN and dict(door.fields).get(name) not in (bool, int):
                yield Slot(door, where, name, act)


_UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def same(one: Said, other: Said, mine: str, made_up: str) -> bool:
    """Tell whether two answers differ in nothing but what was asked for, and in ids that are made for each answer."""
    return _plain(one, mine) == _plain(other, made_up)


def _plain(said: Said, value: str) -> str:
    text = without(said.text, (value,))
    # Errors repeat the beginning of what was given, each as much as it likes.
    for form in (value, value.rpartition(":")[2], value.upper()):
        for size in range(len(form), 7, -1):
            text = text.replace(form[:size], "…")
    return _UUIDS.sub("…", text)
