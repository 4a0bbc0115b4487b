"""HTTP operations of vulnerabilities: what is exploited now, one CVE, the import of tables."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.fusion.vulns.model import Decision, Table, Vulnerability
from fusioncell.fusion.vulns.rate import POINTS
from fusioncell.fusion.vulns.service import Vulns
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, ObservableType, canonical

_TAGS = ["vulnerabilities"]
Days = Annotated[int, Parameter(ge=1, le=3660)]
Word = Annotated[str, Parameter(max_length=80)]
Key = Annotated[str, Parameter(max_length=4)]


def cve_named(text: str) -> str:
    """Return a CVE in its canonical form. NotFound for what is none."""
    try:
        return canonical(ObservableType.VULNERABILITY, text).value
    except BadValue:
        raise NotFound("that is no CVE", hint="CVE-2024-3400, for example.") from None


def _decision(one: Decision | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "table": one.table, "version": one.version, "key": one.key, "outcome": one.outcome, "inputs": [
            {"point": each.name, "key": each.key, "value": each.value, "ground": each.ground} for each in one.inputs],
    }  # fmt: skip


def _table(one: Table) -> dict[str, Any]:
    return {"source": one.source, "version": one.version, "date": one.date or None, "rows": one.total,
            "imported_at": format_instant(one.at)}  # fmt: skip


def vulnerability_json(one: Vulnerability) -> dict[str, Any]:
    """Return a vulnerability as JSON."""
    kev, epss = one.kev, one.epss
    return {
        "cve": one.cve,
        "kev": None if kev is None else {
            "added": kev.added, "due": kev.due, "overdue": one.overdue, "ransomware": kev.ransomware, "name": kev.name,
            "vendor": kev.vendor, "product": kev.product, "action": kev.action},
        "epss": None if epss is None else {"score": epss.score / 1000, "percentile": epss.percentile / 100},
        "cvss": [{"vector": each.vector, "score": each.score, "severity": each.severity, "organisation": each.org}
                 for each in one.rated],
        "ssvc": _decision(one.decision), "contributions": one.count,
        "first": format_instant(one.first) if one.first else None,
        "last": format_instant(one.last) if one.last else None, "sectors": dict(one.sectors),
    }  # fmt: skip


@get("/api/vulnerabilities", tags=_TAGS, sync_to_thread=True, summary="What is exploited now",
     opt={"permission": "read", "query": frozenset({"days", "sector", "start", "limit"})})  # fmt: skip
def now(
    vulns: Vulns, viewer: Viewer, days: Days = 30, sector: Word = "",
    start: Annotated[int, Parameter(ge=0, le=100_000)] = 0, limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
) -> dict[str, Any]:  # fmt: skip
    """List the CVEs that contributions name within ``days`` or that came into KEV meanwhile, the most urgent first."""
    found, total = vulns.now(viewer, days=days, sector=sector, start=start, limit=limit)
    return {"vulnerabilities": [vulnerability_json(one) for one in found], "total": total,
            "tables": [_table(one) for one in vulns.tables()]}  # fmt: skip


@get("/api/vulnerabilities/{cve:str}", tags=_TAGS, sync_to_thread=True, summary="One vulnerability",
     opt={"permission": "read", "query": frozenset(POINTS)})  # fmt: skip
def one(
    cve: str, vulns: Vulns, viewer: Viewer, exploitation: Key = "", exposure: Key = "", automatable: Key = "",
    impact: Key = "",
) -> dict[str, Any]:  # fmt: skip
    """Show a CVE; what you know of your own systems (``exposure``: S, C, O …) goes into the SSVC decision."""
    given = {"exploitation": exploitation, "exposure": exposure, "automatable": automatable, "impact": impact}
    return vulnerability_json(vulns.one(viewer, cve_named(cve), {POINTS[name]: key for name, key in given.items()}))


@post("/api/vulnerabilities/tables", tags=_TAGS, opt={"permission": "operate"}, status_code=202,
      summary="Import a table")  # fmt: skip
async def import_table(request: Request[Any, Any, Any], vulns: Vulns, viewer: Viewer) -> dict[str, Any]:
    """Import KEV (JSON), EPSS (CSV, gzip or not) or an SSVC decision table (JSON): the body is the file."""
    body = await request.body()
    done = await sync_to_thread(vulns.import_file, viewer, body)
    return {"source": done.source, "version": done.version, "date": done.date or None, "rows": done.total,
            "changed": done.changed, "gone": done.gone, "status": "accepted"}  # fmt: skip


HANDLERS = (now, one, import_table)
"""The package's doors."""
