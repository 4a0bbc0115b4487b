"""HTTP operations of the blast radius."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.kernel.marking import Viewer
from fusioncell.shield.radius.model import DAYS, Circle, Listed, Radius
from fusioncell.shield.radius.reckon import verdict
from fusioncell.shield.radius.service import Radii
from fusioncell.shield.service import Shield


def _lists(found: tuple[Listed, ...]) -> list[dict[str, Any]]:
    return [{"list": one.title, "within": one.within or None} for one in found]


def _circle(found: Circle) -> dict[str, Any]:
    return {
        "count": found.count,
        "more": found.more,
        "called_malicious": found.accused,
        "guarded": found.guarded,
        "named": [{"name": one.name, "said": one.said.value, "guarded": one.guarded, "blocked": one.blocked}
                  for one in found.named],
    }  # fmt: skip


def radius_json(found: Radius) -> dict[str, Any]:
    """Return a blast radius as JSON values. ``within``: among the first so many; null where a list has no order."""
    ground = found.ground
    return {
        "name": found.name,
        "verdict": verdict(found),
        "popular": _lists(found.lists),
        "known_good": list(found.others),
        "registered": found.registered or None,
        "registered_popular": _lists(found.registered_lists),
        "stands_on": {"name": ground.value, "itself": ground.own, "sort": ground.sort.value} if ground else None,
        "counted": {"days": DAYS, "queries": found.asked},
        "blocked_below": found.blocked,
        "covered_by": found.covered or None,
        "below": _circle(found.below),
        "addresses": [{"address": one.address, "other_names": one.count, "more": one.more} for one in found.hosts],
        "more_addresses": found.more_hosts,
        "beside": _circle(found.beside),
        "shared_host": found.shared,
    }


@get("/api/shield/radius/{name:str}", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What a block of a name would take with it")  # fmt: skip
def of_name(name: str, radii: Radii, viewer: Viewer) -> dict[str, Any]:
    """Tell, of any name, its popularity, the known names below it and beside it, as far as you may see them."""
    return radius_json(radii.of(viewer, name))


@get("/api/shield/decisions/{which:str}/radius", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What one block takes with it")  # fmt: skip
def of_decision(which: str, radii: Radii, shield: Shield, viewer: Viewer) -> dict[str, Any]:
    """Tell the same of a decision's name, as it is now."""
    return radius_json(radii.of(viewer, shield.decision(viewer, which).name))


HANDLERS = (of_name, of_decision)
"""The package's doors."""
