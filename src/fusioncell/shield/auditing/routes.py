"""HTTP operations of the auditor: the report, and the blocks of a period as CSV."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter

from fusioncell.kernel.cells import cell
from fusioncell.kernel.clock import MINUTE, Instant, format_instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.auditing.model import Report
from fusioncell.shield.auditing.service import Auditing

_QUERY: dict[str, Any] = {"permission": "audit", "query": frozenset({"since", "until", "category"})}
COLUMNS = ("decision", "name", "category", "severity", "state", "origin", "published_by", "published", "expires",
           "ended", "approvers", "standing", "guards", "policy", "ended_by", "reason_code", "reason",
           "log_index")  # fmt: skip
Since = Annotated[str, Parameter(max_length=40, description="Blocks that began from this instant or day on (RFC 3339); "
                                 "30 days before the end otherwise.")]  # fmt: skip
Until = Annotated[str, Parameter(max_length=40, description="And before this instant, or by the end of this day; now "
                                 "otherwise.")]  # fmt: skip
Category = Annotated[str, Parameter(max_length=40, description="Only blocks of this category, by its id.")]


def instant_of(text: str, place: str, *, end: bool = False) -> Instant | None:
    """Read an instant or a day (``2026-11-22``: its beginning, or its end); None for "". Raises BadInput."""
    if not text.strip():
        return None
    day = len(text.strip()) == 10
    try:
        at = parse_instant(f"{text.strip()}T00:00:00Z" if day else text.strip())
    except ValueError:
        raise BadInput("that is no instant", hint="Write it as 2026-12-31 or 2026-12-31T08:00:00Z.",
                       place=place) from None  # fmt: skip
    return at + 86_400_000_000 if day and end else at


def _when(at: Instant) -> str | None:
    return format_instant(at) if at else None


def report_json(found: Report) -> dict[str, Any]:
    """Return a report as JSON values."""
    policy, digest = found.policy
    return {
        "since": format_instant(found.period.since), "until": format_instant(found.period.until),
        "category": found.period.category or None,
        "policy": {"number": policy.number, "title": policy.title, "digest": digest},
        "blocks": [one._asdict() for one in found.sums], "by": [one._asdict() for one in found.shares],
        "days": [one._asdict() for one in found.days],
        "guarded": [
            {"decision": one.id, "name": one.name, "guards": list(one.guards), "published_at": _when(one.published_at),
             "approved": [{"by": each.by, "at": _when(each.at), "reason": each.reason} for each in one.endorsed],
             "approver": one.approver, "reason": one.reason, "log_index": found.places.get(one.id)}
            for one in found.guarded],
        "sample": {**found.samples._asdict(), "decisions": [
            {**one._asdict(), "drawn": _when(one.drawn), "at": _when(one.at),
             "log_index": found.places.get(one.decision)}
            for one in found.sampled]},
        "standing": [{"standing": one.id, "title": one.rule.title, "daily_cap": one.rule.daily_cap,
                      "today": fared.today, "published": fared.published, "looked_at": fared.looked_at,
                      "wrong": fared.wrong, "until": _when(one.until), "stopped_at": _when(one.stopped_at),
                      "stopped_why": one.stopped_why or None} for one, fared in found.standing],
        "lifts": {"ended": found.lifts.ended, "wrong": found.lifts.wrong,
                  "median_minutes": None if found.lifts.median < 0 else round(found.lifts.median / MINUTE, 1),
                  "decisions": [{**one._asdict(), "began": _when(one.began), "ended": _when(one.ended),
                                 "log_index": found.places.get(one.decision)} for one in found.lifted]},
        "appeals": {**found.heard._asdict(), "appeals": [
            {"appeal": one.id, "decision": one.decision, "name": one.name, "role": one.role, "state": one.state.value,
             "at": _when(one.at), "due": _when(one.due), "ended_at": _when(one.ended_at), "ended_by": one.ended_by,
             "reason": one.reason, "log_index": found.places.get(one.id)} for one in found.appeals]},
        "fuse": [{"act": one.id, "kind": one.kind.value, "state": one.state.value, "names": one.count, "by": one.by,
                  "at": _when(one.at), "agreed": list(one.agreed), "ended_at": _when(one.ended_at),
                  "ended_by": one.ended_by or None, "reason": one.reason} for one in found.acts],
        "holds": found.logged.get("hold", 0), "policies": found.logged.get("policy", 0),
        "restores": found.logged.get("restored", 0), "exercises": found.exercise_count,
    }  # fmt: skip


@get("/api/shield/audit", tags=["shield"], opt=_QUERY, sync_to_thread=True, summary="How blocks were decided")
def report(auditing: Auditing, viewer: Viewer, since: Since = "", until: Until = "", category: Category = ""
           ) -> dict[str, Any]:  # fmt: skip
    """Tell an auditor who or what decided on the blocks of a period, what was looked at, undone and appealed against.

    Lists hold the newest 50; ``log_index``: the leaf of the public log, whose proof is at
    ``/api/shield/log/proof/INDEX``.
    """
    period = auditing.period(instant_of(since, "since"), instant_of(until, "until", end=True), category.strip())
    return report_json(auditing.report(viewer, period))


@get("/api/shield/audit/csv", tags=["shield"], opt=_QUERY, sync_to_thread=True,
     summary="The blocks of a period, and who decided, as CSV")  # fmt: skip
def table(auditing: Auditing, viewer: Viewer, since: Since = "", until: Until = "", category: Category = ""
          ) -> Response[str]:  # fmt: skip
    """Give one line for each block that began in the period, the newest first, at most 10,000."""
    period = auditing.period(instant_of(since, "since"), instant_of(until, "until", end=True), category.strip())
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(COLUMNS)
    for row, place in auditing.table(viewer, period):
        cells = [_when(each) or "" if 7 <= at <= 9 else cell(each) for at, each in enumerate(row)]
        write([*cells, "" if place is None else place])
    return Response(out.getvalue(), media_type="text/csv",
                    headers={"Content-Disposition": 'attachment; filename="blocks.csv"'})  # fmt: skip


HANDLERS = (report, table)
"""The package's doors."""
