"""The MISP door, joined: each package's actions over the rooms of a hub."""

from __future__ import annotations

from fusioncell.exchange.misp import Caller, MispRole
from fusioncell.exchange.mispdoor.service import MispDoor
from fusioncell.exchange.mispkeep import Keep
from fusioncell.kernel.marking import Viewer


def misp_door(keep: Keep) -> MispDoor:
    """Join the door."""

    def whoami(viewer: Viewer) -> Caller:
        return Caller(viewer, 0, viewer.org or "", MispRole(3, "User"))

    return MispDoor({}, whoami)
