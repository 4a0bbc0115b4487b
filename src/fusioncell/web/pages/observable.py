"""An observable's page: the assessment for this viewer, and all that makes it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import text_of
from fusioncell.fusion import WOULD_CHANGE, sways
from fusioncell.fusion.model import Assessment, Evidence, Origin
from fusioncell.fusion.routes import observable_named, value_asked
from fusioncell.intake import extract_entry
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType, sco_id
from fusioncell.shield import CATEGORIES, can_block
from fusioncell.shield.model import Decision, State
from fusioncell.web.pages.entities import labelled
from fusioncell.web.pages.finder import search_context
from fusioncell.web.pages.frame import Asked, Page, page
from fusioncell.web.pages.known import known_good_view
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.overrides import judgement_view
from fusioncell.web.pages.related import related_view
from fusioncell.web.pages.talk import talk_about
from fusioncell.web.pages.views import View, category_of, contribution_title, observable_view, verdict_view
from fusioncell.web.words import N_, of_error

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
EVENTS = 100
"""Claims and mentions that the timeline shows."""
MAX_CONTEXT = 24

_SAYS = {
    Stance.MALICIOUS: ("malicious", N_("Reported as malicious")),
    Stance.SUSPICIOUS: ("suspicious", N_("Reported as suspicious")),
    Stance.BENIGN: ("benign", N_("Called harmless")),
}
_PLAYS = {
    Role.CONTEXT: N_("Mentioned"),
    Role.ATTACKER: N_("Mentioned as the attacker's"),
    Role.COMPROMISED: N_("Named as compromised"),
    Role.ABUSED: N_("Named as an abused service"),
    Role.VICTIM: N_("Named as a victim's"),
    Role.SINKHOLE: N_("Named as a sinkhole or research host"),
}


class Cited:
    """The contributions behind positions that the viewer's queries gave, each read once."""

    def __init__(self, hub: Hub, viewer: Viewer, seqs: set[int]) -> None:
        self._hub, self._viewer = hub, viewer
        self.entries: dict[int, Entry] = hub.picture.entries_at(sorted(seqs))
        self._titles: dict[str, str] = {}

    def link(self, seq: int) -> View:
        """Return title, address and marking of the contribution at a position."""
        entry = self.entries.get(seq)
        if entry is None:
            return {"title": N_("A contribution"), "href": "/", "tlp": "clear"}
        return {
            "title": self._title(entry.contribution),
            "href": f"/contributions/{entry.contribution}",
            "tlp": self._hub.record.audience(entry.audience).tlp.value,
        }

    def _title(self, contribution: str) -> str:
        if contribution not in self._titles:
            try:
                item = self._hub.picture.contribution(self._viewer, contribution)
                self._titles[contribution] = contribution_title(item.title, item.kind, item.items)
            except NotFound:
                self._titles[contribution] = N_("A contribution")
        return self._titles[contribution]


def _source(voice: Evidence, names: Names) -> str:
    # A source is named by a name or by an id of its own format; an id says nothing to people.
    named = voice.creator if voice.creator and not _ID.search(voice.creator) else ""
    return named or names.organisation(voice.contributor)


MOST_ENTRIES = 10
"""Entries that are listed behind an origin."""


def _entries(origin: Origin, rows: list[tuple[Any, ...]], cited: Cited) -> list[View]:
    """Return the entries behind an origin, newest first: of its voice, and of those that repeat it."""
    voices = {(each.contributor, each.creator, each.benign) for each in (origin.voice, *origin.repeats)}
    found = []
    for seq, _, _, contributor, creator, _, stance, *_, at, _ in rows:
        if stance and (contributor, creator, stance == Stance.BENIGN) in voices:
            says, words = _SAYS[Stance(stance)]
            found.append({**cited.link(seq), "at": at, "says": says, "words": words})
    return found


def _evidence(
    found: Assessment, cited: Cited, names: Names, now: int, claims: list[tuple[Any, ...]]
) -> list[View]:
    rows = []
    for origin in found.origins:
        voice = origin.voice
        through = {names.organisation(each.contributor): None for each in (voice, *origin.repeats)}
        sign = -1 if voice.benign else 1
        entries = _entries(origin, claims, cited)
        rows.append(
            {
                "entries": entries[:MOST_ENTRIES],
                "entries_more": max(0, len(entries) - MOST_ENTRIES),
                "origin": _source(voice, names),
                "contributors": list(through),
                "stance": "benign" if voice.benign else "malicious",
                "weight": sign * origin.weight,
                "age_days": max(0, now - voice.last) / DAY,
                "half_life_days": origin.half / DAY,
                "decayed": sign * origin.decayed,
                **cited.link(voice.seq),
            }
        )
    return sorted(rows, key=lambda row: (-abs(row["decayed"]), row["origin"]))


def _folded(found: Assessment, cited: Cited, names: Names) -> list[View]:
    rows = []
    for origin in found.origins:
        for repeat in origin.repeats:
            if repeat.creator and repeat.creator == origin.voice.creator:
                reason = N_("names the same source")
            elif repeat.contributor == origin.voice.contributor:
                reason = N_("is the same contributor")
            elif repeat.keys & origin.voice.keys:
                reason = N_("gives the same object or reference")
            else:
                reason = N_("repeats it")
            rows.append(
                {
                    "contributor": names.organisation(repeat.contributor),
                    "into": _source(origin.voice, names),
                    "reason": reason,
                    **cited.link(repeat.seq),
                }
            )
    return rows


