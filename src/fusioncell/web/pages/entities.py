"""Entities: what contributions name, who calls it what, reports, observables, and what it may be the same as."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.fusion.entities import Entity, Kind, Link, Strength, Suggestion, fold, refs_of_label
from fusioncell.fusion.entities.model import Report, Row
from fusioncell.intake import extract_entry
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.web.pages.frame import FORM, Asked, Page, form_of, members_only, page, see_other, settle, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, contribution_title, observable_view
from fusioncell.web.words import N_, Words

ROWS = 50
DAYS = (7, 30, 90, 365)
KINDS: dict[Kind, Words] = {
    Kind.ACTOR: N_("Actor"), Kind.MALWARE: N_("Malware"), Kind.TOOL: N_("Tool"), Kind.TECHNIQUE: N_("Technique"),
    Kind.CAMPAIGN: N_("Campaign"), Kind.VULNERABILITY: N_("Vulnerability"),
}  # fmt: skip
STRENGTHS: dict[Strength, tuple[str, Words]] = {
    Strength.STATED: ("malicious", N_("A galaxy says they are similar")),
    Strength.STRONG: ("suspicious", N_("One goes by the other's own name")),
    Strength.WEAK: ("unclear", N_("They share something; others do too")),
    Strength.APART: ("none", N_("A galaxy has both, as two")),
}
SAYS = {"same": N_("the same as"), "related": N_("related to"), "different": N_("different from")}
HOW = {"id": N_("by its id"), "tag": N_("by a tag"), "name": N_("by its name as a label"), "text": N_("in its text")}
_SHORTEST = 6
"""Characters of a name that is sought in texts; a shorter one is a common word too often."""
_MAX_RELATED = 60
_CITED = re.compile(r"\(Citation: [^()\n]{1,300}(?:\([^()\n]{1,100}\)[^()\n]{0,200})?\)")
_LINKED = re.compile(r"\[([^\[\]\n]{1,300})\]\(https?://[^()\s]{1,1000}\)")
_CODE = re.compile(r"</?code>")


def href_of(which: str) -> str:
    """Return the address of an entity's page; of a CVE that of the vulnerability."""
    return f"/vulnerabilities/{quote(which)}" if which.startswith("CVE-") else f"/entities/{quote(which, safe='')}"


def labelled(hub: Hub, label: str, viewer: Viewer) -> View:
    """Make the view of a label: what the galaxies know by its name and, for members, its page; all else as a search."""
    for ref in refs_of_label(label[:240]):
        known = hub.entities.knowledge.find(ref)
        if known is None and ref.startswith("~"):
            known = next((one for one in hub.entities.knowledge.called(ref[1:])
                          if ref in hub.entities.knowledge.refs(one)), None)  # fmt: skip
        if known is not None:
            technique = hub.entities.knowledge.technique(known.external) if known.external else None
            name = f"{technique.name} ({technique.id})" if technique else known.name
            search = f"/search?{urlencode({'q': label[:200]})}"
            return {"label": name[:120], "href": href_of(known.external or known.id) if viewer.member else search}
    return {"label": label[:80], "href": f"/search?{urlencode({'q': label[:200]})}"}


def row_view(hub: Hub, row: Row) -> View:
    """Make the ENTITY view of a row."""
    technique = hub.entities.knowledge.technique(row.external) if row.kind is Kind.TECHNIQUE else None
    return {
        "href": href_of(row.id), "name": technique.name if technique else row.name, "kind": KINDS[row.kind],
        "galaxy": row.galaxy, "external": row.external, "aliases": row.aliases,
        "count": row.seen.count if row.seen else 0, "last": row.seen.last if row.seen else None,
    }  # fmt: skip


