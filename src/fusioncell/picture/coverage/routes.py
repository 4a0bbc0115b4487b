"""HTTP operations of coverage."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.coverage.service import Coverages


@get("/api/coverage", tags=["picture"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What you do not see")  # fmt: skip
def coverage(coverages: Coverages, viewer: Viewer) -> dict[str, Any]:
    """Say what is missing of what you may see: types, sectors, sources, tactics. Nobody is named: sectors of fewer than
    three members stand together with others."""
    if not viewer.member:
        raise NotAllowed("this is for members of the partnership", hint="Sign in.")
    found = coverages.look(viewer)
    return {
        "gaps": [{"kind": one.kind.value, "names": list(one.names), "count": one.count, "of": one.of}
                 for one in found.gaps],
        "types": [{"type": one.type.value, "day": one.day, "week": one.week, "month": one.month, "days_ago": one.ago,
                   "contributors": one.voices, "largest_share": round(one.largest, 3)} for one in found.kinds],
        "sectors": [{"sectors": list(one.sectors), "members": one.members, "gave_news": one.voices,
                     "types": {type_.value: count for type_, count in sorted(one.types.items())}}
                    for one in found.groups],
        "tactics": [{"tactic": one.tactic, "named": one.named, "techniques": one.techniques} for one in found.tactics],
        "contributors": found.contributors, "four_fifths_by": found.few, "longest_silence_hours": found.silence,
    }  # fmt: skip


HANDLERS = (coverage,)
"""The package's doors."""