def _would_change(found: Assessment, names: Names) -> list[View]:
    """Tell what one origin less, or one more, would make of the two figures."""
    return [
        {
            "origin": _source(sway.origin.voice, names) if sway.origin is not None else "",
            "benign": sway.benign,
            "malicious": sway.malicious,
            "active": sway.active,
            "crosses": sway.crosses,
        }
        for sway in sways(found)[:WOULD_CHANGE]
    ]


def _timeline(rows: list[tuple[Any, ...]], decision: Decision | None, cited: Cited, names: Names) -> list[View]:
    events: list[View] = []
    for seq, _, _, contributor, _, role, stance, *_, at, _ in rows:
        kind, text = _SAYS.get(Stance(stance), ("context", _PLAYS[Role(role)]))
        link = cited.link(seq)
        events.append(
            {
                "at": at,
                "kind": kind,
                "text": N_("{what}: {title}", what=text, title=link["title"]),
                "org": names.organisation(contributor),
                "tlp": link["tlp"],
                "href": link["href"],
            }
        )
    if decision is not None:
        for at, words, by in (
            (decision.proposed_at, N_("Block proposed"), decision.proposed_by),
            (decision.published_at, N_("Block published"), decision.approver),
            (decision.ended_at, N_("Block ended"), ""),
        ):
            if at:
                who = " of ".join(part for part in names.actor(by) if part) if by else N_("The hub")
                events.append(
                    {
                        "at": at,
                        "kind": "decision",
                        "text": words,
                        "org": who,
                        "tlp": None,
                        "href": f"/shield/{decision.id}",
                    }
                )
    return sorted(events, key=lambda event: -event["at"])


def _contributors(rows: list[tuple[Any, ...]], names: Names) -> list[View]:
    counted: dict[str, View] = {}
    for row in rows:
        one = counted.setdefault(row[3], {"name": names.organisation(row[3]), "claims": 0, "last": 0})
        one["claims"] += 1
        one["last"] = max(one["last"], row[10])
    return sorted(counted.values(), key=lambda one: (-one["last"], one["name"]))


def _context(hub: Hub, viewer: Viewer, one: Observable, cited: Cited) -> list[View]:
    labels: dict[str, None] = {}
    for _, entry in sorted(cited.entries.items(), reverse=True):
        for claim in extract_entry(entry).claims:
            if claim.observable == one:
                labels.update(dict.fromkeys(claim.context))
    shown = [labelled(hub, label, viewer) for label in list(labels)[:MAX_CONTEXT]]
    # One technique has several labels: its id, its tag, its name.
    return list({(one["label"], one["href"]): one for one in shown}.values())


def _propose(hub: Hub, viewer: Viewer, one: Observable, decision: Decision | None) -> View | None:
    if not viewer.may("propose") or not can_block(one):
        return None
    if decision is not None and decision.state in (State.PROPOSED, State.PUBLISHED):
        return None
    guards = hub.fusion.known_good.guards(one)
    note = " ".join(guard.reason for guard in guards) + " A second person must approve it." if guards else ""
    return {
        "url": f"/shield/propose/{quote(one.value, safe='')}",
        "note": note,
        "categories": [{"value": key, "label": category_of(key, capital=True)} for key in CATEGORIES],
    }


def observable_context(hub: Hub, viewer: Viewer, one: Observable) -> View:
    """Compose an observable's page. NotFound where nothing that the viewer may see mentions it."""
    found = hub.fusion.look_up(one, hub.record.visible_to(viewer))
    if found is None:
        raise NotFound("nothing that you may see mentions it", hint="If you know something about it, contribute it.")
    now, names = hub.clock.now(), Names(hub)
    rows = hub.picture.timeline(viewer, one, EVENTS)
    voices = [voice for origin in found.origins for voice in (origin.voice, *origin.repeats)]
    cited = Cited(hub, viewer, {row[0] for row in rows} | {voice.seq for voice in voices})
    decision = hub.shield.newest(one.value, viewer) if one.type is ObservableType.DOMAIN else None
    shown = None
    if decision is not None and decision.state in (State.PROPOSED, State.PUBLISHED):
        shown = {
            "state": of_error(decision.state.value, capital=True),
            "href": f"/shield/{decision.id}",
            "category": category_of(decision.category, capital=True),
            "until": decision.expires_at or None,
        }
    return {
        "talk": talk_about(hub, viewer, text_of(one)),
        "one": {**observable_view(one, found), "stix_id": sco_id(one) or "", "first": found.first, "last": found.last},
        "verdict": verdict_view(found, now),
        "prior": found.prior,
        "again": [one.probability for one in found.again],
        "evidence": _evidence(found, cited, names, now, rows),
        "judgement": judgement_view(hub, viewer, found, names),
        "folded": _folded(found, cited, names),
        "would_change": _would_change(found, names),
        "known_good": known_good_view(one, hub.fusion.known_good.hits(one)),
        "timeline": _timeline(rows, decision, cited, names),
        "contributors": _contributors(rows, names),
        "context": _context(hub, viewer, one, cited),
        "related": related_view(hub, viewer, one, (cited.entries[row[0]].contribution for row in rows
                                                   if row[0] in cited.entries)),
        "decision": shown,
        "propose": _propose(hub, viewer, one, decision),
    }


@get("/observables/{kind:str}/{value:path}", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, kind: str, value: str, hub: Hub, viewer: Viewer) -> Page:
    """Show an observable; one that is not known: what a search finds on and around it, as an answer 404."""
    one = observable_named(kind, value_asked(request))
    try:
        context = observable_context(hub, viewer, one)
    except NotFound:
        sought = {**search_context(hub, viewer, one.value), "unknown": True}
        return page(request, "picture/search.html", code=404, sought=one.value, **sought)
    return page(request, "picture/observable.html", **context)


HANDLERS = (show,)
"""An observable's page."""