@get("/entities", opt={"permission": "read", "query": frozenset({"q", "kind", "days", "start"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def index(
    request: Asked, hub: Hub, viewer: Viewer, q: Annotated[str, Parameter(max_length=120)] = "",
    kind: Annotated[str, Parameter(max_length=20)] = "", days: Annotated[int, Parameter(ge=0, le=3660)] = 30,
    start: Annotated[int, Parameter(ge=0, le=100_000)] = 0,
) -> Page:  # fmt: skip
    """List what contributions name, or what a name is found in."""
    members_only(viewer)
    chosen = Kind(kind) if kind in set(Kind) else None
    query = " ".join(q.split())
    found = (hub.entities.find(viewer, query, chosen, start=start, limit=ROWS) if query else
             hub.entities.mentioned(viewer, chosen, since=hub.entities.since(days), start=start,
                                    limit=ROWS))  # fmt: skip

    def address(at: int) -> str:
        return f"/entities?{urlencode({'q': query, 'kind': kind, 'days': days, 'start': at})}"

    return page(
        request, "entities/index.html", here="picture",
        form={"q": query, "kind": chosen.value if chosen else "", "days": days},
        kinds=[{"value": each.value, "label": label} for each, label in KINDS.items()], spans=DAYS,
        rows=[row_view(hub, row) for row in found.rows],
        pager={"first": start + 1, "last": start + len(found.rows), "total": found.total, "noun": N_("entities"),
               "previous": address(max(0, start - ROWS)) if start else None,
               "next": address(found.next) if found.next else None},
    )  # fmt: skip


def _report(hub: Hub, viewer: Viewer, one: Report, names: Names) -> View | None:
    try:
        item = hub.picture.contribution(viewer, one.contribution)
    except NotFound:
        return None  # recalled between the two queries
    return {
        "title": contribution_title(item.title, item.kind, item.items),
        "href": f"/contributions/{quote(one.contribution, safe='')}", "org": names.organisation(item.org),
        "tlp": item.audience.tlp.value, "at": one.at, "how": [HOW[each] for each in one.how],
    }  # fmt: skip


def report_views(hub: Hub, viewer: Viewer, reports: list[Report], names: Names) -> list[View]:
    """Make the views of contributions, newest first, without those that were recalled meanwhile."""
    shown = [view for one in reports if (view := _report(hub, viewer, one, names)) is not None]
    return sorted(shown, key=lambda view: -view["at"])


def _in_texts(hub: Hub, viewer: Viewer, entity: Entity, known: set[str]) -> list[Report]:
    """Return contributions whose texts hold a name of its own that is rare enough, and that do not refer to it else."""
    galaxy = hub.entities.knowledge.index.by_id.get(entity.id)
    certain = set(hub.entities.knowledge.certain_names(galaxy)) if galaxy else {fold(entity.name)}
    rare = [one.name for one in entity.names if fold(one.name) in certain and len(one.name) >= _SHORTEST][:4]
    found: dict[str, Report] = {}
    for name in dict.fromkeys(rare):
        whole = re.compile(rf"(?<!\w){re.escape(fold(name))}(?!\w)")
        for hit in hub.picture.search(viewer, name, limit=10).hits:
            said = extract_entry(hit.entry)
            if hit.entry.contribution not in known and whole.search(fold(f"{said.title} {said.text}")):
                found[hit.entry.contribution] = Report(hit.entry.contribution, hit.entry.org, hit.entry.at,
                                                       hit.entry.audience, ("text",))  # fmt: skip
    return list(found.values())


def _suggested(hub: Hub, one: Suggestion) -> View:
    level, words = STRENGTHS[one.strength]
    knowledge = hub.entities.knowledge
    techniques = [found.name for each in one.techniques[:8] if (found := knowledge.technique(each)) is not None]
    return {
        "id": one.other, "href": href_of(one.other), "name": one.name, "galaxy": one.galaxy, "kind": KINDS[one.kind],
        "level": level, "words": words, "names": one.names, "techniques": techniques, "shared": len(one.techniques),
        "of": one.of, "values": one.values, "rivals": one.rivals,
    }  # fmt: skip


def _links(hub: Hub, viewer: Viewer, links: list[Link], names: Names) -> list[View]:
    """Make the views of links, of those whose other end the viewer knows."""
    rows = []
    for one in links:
        try:
            other = hub.entities.one(viewer, one.other)
        except NotFound:
            continue
        may = viewer.may("propose") and (viewer.org == one.org or viewer.may("answer"))
        rows.append({
            "id": one.id, "href": href_of(other.id), "name": other.name, "says": SAYS[one.says], "reason": one.reason,
            "org": names.organisation(one.org), "at": one.at, "tlp": hub.record.audience(one.audience).tlp.value,
            "undone_at": one.undone_at or None, "undone_by": names.organisation(one.undone_by) if one.undone_at else "",
            "undone_why": one.undone_why,
            "undo": f"/entities/links/{quote(one.id, safe='')}/undo" if may and not one.undone_at else None,
        })  # fmt: skip
    return rows


def _called(entity: Entity, names: Names) -> list[View]:
    """Group the names by spelling, each with who uses it."""
    found: dict[str, View] = {}
    for one in entity.names:
        row = found.setdefault(fold(one.name), {"name": one.name, "by": []})
        by = one.by if one.galaxy else names.organisation(one.by)
        if by not in row["by"]:
            row["by"].append(by)
    return list(found.values())


def described(text: str) -> str:
    """Return a description as words: ATT&CK writes links in Markdown, marks of citations and code into its own."""
    return _CODE.sub("", _LINKED.sub(r"\1", _CITED.sub("", text)))


def _context(hub: Hub, viewer: Viewer, entity: Entity) -> View:
    names = Names(hub, viewer)
    reports = hub.entities.reports(viewer, entity)
    texts = _in_texts(hub, viewer, entity, {one.contribution for one in reports})
    values = hub.entities.values(viewer, entity)
    known = hub.fusion.match(values, hub.record.visible_to(viewer)) if values else {}
    technique = hub.entities.knowledge.technique(entity.external) if entity.kind is Kind.TECHNIQUE else None
    seen = hub.entities.seen(viewer, entity)
    return {
        "one": {
            "id": entity.id, "name": technique.name if technique else entity.name, "kind": KINDS[entity.kind],
            "external": entity.external, "galaxy": entity.galaxy, "description": described(entity.description[:4000]),
            "cited": list(entity.links[:10]), "first": seen.first if seen else None,
            "last": seen.last if seen else None, "count": seen.count if seen else 0,
            "tactics": sorted({each.partition(":")[2].replace("-", " ") for each in entity.tactics}),
            "link": f"/entities/{quote(entity.id, safe='')}/link" if viewer.may("propose") else None,
        },
        "names": _called(entity, names),
        "weeks": hub.entities.weeks(viewer, entity),
        "reports": report_views(hub, viewer, [*reports, *texts], names),
        "values": [observable_view(one, known.get(one)) for one in values],
        "relations": [
            {**row_view(hub, row), "type": type.replace("-", " "), "outgoing": outgoing,
             "source": f"/contributions/{quote(contribution, safe='')}" if contribution else None}
            for row, type, outgoing, contribution in hub.entities.relations(viewer, entity)[:_MAX_RELATED]
        ],
        "links": _links(hub, viewer, hub.entities.links(viewer, entity.id), names),
        "suggestions": [_suggested(hub, one) for one in hub.entities.suggestions(viewer, entity)],
    }  # fmt: skip


@get("/entities/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show an entity."""
    members_only(viewer)
    return page(request, "entities/entity.html", here="picture",
                **_context(hub, viewer, hub.entities.one(viewer, which)))  # fmt: skip


@post("/entities/{which:str}/link", opt={"permission": "propose", **FORM}, include_in_schema=False)
async def link(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Link two entities."""
    fields = await form_of(request)
    other, says, reason, tlp = (text_of(fields, name, size) for name, size in (
        ("other", 240), ("says", 20), ("reason", 1000), ("tlp", 20)))  # fmt: skip

    def work() -> Page:
        hub.entities.link(viewer, which, other.strip(), says, reason, parse_tlp(tlp or "GREEN"))
        settle(hub)
        return see_other(href_of(which), said="done")

    return await sync_to_thread(work)


@post("/entities/links/{which:str}/undo", opt={"permission": "propose", **FORM}, include_in_schema=False)
async def undo(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Take a link back."""
    fields = await form_of(request)
    reason, back = text_of(fields, "reason", 1000), text_of(fields, "back", 240)

    def work() -> Page:
        hub.entities.take_back(viewer, which, reason)
        settle(hub)
        return see_other(href_of(back), said="done")

    return await sync_to_thread(work)


HANDLERS = (index, show, link, undo)
"""The pages of entities."""
