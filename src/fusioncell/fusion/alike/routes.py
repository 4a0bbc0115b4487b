"""HTTP operations of texts that are alike."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.fusion.alike.model import Near
from fusioncell.fusion.alike.service import Texts
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer


def _near(one: Near) -> dict[str, Any]:
    return {"contribution": one.contribution, "contributor": one.org, "at": format_instant(one.at),
            "share": round(one.share, 2)}  # fmt: skip


@get("/api/contributions/{contribution:str}/alike", tags=["contributions"], sync_to_thread=True,
     opt={"permission": "read"}, summary="Texts that are alike")  # fmt: skip
def alike(contribution: str, texts: Texts, viewer: Viewer) -> dict[str, Any]:
    """List the contributions that you see whose texts are nearly those of this one: the first, and the nearest."""
    found = texts.alike(viewer, contribution)
    return {"first": _near(found.first) if found.first else None, "alike": [_near(one) for one in found.found],
            "more": found.more}  # fmt: skip


HANDLERS = (alike,)
