"""As what a viewer stands to a group, and what follows: who sees it at all, and who may decide in it.

1. A member, a guest or an invited party sees the group, whatever its openness.
2. Any other member of the partnership sees open and on-request groups while they are not closed: name, purpose, kind,
   count. One who has asked stands the same, and is told so.
3. For everyone else the group does not exist (DESIGN rule 5).

A role permits actions and never widens sight: ``moderate`` decides in groups that its holder sees, and in no other; who
is not in a group lets nobody into it (``service``).
"""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.marking import Viewer, org, person
from fusioncell.members.circles.model import Asking, Group, Openness, Place, Way


def parties_of(viewer: Viewer) -> frozenset[str]:
    """Return the parties that a viewer acts for: its organisation and its person."""
    return frozenset([*([org(viewer.org)] if viewer.org else []), *([person(viewer.person)] if viewer.person else [])])


def place_of(viewer: Viewer, group: Group, own: Iterable[Asking]) -> Place | None:
    """Say as what a viewer stands to a group; None where it must not know of it. ``own``: askings of its parties."""
    if viewer.guest:
        # Of a guest's parties one is a generation of its one group, made from what stands in the projection.
        return Place.GUEST if any(_is_of(party, group.id) for party in viewer.parties) else None
    if not viewer.member:
        return None
    if parties_of(viewer) & group.parties:
        return Place.MEMBER
    waiting = {asking.way for asking in own if asking.state == "open"} if group.closed is None else set()
    if Way.INVITATION in waiting:
        return Place.INVITED
    if group.openness is Openness.INVITATION or group.closed is not None:
        return None
    return Place.ASKED if Way.REQUEST in waiting else Place.OUTSIDE


def leads(viewer: Viewer, group: Group, place: Place) -> bool:
    """Tell whether a viewer who sees the group may decide as its owners do."""
    if not viewer.member or not viewer.may("contribute"):
        return False
    if viewer.may("moderate"):
        return True
    if place is not Place.MEMBER:
        return False
    owners = frozenset(group.owners) & group.parties
    return not owners or bool(owners & parties_of(viewer))


def _is_of(party: str, group_id: str) -> bool:
    return party.startswith("group:") and party[len("group:") :].rpartition(".")[0] == group_id
