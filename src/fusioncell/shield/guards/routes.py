"""HTTP operations of the guards: ask that a name be protected, and no more."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import post

from fusioncell.kernel.marking import Viewer
from fusioncell.shield.guards.service import Guards


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """A domain name."""

    name: str


@post("/api/shield/protected", tags=["shield"], opt={"permission": "lead"}, status_code=202, sync_to_thread=True,
      summary="Ask that a name be protected")
def protect(data: Named, guards: Guards, viewer: Viewer) -> dict[str, Any]:
    """Ask, as a lead, that blocking a name takes two people; who asked is not kept with it."""
    guards.ask(viewer, data.name)
    return {"status": "accepted"}


@post("/api/shield/protected/release", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Protect a name no more")
def release(data: Named, guards: Guards, viewer: Viewer) -> dict[str, Any]:
    """Protect a name that was asked for no more; the answer does not tell whether it was."""
    guards.release(viewer, data.name)
    return {"status": "accepted"}


HANDLERS = (protect, release)
"""The package's doors."""
