"""What is related to an observable: the clusters and entities of who names it, and what is named beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable
from fusioncell.picture.triage import key_of
from fusioncell.web.pages.clusters import cluster_view
from fusioncell.web.pages.graph import drawing_href
from fusioncell.web.pages.views import View, observable_view

CONTRIBUTIONS = 12
"""Newest contributions that name it, of which is asked."""
VALUES = 40
"""Values of each that are looked at."""
SHOWN = 8


def related_view(hub: Hub, viewer: Viewer, one: Observable, contributions: Iterable[str]) -> View:
    """Make the view of what is related, of what the viewer may see. ``contributions``: that name it, newest first.

    Clusters, actors and the like are pages of members; others are shown what is named beside it.
    """
    newest = list(dict.fromkeys(contributions))[:CONTRIBUTIONS]
    beside: Counter[Observable] = Counter()
    clusters: dict[str, View] = {}
    named: Counter[tuple[str, str, str]] = Counter()
    for which in newest:
        try:
            item = hub.picture.contribution(viewer, which)
        except NotFound:
            continue
        beside.update(set(hub.picture.sample(viewer, item, VALUES)) - {one})
        if viewer.member:
            found = hub.clusters.of(viewer, which)
            if found is not None:
                clusters.setdefault(found.id, cluster_view(found))
            named.update((each.id, each.kind.value, each.name) for each in hub.entities.of_contribution(viewer, which))
    first = sorted(beside, key=lambda each: (-beside[each], each.type.value, each.value))[:SHOWN]
    known = hub.fusion.match(first, hub.record.visible_to(viewer))
    return {
        "contributions": len(newest), "clusters": list(clusters.values()),
        "entities": [{"href": f"/entities/{quote(which, safe='')}", "name": name, "kind": kind, "count": named[each]}
                     for each in sorted(named, key=lambda each: (-named[each], each))[:SHOWN]
                     for which, kind, name in [each]],
        "rows": [{"one": observable_view(each, known.get(each)), "count": beside[each]} for each in first],
        "draw": _drawing(one) if viewer.member else None,
    }  # fmt: skip


def _drawing(one: Observable) -> str | None:
    """Return the address of its drawing, None where it is longer than an address can be."""
    try:
        return drawing_href([key_of(one)])
    except BadInput:
        return None
