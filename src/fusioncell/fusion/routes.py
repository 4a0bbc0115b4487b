"""HTTP operations of fusion: one observable's assessment with its explanation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import msgspec
from litestar import Request, Response, get

from fusioncell.fusion.explanation import explain
from fusioncell.fusion.service import Fusion
from fusioncell.fusion.unfold import unfold
from fusioncell.intake import observables_of
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.handed import Exports
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, Observable, canonical, guess, key64, type_named
from fusioncell.record.service import Record

MOST_ENTRIES = 200
"""Entries that an explanation unfolds to, the newest."""
_encode = msgspec.json.Encoder().encode


def observable_named(kind: str, value: str) -> Observable:
    """Read a type (any usual name, or ``auto``) and value into an observable. Raises BadInput."""
    try:
        if kind in ("auto", "file", "hash", "ip"):
            found = guess(value)
            if found is None:
                raise BadValue(f"{value[:80]!a} has the form of no known type")
            return found
        if "|" in kind and (parts := observables_of(kind, value)):
            # MISP's composite types: the first of what the value holds (of ``domain|ip`` the name).
            return parts[0]
        return canonical(type_named(kind), value)
    except BadValue as fault:
        raise BadInput(
            str(fault),
            hint="Name a type of STIX or MISP, or auto: for example /api/observables/domain-name/evil.example",
        ) from None


def assessment(
    fusion: Fusion, record: Record, viewer: Viewer, kind: str, value: str, exports: Exports | None = None
) -> bytes:
    """Return the assessment of a value with its explanation, as JSON. ``exports``: who notes that a machine has it.

    Raises BadInput, or NotFound where nothing that the viewer sees mentions it.
    """
    observable = observable_named(kind, value)
    found = fusion.look_up(observable, record.visible_to(viewer))
    if found is None:
        raise NotFound("nothing that you may see mentions it", hint="Post what you know of it, or ask the partnership.")
    if exports is not None and viewer.org is not None:
        exports.exported(viewer.org, (key64(observable),))
    return _encode(explain(found, fusion.known_good.hits(observable)))


def value_asked(request: Request[Any, Any, Any], under: str = "/observables/") -> str:
    """Read the value from the address as it was sent, ``…/observables/TYPE/VALUE``, or ``under`` another word.

    From the raw path: routing joins double slashes and undoes percent signs, and a URL holds both by right.
    """
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    sent = raw.decode("latin-1").partition("?")[0]
    return unquote(sent.partition(under)[2].partition("/")[2])


@get(
    "/api/observables/{kind:str}/{value:path}",
    tags=["observables"],
    opt={"permission": "read"},
    summary="Assess an observable",
    description="P(malicious) and P(active) from all claims that you may see, with "
    "every origin, weight and decay that made them.",
)
async def assess_observable(request: Request[Any, Any, Any], kind: str, value: str) -> Response[bytes]:
    """Answer the assessment with its explanation. Most look-ups never come here: see ``web.express``."""
    # What it needs is taken from the application, because each injected value costs 40 µs.
    state = request.app.state
    viewer: Viewer = request.scope["state"]["viewer"]
    exports = None if request.scope["state"]["session"] else state.hub.receipts
    body = assessment(state.fusion, state.record, viewer, kind, value_asked(request), exports)
    return Response(body, media_type="application/json")


@get(
    "/api/explanations/{kind:str}/{value:path}",
    tags=["observables"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="Explain an assessment",
)
def explain_observable(
    request: Request[Any, Any, Any], kind: str, value: str, fusion: Fusion, record: Record, viewer: Viewer
) -> dict[str, Any]:
    """Unfold an assessment: each origin, the voices in it, and the entries behind each, of what you may see."""
    observable = observable_named(kind, value_asked(request, "/explanations/"))
    audiences = record.visible_to(viewer)
    found = fusion.look_up(observable, audiences)
    if found is None:
        raise NotFound("nothing that you may see mentions it", hint="Post what you know of it, or ask the partnership.")
    rows = fusion.mentions(observable, audiences, MOST_ENTRIES)
    entries = {entry.seq: entry for entry in record.read_many(sorted({row[0] for row in rows}))}
    markings = {number: record.audience(number).tlp.value for number in {row[2] for row in rows}}
    tree = unfold(found, rows, entries, markings, fusion.now())
    return {**explain(found, fusion.known_good.hits(observable)), "tree": tree}


HANDLERS = (assess_observable, explain_observable)
"""The room's doors."""
