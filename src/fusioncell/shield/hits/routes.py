"""HTTP operations of hit counts: agents report, members read what blocking came to."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.kernel.clock import HOUR, MINUTE, format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.hits.model import NOT_TAKEN, Impact, OfDecision, Overrides, Report, Series
from fusioncell.shield.hits.service import Hits
from fusioncell.shield.service import Shield

_REPORTS: dict[str, Any] = {"permission": "report_hits", "query": frozenset()}
Days = Annotated[int, Parameter(ge=1, le=365, description="How many days back.")]


async def _read(request: Request[Any, Any, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as fault:
        raise BadInput(f"the report does not fit: {fault}", hint="See docs/shield-edge.md.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput("the body is no JSON") from None


@post("/api/shield/hits", tags=["shield"], opt=_REPORTS, status_code=202, summary="Report an hour's hit counts")
async def report(request: Request[Any, Any, Any], hit_counts: Hits, viewer: Viewer) -> dict[str, Any]:
    """Take what an agent counted in one closed hour: ``{"subscriber", "hour", "k", "rows": [{"name", "blocked",
    "shadow"}]}``. Sent again it changes nothing; another report of the same hour is refused.
    """
    said = await _read(request, Report)
    taken = await sync_to_thread(hit_counts.report, viewer, said)
    return {
        "status": "known" if taken.known else "accepted",
        "kept": taken.kept,
        "refused": [{"place": f"rows[{place}]", "detail": NOT_TAKEN} for place in taken.refused],
    }


@post("/api/shield/overrides", tags=["shield"], opt=_REPORTS, status_code=202,
      summary="Say which blocks your resolvers let pass")  # fmt: skip
async def overrides(request: Request[Any, Any, Any], hit_counts: Hits, viewer: Viewer) -> dict[str, Any]:
    """Take all blocked names that an ISP lets pass: ``{"subscriber", "names": […]}``."""
    said = await _read(request, Overrides)
    added, ended = await sync_to_thread(hit_counts.override, viewer, said)
    return {"status": "accepted", "added": added, "ended": ended}


def _minutes(span: int | None) -> float | None:
    return None if span is None else round(span / MINUTE, 1)


def _series(series: Series) -> dict[str, Any]:
    return {
        "blocked": series.blocked,
        "shadow": series.shadow,
        "spells": [{"from": format_instant(one.begins), "blocked": one.blocked, "shadow": one.shadow}
                   for one in series.spells if one.blocked or one.shadow],
        "decisions": [{"decision": one.decision, "blocked": one.blocked, "shadow": one.shadow}
                      for one in series.decisions],
    }  # fmt: skip


def impact_json(found: Impact) -> dict[str, Any]:
    """Return an impact as JSON values; times in minutes."""
    return {
        "from": format_instant(found.begins),
        "until": format_instant(found.ends),
        "step_hours": found.step // HOUR,
        "report_to_block_minutes": {"count": found.pace.count, "median": _minutes(found.pace.median),
                                    "p95": _minutes(found.pace.p95)},
        "published": found.published,
        "lifted_as_wrong": found.lifted,
        "false_positive_rate": found.false_positives,
        "overridden": found.overridden,
        "subscribers": found.subscribers,
        "released": _series(found.released),
        "reported": _series(found.reported),
    }  # fmt: skip


def decision_json(found: OfDecision) -> dict[str, Any]:
    """Return what one block came to as JSON values."""
    return {
        "step_hours": found.step // HOUR,
        "report_to_block_minutes": _minutes(found.waited),
        "overridden": found.overridden,
        "carried_by": found.carried,
        "subscribers": found.subscribers,
        "released": _series(found.released),
        "reported": _series(found.reported),
    }


@get("/api/shield/impact", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What blocking came to")  # fmt: skip
def impact(hit_counts: Hits, viewer: Viewer, days: Days = 7) -> dict[str, Any]:
    """Tell minutes from report to block, hits over time, blocks that turned out wrong.

    ``released``: the partnership's sums; ``reported``: the reports that you may read.
    """
    return impact_json(hit_counts.impact(viewer, days))


@get("/api/shield/impact/csv", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What blocking came to, by block, as CSV")  # fmt: skip
def impact_csv(hit_counts: Hits, viewer: Viewer, days: Days = 7) -> Response[str]:
    """Give one line for each block that was in force."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(["decision", "name", "category", "state", "published", "ended", "report_to_block_minutes",
           "released_blocked", "released_shadow", "reported_blocked", "reported_shadow"])  # fmt: skip
    for one in hit_counts.table(viewer, days):
        waited = _minutes(one.waited)
        write([one.decision, one.name, one.category, one.state, format_instant(one.published),
               format_instant(one.ended) if one.ended else "", "" if waited is None else waited,
               one.released.blocked, one.released.shadow, one.reported.blocked, one.reported.shadow])  # fmt: skip
    return Response(out.getvalue(), media_type="text/csv",
                    headers={"Content-Disposition": 'attachment; filename="impact.csv"'})  # fmt: skip


@get("/api/shield/decisions/{which:str}/hits", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What one block came to")  # fmt: skip
def of_decision(which: str, hit_counts: Hits, shield: Shield, viewer: Viewer) -> dict[str, Any]:
    """Tell the hits of one decision over time, and who carries it, as far as you may see it."""
    return decision_json(hit_counts.of_decision(viewer, shield.decision(viewer, which)))


HANDLERS = (report, overrides, impact, impact_csv, of_decision)
"""The package's doors."""
