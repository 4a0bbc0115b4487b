"""HTTP operations of overrides."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import Parameter

from fusioncell.fusion.overrides.model import Override
from fusioncell.fusion.overrides.service import MOST, Overrides
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, canonical, type_named

_TAGS = ["observables"]
Limit = Annotated[int, Parameter(ge=1, le=MOST, description="At most so many, the newest first.")]


class Overriding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An analyst's word on a value. ``verdict``: malicious, suspicious, unclear or benign. ``readers``: who may know
    it: clear, green (the default) or cell, for the Fusion Cell alone."""

    type: str
    value: str
    verdict: str
    reason: str
    readers: str = "green"


def override_json(one: Override, tlp: str) -> dict[str, Any]:
    """Return an override as JSON values."""
    return {
        "id": one.id, "type": one.observable.type.value, "value": one.observable.value, "verdict": one.verdict.value,
        "reason": one.reason, "by": one.author, "at": format_instant(one.at), "tlp": tlp,
    }  # fmt: skip


@get("/api/overrides", tags=_TAGS, sync_to_thread=True, summary="Overrides of assessments",
     opt={"permission": "read", "query": frozenset({"limit"})})  # fmt: skip
def overrides(overrides: Overrides, viewer: Viewer, limit: Limit = MOST) -> dict[str, Any]:
    """List what analysts say of values against the machine, of what you may know, the newest first."""
    return {"overrides": [override_json(one, overrides.tlp_of(one).value) for one in overrides.listed(viewer, limit)]}


@post("/api/overrides", tags=_TAGS, sync_to_thread=True, summary="Override an assessment",
      opt={"permission": "answer"})  # fmt: skip
def override(data: Overriding, overrides: Overrides, viewer: Viewer) -> dict[str, str]:
    """Say of a value what it is, with a reason. The machine's figures stay and are shown beside it."""
    try:
        one = canonical(type_named(data.type), data.value)
    except BadValue:
        raise BadInput("that is no value of that type", hint="Name a type of STIX or MISP, such as domain-name.",
                       place="value") from None  # fmt: skip
    return {"id": overrides.override(viewer, one, data.verdict, data.reason, data.readers), "status": "accepted"}


@delete("/api/overrides/{which:str}", tags=_TAGS, sync_to_thread=True, summary="Take an override back",
        status_code=200, opt={"permission": "answer", "query": frozenset({"reason"})})  # fmt: skip
def restore(
    which: str, overrides: Overrides, viewer: Viewer,
    reason: Annotated[str, Parameter(description="Why it no longer stands.")] = "",
) -> dict[str, str]:  # fmt: skip
    """Take an override back: from now on the machine's verdict is shown alone."""
    overrides.restore(viewer, which, reason)
    return {"status": "accepted"}


HANDLERS = (overrides, override, restore)
