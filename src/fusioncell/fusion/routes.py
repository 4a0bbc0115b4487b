"""HTTP operations of fusion: one observable's assessment with its explanation."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from litestar import get

from fusioncell.fusion.explanation import explain
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, Observable, canonical, guess, type_named
from fusioncell.record.service import Record


def observable_named(kind: str, value: str) -> Observable:
    """Read a type (any usual name, or ``auto``) and value into an observable. Raises BadInput."""
    try:
        if kind in ("auto", "file", "hash", "ip"):
            found = guess(value)
            if found is None:
                raise BadValue("it has the form of no known type")
            return found
        return canonical(type_named(kind), value)
    except BadValue as fault:
        raise BadInput(
            f"{value[:80]!r} is no {kind[:40]}: {fault}", hint="For example /api/observables/domain-name/evil.example"
        ) from None


@get(
    "/api/observables/{kind:str}/{value:path}",
    tags=["observables"],
    opt={"permission": "read"},
    summary="Assess an observable",
    description="P(malicious) and P(active) from all claims that you may see, with "
    "every origin, weight and decay that made them.",
)
async def assess_observable(kind: str, value: str, fusion: Fusion, record: Record, viewer: Viewer) -> dict[str, Any]:
    """Answer the assessment with its explanation."""
    observable = observable_named(kind, unquote(value.removeprefix("/")))
    found = fusion.look_up(observable, record.visible_to(viewer))
    if found is None:
        raise NotFound("nothing that you may see mentions it", hint="Post what you know of it, or ask the partnership.")
    return explain(found, fusion.known_good.hits(observable))


HANDLERS = (assess_observable,)
"""The room's doors."""
