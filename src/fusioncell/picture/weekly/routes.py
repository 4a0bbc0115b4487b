"""HTTP operations of weekly summaries."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.picture.weekly.service import Weekly


@get("/api/products/weekly", tags=["products"], sync_to_thread=True, summary="A week's summary",
     opt={"permission": "answer", "query": frozenset({"week", "at", "tlp"})})  # fmt: skip
def summary(
    weekly: Weekly, viewer: Viewer, week: Annotated[str, Parameter(max_length=10)] = "",
    at: Annotated[int, Parameter(ge=0, le=1 << 62)] = 0, tlp: str = "green",
) -> dict[str, Any]:  # fmt: skip
    """Write the summary of a week (``2026-W47``; left out: the last one) from the record, as text for a draft.

    ``at``: for operators, a position of the record as of which it is written.
    """
    found = weekly.summary(viewer, week, at=at, tlp=parse_tlp(tlp))
    return {"week": found.week.name, "title": found.title, "text": found.text}


HANDLERS = (summary,)
"""The package's doors."""
