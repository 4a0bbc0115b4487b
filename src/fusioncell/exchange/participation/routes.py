"""HTTP operations of participation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.exchange.participation.model import CONTEXT, Figures, Pace, Report, Spell
from fusioncell.exchange.participation.service import Participation
from fusioncell.kernel.clock import SECOND, format_day
from fusioncell.kernel.marking import Viewer


@get(
    "/api/participation",
    tags=["exchange"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="Who takes part, how complete and how fast, by quarter",
    description="Every figure is over what you may see. Sectors of fewer than three organisations are joined; "
    "anonymous authors are one voice, and in no organisation's figures.",
)
def report(
    participation: Participation,
    viewer: Viewer,
    quarter: Annotated[str, Parameter(max_length=7, description="2026-Q4; this one where left out.")] = "",
) -> dict[str, Any]:
    """Report a quarter."""
    return report_json(participation.report(viewer, quarter))


def figures_json(figures: Figures | None) -> dict[str, Any] | None:
    """Return figures with the shares of indicators as JSON values."""
    if figures is None:
        return None
    counts: dict[str, Any] = asdict(figures)
    for name in ("context", *CONTEXT):
        share = figures.share(name)
        counts[name] = {"count": counts[name], "share": None if share is None else round(share, 4)}
    return counts


def report_json(found: Report) -> dict[str, Any]:
    """Return a report as JSON values; times in seconds."""
    return {
        "quarter": found.quarter,
        "from": format_day(found.begins),
        "until": format_day(found.ends),
        "total": figures_json(found.total),
        "anonymous": figures_json(found.anonymous),
        "own": figures_json(found.own),
        "sector": found.beside or None,
        "sector_median": None if found.median is None else {name: round(n, 4) for name, n in found.median.items()},
        "weeks": [_spell(one) for one in found.weeks],
        "months": [_spell(one) for one in found.months],
        "sectors": [
            {"sector": one.name, "organisations": one.organisations, "quiet": one.quiet, "given": one.given,
             "taken": one.taken, **(figures_json(one.figures) or {})}
            for one in found.sectors
        ],
        "answers": [{"by": by, "to": to, "count": count} for by, to, count in found.flows],
        "first_reply": {"posts": _pace(found.posts), "requests": _pace(found.requests)},
        **({} if found.organisations is None else {"organisations": [
            {"organisation": one.org, "name": one.name, "sector": one.sector, **(figures_json(one.figures) or {})}
            for one in found.organisations
        ]}),
    }  # fmt: skip


def _spell(one: Spell) -> dict[str, Any]:
    return {"from": format_day(one.begins), "all": figures_json(one.all), "own": figures_json(one.own)}


def _pace(pace: Pace) -> dict[str, Any]:
    def seconds(wait: int | None) -> float | None:
        return None if wait is None else round(wait / SECOND, 3)

    return {"asked": pace.asked, "answered": pace.answered, "median_seconds": seconds(pace.median),
            "p90_seconds": seconds(pace.p90)}


HANDLERS = (report,)
"""The package's doors."""
