"""The auditor's page of the blocking: who or what decided, what was looked at, undone, appealed against; the proofs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, SECOND, Instant, format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.appeals.model import Appeal
from fusioncell.shield.auditing.model import Day, Lifted, Period, Report, Sampled, Way
from fusioncell.shield.auditing.routes import instant_of
from fusioncell.shield.charter.model import Change
from fusioncell.shield.fuse.model import Act
from fusioncell.shield.model import DECLINED, EXPIRED, SUPERSEDED, WRONG, Decision
from fusioncell.shield.standing.model import Fared, Standing
from fusioncell.web.pages.appeals import AS_WHOM
from fusioncell.web.pages.appeals import STATES as APPEALED
from fusioncell.web.pages.frame import Asked, Page, base_of, members_only, page
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.shield_undo import KINDS, STATES
from fusioncell.web.pages.transparency import lasted, verifying
from fusioncell.web.pages.views import View, category_of
from fusioncell.web.words import N_, of_error

TALL = 150
"""Height of the plot's tallest bar."""
BARS = 62
"""Days of which each has a bar; of a longer period each week has one."""
WAYS = {
    Way.PERSON: N_("one person"), Way.GUARDED: N_("several people, over a guard"),
    Way.STANDING: N_("standing approval"), Way.ROLLBACK: N_("the whole zone went back"),
}  # fmt: skip
CODES = {WRONG: N_("wrong"), EXPIRED: N_("not needed any more"), SUPERSEDED: N_("replaced"), DECLINED: N_("declined")}


def _decision(found: Report, identifier: str, name: str) -> View:
    """Make what leads to a decision and to its entry in the log."""
    place = found.places.get(identifier)
    return {"name": name, "href": f"/shield/{quote(identifier, safe='')}",
            "proof": None if place is None else f"/api/shield/log/proof/{place}", "place": place}  # fmt: skip


def _guarded(found: Report, names: Names, one: Decision) -> View:
    said = [{"who": names.who(each.by), "at": each.at, "reason": each.reason} for each in one.endorsed]
    said.append({"who": names.who(one.approver), "at": one.published_at, "reason": one.reason})
    return {**_decision(found, one.id, one.name), "guards": [of_error(each, capital=True) for each in one.guards],
            "category": category_of(one.category), "said": said}  # fmt: skip


def _sampled(found: Report, names: Names, titles: dict[str, str], one: Sampled) -> View:
    words, level = N_("nobody has looked yet"), "unclear"
    if one.late:
        words, level = N_("not looked at in time"), "suspicious"
    elif one.at:
        words, level = (N_("wrong"), "malicious") if one.wrong else (N_("right"), "benign")
    return {**_decision(found, one.decision, one.name), "drawn": one.drawn, "at": one.at or None, "note": one.note,
            "by": names.who(one.by) if one.by else "", "words": words, "level": level,
            "rule": titles.get(one.standing, "")}  # fmt: skip


