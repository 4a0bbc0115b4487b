"""HTTP operations of what was learned."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.fusion.learned.model import TIERS
from fusioncell.fusion.learned.service import Learning
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer


@get("/api/learned", tags=["observables"], sync_to_thread=True, summary="What the hub has learned",
     opt={"permission": "read"})  # fmt: skip
def learned(learning: Learning, viewer: Viewer) -> dict[str, Any]:
    """List what was learned from the record, with what it was learned from, for the tiers that you may see."""
    return {"learned": [{"kind": kind.removeprefix("learned."), "tlp": TIERS[tier].tlp.value,
                         "since": format_instant(at), **body}
                        for kind, tier, at, body in learning.known(viewer)]}  # fmt: skip


HANDLERS = (learned,)
