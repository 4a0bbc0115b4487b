"""HTTP operations of origins: sources, which of them are one, and how reliable each is."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import Parameter

from fusioncell.fusion.origins.service import MOST, Joined, Origins, Source
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer, parse_tlp

_TAGS = ["sources"]
Limit = Annotated[int, Parameter(ge=1, le=MOST, description="At most so many, those that said most first.")]


class Joining(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Two sources that are one origin: ``second`` repeats ``first``. ``tlp``: green (the default) or clear."""

    first: str
    second: str
    reason: str
    tlp: str = "green"


class Grading(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An Admiralty grade, A to F; "" takes the last one back. ``tlp``: who may know it, green (default) or clear."""

    source: str
    letter: str
    reason: str
    tlp: str = "green"


def _source(one: Source) -> dict[str, Any]:
    judged = one.outcome
    return {
        "source": one.name, "claims": one.claims, "last": format_instant(one.last), "reliability": one.letter,
        "graded": None if one.graded is None else {
            "by": one.graded_by or "rule", "reason": one.graded.reason, "upheld": one.graded.upheld,
            "overturned": one.graded.overturned},
        "outcomes": {"upheld": judged.upheld, "overturned": judged.overturned, "mean": round(judged.mean, 4),
                     "low": round(judged.low, 4), "high": round(judged.high, 4), "suggests": judged.letter},
        "family": sorted(one.family),
    }  # fmt: skip


def _joined(one: Joined) -> dict[str, Any]:
    join = one.join
    evidence = {"values": join.values, "shared": join.shared, "order": round(join.order, 4),
                "expected": round(join.expected, 4), "lag_seconds": join.lag // 1_000_000,
                "spread_seconds": join.spread // 1_000_000}  # fmt: skip
    return {
        "id": one.id, "first": join.first, "second": join.second, "by": one.author or join.by, "reason": join.reason,
        "at": format_instant(one.at), "tlp": one.tlp.value, "evidence": evidence if join.by == "rule" else None,
    }  # fmt: skip


@get("/api/sources", tags=_TAGS, sync_to_thread=True, summary="Sources",
     opt={"permission": "read", "query": frozenset({"limit"})})  # fmt: skip
def sources(origins: Origins, viewer: Viewer, limit: Limit = MOST) -> dict[str, Any]:
    """List the sources of what you see: how much they said, their grade, what outcomes say of them, their family."""
    return {"sources": [_source(one) for one in origins.sources(viewer, limit)]}


@get("/api/sources/joins", tags=_TAGS, sync_to_thread=True, opt={"permission": "read"}, summary="Joined sources")
def joins(origins: Origins, viewer: Viewer) -> dict[str, Any]:
    """List the sources that count as one origin, with what shows it."""
    return {"joins": [_joined(one) for one in origins.joins(viewer)]}


@post("/api/sources/joins", tags=_TAGS, sync_to_thread=True, opt={"permission": "answer"}, summary="Join two sources")
def join(data: Joining, origins: Origins, viewer: Viewer) -> dict[str, str]:
    """Say that two sources are one origin, with a reason."""
    made = origins.join(viewer, data.first, data.second, data.reason, parse_tlp(data.tlp))
    return {"id": made, "status": "accepted"}


@delete("/api/sources/joins/{which:str}", tags=_TAGS, sync_to_thread=True, summary="Part two sources", status_code=200,
        opt={"permission": "answer", "query": frozenset({"reason"})})  # fmt: skip
def part(
    which: str, origins: Origins, viewer: Viewer,
    reason: Annotated[str, Parameter(description="Why they are not one.")] = "",
) -> dict[str, str]:  # fmt: skip
    """Take a join back; the two count apart from now on, and the rule does not join them again."""
    origins.part(viewer, which, reason)
    return {"status": "accepted"}


@post("/api/sources/grades", tags=_TAGS, sync_to_thread=True, opt={"permission": "answer"}, summary="Grade a source")
def grade(data: Grading, origins: Origins, viewer: Viewer) -> dict[str, str]:
    """Grade a source; its claims weigh by the grade from now on."""
    origins.grade(viewer, data.source, data.letter.strip().upper(), data.reason, parse_tlp(data.tlp))
    return {"status": "accepted"}


HANDLERS = (sources, joins, join, part, grade)
