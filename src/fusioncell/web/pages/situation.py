"""The situation over time, for all or for one sector; and coverage: what is not seen."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.coverage import Gap, GapKind, Group
from fusioncell.picture.situation import SPANS, Course
from fusioncell.shield.model import State
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.views import View, label_of
from fusioncell.web.words import N_, Words

MOST_BLOCKS = 1000
"""Newest decisions among which those of the span are counted."""


def _label(key: str) -> Words | str:
    return label_of(ObservableType(key)) if key in set(ObservableType) else key


def _sector(name: str) -> str:
    return name[:1].upper() + name[1:]


def _course(one: Course, label: str = "", href: str = "") -> View:
    return {"label": label or one.name, "href": href, "series": list(one.days), "total": one.total,
            "before": one.before, "kind": one.entity.kind.value if one.entity else ""}  # fmt: skip


def _change(now: int, before: int) -> Words | str:
    if not before:
        return ""
    change = round(100 * (now - before) / before)
    if not change:
        return N_("as many as in the time before")
    if change > 0:
        return N_("{n}\u202f% more than in the time before", n=change)
    return N_("{n}\u202f% fewer than in the time before", n=-change)


def _blocked(hub: Hub, viewer: Viewer, since: int, days: int) -> Course:
    counts = [0] * (2 * days)
    states = [State.PUBLISHED, State.WITHDRAWN, State.EXPIRED]
    for one in hub.shield.decisions(viewer, states, limit=MOST_BLOCKS):
        place = (one.published_at - since) // DAY + days
        if one.published_at and 0 <= place < 2 * days:
            counts[place] += 1
    return Course("", tuple(counts[days:]), sum(counts[:days]))


def _address(days: int, sector: str) -> str:
    return f"/situation?{urlencode({'days': days, 'sector': sector} if sector else {'days': days})}"


@get("/situation", opt={"permission": "read", "query": frozenset({"days", "sector"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def situation(
    request: Asked, hub: Hub, viewer: Viewer, days: int = 30, sector: Annotated[str, Parameter(max_length=80)] = "",
) -> Page:  # fmt: skip
    """Show the situation over time."""
    members_only(viewer)
    sectors = hub.matrix.sectors()
    chosen = sector if sector in sectors else ""
    found = hub.situations.show(viewer, days=days, sector=chosen)
    blocked = _blocked(hub, viewer, found.since, days)
    kpis = [
        {"label": N_("items that were news"), "value": found.news.total,
         "note": _change(found.news.total, found.news.before)},
        {"label": N_("contributors active"), "value": found.active,
         "note": N_("{n} in the time before", n=found.active_before)},
        {"label": N_("days without any news"), "value": found.news.days.count(0), "note": N_("of {n}", n=days)},
        {"label": N_("items on the busiest day"), "value": max(found.news.days), "note": ""} if chosen else
        {"label": N_("names blocked"), "value": blocked.total, "note": _change(blocked.total, blocked.before)},
    ]  # fmt: skip
    return page(
        request, "picture/situation.html", here="picture", days=days, sector=chosen, sectors=sectors, spans=list(SPANS),
        may_write=viewer.may("answer"),
        kpis=kpis, since=found.since, until=hub.clock.now(),
        news=_course(found.news), voices=_course(found.voices), blocked=None if chosen else _course(blocked),
        by_sector=[_course(one, _sector(one.name), _address(days, one.name) if one.name in sectors else "")
                   for one in found.sectors],
        types=[_course(one, _label(one.name)) for one in found.types],
        entities=[_course(one, "", f"/entities/{quote(one.entity.id, safe='')}") for one in found.entities
                  if one.entity is not None],
    )  # fmt: skip


# -- what is not seen --------------------------------------------------------------------------------------------------


def _tactic(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _said(gap: Gap) -> tuple[Words, str]:
    """Say a gap, and where more of it stands."""
    name: str = gap.names[0] if gap.names else ""
    match gap.kind:
        case GapKind.SILENCE:
            return N_("Within the last week nothing at all came for {n} hours", n=gap.count), "/situation?days=7"
        case GapKind.SECTOR:
            return N_("{n} of {of} members in {sectors} gave no news", n=gap.count, of=gap.of,
                      sectors=", ".join(gap.names)), ""  # fmt: skip
        case GapKind.TYPE:
            return N_("Nobody named a value of the type {type}", type=_label(name)), ""
        case GapKind.STALE:
            return N_("The last {type} is {n} days old", type=_label(name), n=gap.count), ""
        case GapKind.ALONE:
            return N_("{n}\u202f% of {type} come from one contributor", n=gap.count, type=_label(name)), "/sources"
        case GapKind.TACTIC:
            return N_("No technique of {tactic} is named", tactic=_tactic(name)), "/matrix"


def _group(one: Group, types: list[ObservableType]) -> View:
    return {"label": ", ".join(_sector(each) for each in one.sectors), "members": one.members, "voices": one.voices,
            "cells": [one.types.get(each, 0) for each in types]}  # fmt: skip


@get("/coverage", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def coverage(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what is not seen."""
    members_only(viewer)
    found = hub.coverages.look(viewer)
    types = [one.type for one in found.kinds if one.voices][:6]
    said = [(gap, *_said(gap)) for gap in found.gaps]
    return page(
        request, "picture/coverage.html", here="picture",
        gaps=[{"words": words, "href": href, "strong": gap.kind in (GapKind.SILENCE, GapKind.SECTOR, GapKind.TYPE)}
              for gap, words, href in said],
        kinds=[{"label": label_of(one.type), "day": one.day, "week": one.week, "month": one.month, "ago": one.ago,
                "voices": one.voices, "largest": one.largest} for one in found.kinds],
        types=[label_of(each) for each in types], groups=[_group(one, types) for one in found.groups],
        tactics=[{"label": _tactic(one.tactic), "named": one.named, "total": one.techniques} for one in found.tactics],
        contributors=found.contributors, few=found.few, silence=found.silence,
    )  # fmt: skip


HANDLERS = (situation, coverage)
"""The situation over time, and coverage."""
