"""Vulnerabilities: what is exploited now in the partnership's sectors, and one CVE with all that is known of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.fusion.vulns import POINTS, Decision, Vulnerability
from fusioncell.fusion.vulns.routes import cve_named
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.entities import report_views
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_, of_error

ROWS = 50
SPANS = (7, 30, 90, 365)
_LEVELS = ("none", "unclear", "suspicious", "malicious")
_ASKED = {key: name for name, key in POINTS.items()}
Key = Annotated[str, Parameter(max_length=4)]


def _decision(one: Decision | None) -> View | None:
    if one is None:
        return None
    return {
        "outcome": one.outcome, "level": _LEVELS[min(one.rank, len(_LEVELS) - 1)], "table": one.table,
        "version": one.version, "inputs": [
            {"name": each.name, "value": each.value, "key": each.key, "ground": of_error(each.ground),
             "asked": _ASKED.get(each.point, ""), "choices": [{"key": k, "name": name} for k, name in each.choices]}
            for each in one.inputs],
    }  # fmt: skip


def vulnerability_view(one: Vulnerability, names: Names) -> View:
    """Make the VULNERABILITY view."""
    kev = one.kev
    return {
        "cve": one.cve, "href": f"/vulnerabilities/{quote(one.cve)}",
        "kev": None if kev is None else {
            "name": kev.name, "vendor": kev.vendor, "product": kev.product, "added": kev.added, "due": kev.due,
            "action": kev.action, "ransomware": kev.ransomware, "overdue": one.overdue},
        "epss": None if one.epss is None else {"score": one.epss.score / 1000, "percentile": one.epss.percentile / 100},
        "rated": [{"vector": each.vector, "score": each.score, "severity": each.severity, "version": each.version,
                   "org": names.organisation(each.org)} for each in one.rated],
        "decision": _decision(one.decision), "count": one.count, "first": one.first, "last": one.last,
        "sectors": [{"name": name, "count": count} for name, count in one.sectors],
    }  # fmt: skip


def _tables(hub: Hub) -> list[View]:
    return [{"name": one.source.upper(), "version": one.version, "date": one.date, "rows": one.total, "at": one.at}
            for one in hub.vulns.tables()]  # fmt: skip


@get("/vulnerabilities", opt={"permission": "read", "query": frozenset({"days", "sector", "start"})},
     sync_to_thread=True, include_in_schema=False)  # fmt: skip
def index(
    request: Asked, hub: Hub, viewer: Viewer, days: Annotated[int, Parameter(ge=1, le=3660)] = 30,
    sector: Annotated[str, Parameter(max_length=80)] = "", start: Annotated[int, Parameter(ge=0, le=100_000)] = 0,
) -> Page:  # fmt: skip
    """List what is exploited now."""
    members_only(viewer)
    found, total = hub.vulns.now(viewer, days=days, sector=sector, start=start, limit=ROWS)
    names = Names(hub, viewer)

    def address(at: int) -> str:
        return f"/vulnerabilities?{urlencode({'days': days, 'sector': sector, 'start': at})}"

    return page(
        request, "vulnerabilities/index.html", here="picture", form={"days": days, "sector": sector}, spans=SPANS,
        sectors=hub.vulns.sectors(), rows=[vulnerability_view(one, names) for one in found], tables=_tables(hub),
        operates=viewer.may("operate"),
        pager={"first": start + 1, "last": start + len(found), "total": total, "noun": N_("vulnerabilities"),
               "previous": address(max(0, start - ROWS)) if start else None,
               "next": address(start + ROWS) if start + ROWS < total else None},
    )  # fmt: skip


@get("/vulnerabilities/{cve:str}", opt={"permission": "read", "query": frozenset(POINTS)}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def show(
    request: Asked, cve: str, hub: Hub, viewer: Viewer, exploitation: Key = "", exposure: Key = "",
    automatable: Key = "", impact: Key = "",
) -> Page:  # fmt: skip
    """Show a CVE."""
    members_only(viewer)
    given = {"exploitation": exploitation, "exposure": exposure, "automatable": automatable, "impact": impact}
    which = cve_named(cve)
    names = Names(hub, viewer)
    one = hub.vulns.one(viewer, which, {POINTS[name]: key for name, key in given.items()})
    entity = hub.entities.one(viewer, which)
    return page(
        request, "vulnerabilities/one.html", here="picture", one=vulnerability_view(one, names), tables=_tables(hub),
        weeks=hub.entities.weeks(viewer, entity),
        reports=report_views(hub, viewer, hub.entities.reports(viewer, entity), names),
        observable=f"/observables/vulnerability/{quote(which)}" if one.count else None,
        entity=f"/entities/{quote(which)}", address=f"/vulnerabilities/{quote(which)}",
    )  # fmt: skip


HANDLERS = (index, show)
"""The pages of vulnerabilities."""