def _lifted(found: Report, names: Names, one: Lifted) -> View:
    return {**_decision(found, one.decision, one.name), "category": category_of(one.category), "at": one.ended,
            "after": lasted((one.ended - one.began) // SECOND), "by": names.who(one.by), "reason": one.reason,
            "code": CODES.get(one.code, CODES[WRONG])}  # fmt: skip


def _appeal(found: Report, names: Names, one: Appeal, now: Instant) -> View:
    place = found.places.get(one.id)
    return {**_decision(found, one.decision, one.name), "as_whom": AS_WHOM.get(one.role, one.role), "at": one.at,
            "due": one.due, "late": (one.ended_at or now) > one.due, "ended": one.ended_at or None,
            "words": APPEALED[one.state], "by": names.who(one.ended_by) if one.ended_by else "", "reason": one.reason,
            "proof": None if place is None else f"/api/shield/log/proof/{place}", "place": place}  # fmt: skip


def _standing(names: Names, one: Standing, fared: Fared, now: Instant) -> View:
    return {"title": one.rule.title, "signed": [names.who(who) for who in (one.by, one.second) if who],
            "stands": one.holds(now), "until": one.until or None, "stopped": one.stopped_at or None,
            "why": one.stopped_why, "cap": one.rule.daily_cap, "today": fared.today, "published": fared.published,
            "looked_at": fared.looked_at, "wrong": fared.wrong,
            "rate": fared.wrong / fared.looked_at if fared.looked_at else None,
            "most": one.rule.false_positives}  # fmt: skip


def _act(names: Names, one: Act) -> View:
    ended_by = names.who(one.ended_by) if one.ended_by and one.ended_by not in one.agreed else ""
    return {"what": KINDS[one.kind], "state": STATES[one.state], "at": one.at, "count": one.count,
            "by": names.who(one.by), "agreed": [names.who(who) for who in one.agreed], "ended": one.ended_at or None,
            "reason": one.reason, "ended_by": ended_by}  # fmt: skip


def _change(names: Names, one: Change) -> View:
    return {"number": one.policy.number, "title": one.policy.title, "reason": one.reason, "at": one.adopted,
            "by": names.who(one.proposed_by), "digest": one.digest,
            "signed": [names.who(who) for who, _ in one.approvals]}  # fmt: skip


def spells(days: Iterable[Day], period: Period) -> list[tuple[Instant, int, int]]:
    """Sum days to what a bar stands for: (when it begins, blocks by people, by standing approvals), in order."""
    first, last = period.since // DAY, (period.until - 1) // DAY
    step = 1 if last - first < BARS else 7
    made = {day: [0, 0] for day in range(first, last + 1, step)}
    for one in days:
        held = made[first + (one.day - first) // step * step]
        held[0] += one.people
        held[1] += one.rules
    return [(day * DAY, *counts) for day, counts in made.items()]  # type: ignore[misc]


def bars(rows: list[tuple[Instant, int, int]]) -> list[View]:
    """Place a bar for each spell: people's blocks at the bottom, those of standing approvals on them."""
    most, wide = max([1, *(people + rules for _, people, rules in rows)]), 600 / max(len(rows), 1)
    made: list[View] = []
    for place, (_, people, rules) in enumerate(rows):
        low, high = people * TALL / most, rules * TALL / most
        for kind, base, tall in (("people", 0.0, low), ("rules", low, high)):
            if tall:
                made.append({"kind": kind, "x": round(place * wide + wide * 0.1, 1), "wide": round(wide * 0.8, 1),
                             "y": round(156 - base - tall, 1), "tall": round(tall, 1)})  # fmt: skip
    return made


def _log(hub: Hub, base: str) -> View:
    translog = hub.shielding.translog
    head, key = translog.head(), translog.key.text
    last = {name: (size, time) for name, size, time in translog.witnessed()}
    witnesses = [{"name": one.name, "size": last.get(one.name, (0, 0))[0],
                  "at": last.get(one.name, (0, 0))[1] * SECOND, "behind": head.size - last.get(one.name, (0, 0))[0],
                  "fault": bool(asked.fault) if (asked := hub.shielding.asking.state(one.name)) else False}
                 for one in translog.witnesses]  # fmt: skip
    return {"size": head.size, "at": head.at, "origin": head.origin, "checkpoint": f"{head.prefix}checkpoint",
            "fault": translog.fault(), "witnesses": witnesses,
            "grown": max([0, *(int(str(one["at"])) for one in witnesses)]) or None,
            "commands": verifying(f"{base}{head.prefix}", key, f"{base}/api/shield/openings")}  # fmt: skip


def _kpis(found: Report) -> list[View]:
    return [
        {"label": N_("blocks that began"), "value": found.blocks, "note": N_("{count} by standing approvals",
         "{count} by standing approvals", found.by(Way.STANDING))},
        {"label": N_("ended by a person as wrong"), "value": found.lifts.wrong, "note": N_("half within {span}",
         span=lasted(found.lifts.median // SECOND)) if found.lifts.median >= 0 else N_("none in this period")},
        {"label": N_("looked at, of those the sample drew"), "value": found.samples.looked_at,
         "note": N_("of {drawn}; {late} not in time", drawn=found.samples.drawn, late=found.samples.late)},
        {"label": N_("appeals"), "value": found.heard.open + found.heard.upheld + found.heard.refused
         + found.heard.withdrawn, "note": N_("{upheld} upheld, {late} past their time", upheld=found.heard.upheld,
                                             late=found.heard.late)},
    ]  # fmt: skip


def _sums(found: Report) -> list[View]:
    return [{"category": category_of(one.category, capital=True), "way": WAYS[Way(one.way)], "blocks": one.blocks,
             "standing": one.standing, "wrong": one.wrong} for one in found.sums]  # fmt: skip


def _shares(found: Report, names: Names, titles: dict[str, str]) -> list[View]:
    return [{"who": titles.get(one.standing) or N_("A standing approval") if one.standing else
             WAYS[Way.ROLLBACK] if one.approver == Way.ROLLBACK else names.who(one.approver), "blocks": one.blocks,
             "rule": bool(one.standing), "wrong": one.wrong} for one in found.shares]  # fmt: skip


@get("/shield/audit", opt={"permission": "audit", "query": frozenset({"since", "until", "category"})},
     sync_to_thread=True, include_in_schema=False)
def audit(
    request: Asked, hub: Hub, viewer: Viewer, since: Annotated[str, Parameter(max_length=40)] = "",
    until: Annotated[str, Parameter(max_length=40)] = "", category: Annotated[str, Parameter(max_length=40)] = "",
) -> Page:  # fmt: skip
    """Show an auditor how blocks were decided in a period."""
    members_only(viewer)
    auditing, now = hub.shielding.auditing, hub.clock.now()
    period = auditing.period(instant_of(since, "since"), instant_of(until, "until", end=True), category.strip())
    found, names = auditing.report(viewer, period), Names(hub, viewer)
    titles = {one.id: one.rule.title for one, _ in found.standing}
    rows = spells(found.days, period)
    policy, digest = found.policy
    asked: dict[str, Any] = {"since": format_instant(period.since)[:10],
                             "until": format_instant(period.until - 1)[:10], "category": period.category}  # fmt: skip
    return page(
        request, "shield/audit.html", here="shield", asked=asked,
        categories=[{"id": one.id, "name": category_of(one.id, capital=True) or one.name} for one in policy.categories],
        csv=f"/api/shield/audit/csv?{urlencode(asked)}", kpis=_kpis(found),
        spells=[{"at": at, "people": people, "rules": rules} for at, people, rules in rows],
        plot=bars(rows) if found.blocks else [], log=_log(hub, base_of(request)),
        sums=_sums(found), shares=_shares(found, names, titles),
        guarded=[_guarded(found, names, one) for one in found.guarded],
        samples=found.samples._asdict(), sampled=[_sampled(found, names, titles, one) for one in found.sampled],
        standing=[_standing(names, one, fared, now) for one, fared in found.standing],
        ended=found.lifts.ended, lifted=[_lifted(found, names, one) for one in found.lifted],
        appeals=[_appeal(found, names, one, now) for one in found.appeals],
        acts=[_act(names, one) for one in found.acts],
        policy={"number": policy.number, "title": policy.title, "digest": digest},
        changes=[_change(names, one) for one in found.changes],
        counted={"holds": found.logged.get("hold", 0), "restores": found.logged.get("restored", 0),
                 "exercises": found.exercise_count},
        exercises=[{"name": one.name, "href": f"/shield/{quote(one.id, safe='')}", "at": one.published_at}
                   for one in found.exercises],
    )  # fmt: skip


HANDLERS = (audit,)
"""The page."""
