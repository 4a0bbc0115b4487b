"""HTTP operations of weekly summaries."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.picture.weekly.service import Weekly

Sector = Annotated[str, Parameter(max_length=80)]


@get("/api/products/weekly", tags=["products"], sync_to_thread=True, summary="A week's summary",
     opt={"permission": "answer", "query": frozenset({"week", "at", "tlp", "sector"})})  # fmt: skip
def summary(
    weekly: Weekly, viewer: Viewer, week: Annotated[str, Parameter(max_length=10)] = "",
    at: Annotated[int, Parameter(ge=0, le=1 << 62)] = 0, tlp: str = "green", sector: Sector = "",
) -> dict[str, Any]:  # fmt: skip
    """Write the summary of a week (``2026-W47``; left out: the last one) from the record, as text for a draft.

    ``at``: for operators, a position of the record as of which it is written; ``sector``: of its contributors alone.
    """
    found = weekly.summary(viewer, week, at=at, tlp=parse_tlp(tlp), sector=sector)
    return {"week": found.week.name, "title": found.title, "text": found.text}


@get("/api/products/monthly", tags=["products"], sync_to_thread=True, summary="A month's summary",
     opt={"permission": "answer", "query": frozenset({"month", "at", "tlp", "sector"})})  # fmt: skip
def monthly(
    weekly: Weekly, viewer: Viewer, month: Annotated[str, Parameter(max_length=10)] = "",
    at: Annotated[int, Parameter(ge=0, le=1 << 62)] = 0, tlp: str = "green", sector: Sector = "",
) -> dict[str, Any]:  # fmt: skip
    """Write the summary of a month (``2026-11``; left out: the last one), as that of a week."""
    found = weekly.summary(viewer, month, at=at, tlp=parse_tlp(tlp), sector=sector, month=True)
    return {"month": found.week.name, "title": found.title, "text": found.text}


HANDLERS = (summary, monthly)
"""The package's doors."""
