"""The shield's pages: decisions by state, one decision with all that stands for and against it, and what people do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield import suffices
from fusioncell.shield.model import COMPROMISED, Decision, State
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.shield_impact import decision_hits
from fusioncell.web.pages.shield_radius import glances, radius_view
from fusioncell.web.pages.views import View, category_of, contribution_title, decided_verdict, observable_href
from fusioncell.web.words import N_, Words, joined, of_error

ROWS = 50
TABS = {
    "proposed": (N_("Proposed"), (State.PROPOSED,)),
    "published": (N_("Published"), (State.PUBLISHED,)),
    "ended": (N_("Ended"), (State.WITHDRAWN, State.EXPIRED, State.REFUSED)),
}
APPEAL = N_(
    "Anyone reads why a name is blocked on its public page, and appeals there. Another person than the approver "
    "decides, and one command lifts a wrong block everywhere."
)
GUARDED = N_("Guarded")
SEVERITIES = {"low": N_("low"), "medium": N_("medium"), "high": N_("high")}


def _category(item: Decision) -> str:
    return category_of(item.category, capital=True)


def _urls(viewer: Viewer, item: Decision) -> View:
    address = f"/shield/{quote(item.id, safe='')}"
    may_approve = item.state is State.PROPOSED and viewer.may("approve")
    may_withdraw = item.state in (State.PROPOSED, State.PUBLISHED) and viewer.may("withdraw_block")
    return {
        "approve_url": f"{address}/approve" if may_approve else None,
        "withdraw_url": f"{address}/withdraw" if may_withdraw else None,
    }


def _since(item: Decision) -> int:
    return item.ended_at or item.published_at or item.proposed_at


def _ended(item: Decision) -> str:
    if item.state is State.REFUSED:
        return of_error(item.guards[0]) if item.guards else N_("A check stood against it")
    if item.state is State.EXPIRED:
        return N_("Its time was over")
    return of_error(item.reason, capital=True) if item.state is State.WITHDRAWN else ""


def _warnings(item: Decision) -> list[Words]:
    told = [GUARDED] if item.guards and item.state is State.PROPOSED else []
    told += [N_("Compromised site")] if item.origin == COMPROMISED else []
    return told + ([N_("Exercise: in no zone")] if item.exercise else [])


def _needed(hub: Hub, item: Decision) -> int:
    return hub.shield.charter.in_force().guarded if item.guards else 1


def _approvers(item: Decision, names: Names) -> list[View]:
    """Return who approved: those so far, or all of a decision that was published."""
    said = {one.by: one.at for one in item.endorsed}
    who = item.approvers if item.published_at else tuple(said)
    found = [(names.actor(one), said.get(one, item.published_at)) for one in who]
    return [{"name": actor[0], "org": actor[1], "at": at} for actor, at in found]


def _cites(item: Decision) -> Words:
    """Count who says it and how often: several contributions of one contributor are one voice."""
    return joined([
        N_("{count} contributor", "{count} contributors", len({cited.contributor for cited in item.evidence})),
        N_("{count} contribution", "{count} contributions", len({cited.contribution for cited in item.evidence})),
    ])


def _row(viewer: Viewer, item: Decision, radius: Words | None) -> View:
    urls = _urls(viewer, item)
    if item.guards or item.origin == COMPROMISED:
        urls["approve_url"] = None  # it asks for more than a word: on the decision's own page
    return {
        "id": item.id,
        "name": item.name,
        "href": f"/shield/{quote(item.id, safe='')}",
        "category": _category(item),
        "malicious": item.malicious,
        "active": item.active,
        "level": decided_verdict(item.malicious, item.active)["level"],
        "evidence": _cites(item),
        "warnings": _warnings(item),
        "approvals": len(item.endorsed),
        "needed": 2 if item.guards else 1,
        "at": _since(item),
        "until": item.expires_at or None,
        "ended": _ended(item),
        "radius": radius,
        **urls,
    }


def _zone(hub: Hub, published: int) -> View:
    return {
        "name": str(hub.shield.zone.origin).rstrip("."),
        "serial": hub.shield.zone.serial,
        "names": published,
        "changed": hub.shield.changed_at() or None,
        "transfers": None,
    }


@get(
    "/shield",
    opt={"permission": "read", "query": frozenset({"state", "page"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def index(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    named: Annotated[str, Parameter(query="state")] = "",
    number: Annotated[int, Parameter(query="page", ge=1, le=10_000)] = 1,
) -> Page:
    """List the decisions that the viewer may see, by state: at first what waits for them, else what is blocked."""
    members_only(viewer)
    named = named or ("proposed" if viewer.may("approve") or viewer.may("propose") else "published")
    if named not in TABS:
        raise BadInput(f"{named[:40]!r} is no state", hint=f"States: {', '.join(TABS)}.", place="state")
    tally = hub.shield.tally(viewer)
    counts = {key: sum(tally.get(each, 0) for each in states) for key, (_, states) in TABS.items()}
    first = (number - 1) * ROWS
    rows = hub.shield.decisions(viewer, TABS[named][1], limit=ROWS, offset=first)
    told = glances(hub, viewer, rows) if named == "proposed" else {}
    address = f"/shield?state={named}&page="
    return page(
        request,
        "shield/index.html",
        here="shield",
        tab=named,
        tabs=[
            {"key": key, "label": label, "count": counts[key], "href": f"/shield?state={key}"}
            for key, (label, _) in TABS.items()
        ],
        rows=[_row(viewer, item, told.get(item.id)) for item in rows],
        pager={
            "first": first + 1,
            "last": first + len(rows),
            "total": counts[named],
            "noun": N_("names"),
            "previous": f"{address}{number - 1}" if number > 1 else None,
            "next": f"{address}{number + 1}" if first + ROWS < counts[named] else None,
        },
        zone=_zone(hub, tally.get(State.PUBLISHED, 0)),
    )


def _evidence(hub: Hub, viewer: Viewer, item: Decision, names: Names) -> list[View]:
    rows, letters = [], hub.origins.letters(viewer)
    for cited in item.evidence:
        row = {"origin": names.organisation(cited.contributor), "contributors": [], "stance": "malicious",
               "decayed": cited.weight, "grade": letters.get(cited.contributor, "")}  # fmt: skip
        try:
            seen = hub.picture.contribution(viewer, cited.contribution)
        except NotFound:
            # Released with the decision: that it exists and what it weighs, not what it says nor who said it.
            rows.append({**row, "origin": N_("A contributor"), "grade": "",
                         "title": N_("A contribution that you may not read, or recalled"),
                         "href": None, "tlp": None})  # fmt: skip
            continue
        title = contribution_title(seen.title, seen.kind, seen.items)
        rows.append({**row, "title": title, "href": f"/contributions/{cited.contribution}",
                     "tlp": seen.audience.tlp.value})  # fmt: skip
    return rows


def _checks(hub: Hub, viewer: Viewer, item: Decision) -> list[View]:
    found = hub.fusion.look_up(Observable(ObservableType.DOMAIN, item.name), hub.record.visible_to(viewer))
    named = hub.shield.charter.in_force().category(item.category) is not None
    checks = [{"name": N_("The category stands in the policy"), "passed": named, "note": ""}]
    checks += [
        {"name": N_("A known-good list or the kind of name"), "passed": False, "note": of_error(guard)}
        for guard in item.guards
    ]
    if not item.guards:
        checks.append({"name": N_("On no known-good list, no public suffix"), "passed": True, "note": ""})
    enough = found is not None and suffices(found)
    note = "" if enough else N_("By what you may see now, a rule would not propose it.")
    checks.append({"name": N_("The evidence suffices for a rule"), "passed": enough, "note": note})
    return checks


def _history(item: Decision, names: Names) -> list[View]:
    def who(by: str) -> str:
        return joined([part for part in names.actor(by) if part])

    events = [{"at": item.proposed_at, "who": who(item.proposed_by), "what": N_("Proposed"), "note": ""}]
    events += [{"at": one.at, "who": who(one.by), "what": N_("Approved"), "note": one.reason} for one in item.endorsed]
    if item.published_at:
        events.append(
            {"at": item.published_at, "who": who(item.approver), "what": N_("Approved and published"), "note": ""}
        )
    if item.ended_at:
        words = {State.REFUSED: N_("Refused"), State.EXPIRED: N_("Expired")}.get(item.state, N_("Withdrawn"))
        events.append({"at": item.ended_at, "who": "", "what": words, "note": _ended(item)})
    for event in events:
        event["who"] = event["who"] or N_("The hub")
    return sorted(events, key=lambda event: -int(str(event["at"])))


def _decision_page(
    request: Asked, hub: Hub, viewer: Viewer, which: str, *, code: int = 200, errors: tuple[dict[str, str], ...] = ()
) -> Page:
    item = hub.shield.decision(viewer, which)
    names = Names(hub)
    ended = _ended(item) if item.state not in (State.PROPOSED, State.PUBLISHED) else ""
    state = item.state.value if item.state in (State.PROPOSED, State.PUBLISHED) else "ended"
    return page(
        request,
        "shield/decision.html",
        here="shield",
        code=code,
        errors=errors,
        one={
            "id": item.id,
            "name": item.name,
            "observable_href": observable_href(Observable(ObservableType.DOMAIN, item.name)),
            "state": state,
            "words": of_error(item.state.value, capital=True),
            "category": _category(item),
            "reason": item.reason or N_("Both figures are over the policy's thresholds."),
            "at": item.proposed_at,
            "until": (item.ended_at if ended else item.expires_at) or None,
            "ended": ended,
            "needed": _needed(hub, item),
            "appeal": APPEAL,
            "appeal_href": f"/blocked/{quote(item.name, safe='')}",
            "lift_href": f"/shield/lift?name={quote(item.name, safe='')}",
            "severity": SEVERITIES[item.severity],
            "compromised": item.origin == COMPROMISED,
            "contact": item.contact,
            "exercise": item.exercise,
            "standing": item.standing,
            "policy": item.policy[:16],
            "why": who_reads(names, hub.record.audience(item.audience), viewer.org or ""),
            **_urls(viewer, item),
        },
        verdict=decided_verdict(item.malicious, item.active),
        evidence=_evidence(hub, viewer, item, names),
        cited=_cites(item) if item.evidence else "",
        approvers=_approvers(item, names),
        checks=_checks(hub, viewer, item),
        history=_history(item, names),
        hits=decision_hits(hub, viewer, item),
        around=radius_view(hub, viewer, item) if item.open else None,
    )


@get("/shield/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def decision(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show one decision."""
    members_only(viewer)
    return _decision_page(request, hub, viewer, which)


async def _act(request: Asked, which: str, field: str, said: str, action: Callable[[Hub, Viewer, str, Form], object]
               ) -> Page:
    """Do what a form on a decision asks; show what stands against it at its field."""
    fields: Form = await form_of(request)
    reason = text_of(fields, field, 1000).strip()
    hub, viewer = request.app.state.hub, request.scope["state"]["viewer"]

    def work() -> Page:
        try:
            done = action(hub, viewer, reason, fields)
        except (BadInput, Conflict) as fault:
            return _decision_page(request, hub, viewer, which, code=fault.status, errors=(fault_on(field, fault),))
        settle(hub)
        endorsed = said == "approved" and isinstance(done, Decision) and done.state is State.PROPOSED
        return see_other(f"/shield/{quote(which, safe='')}", said="endorsed" if endorsed else said)

    return await sync_to_thread(work)


@post("/shield/{which:str}/approve", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def approve(request: Asked, which: str) -> Page:
    """Approve a proposal."""
    return await _act(
        request,
        which,
        "reason",
        "approved",
        lambda hub, viewer, reason, fields: hub.shield.approve(
            viewer, which, reason=reason, contact=text_of(fields, "contact", 200)
        ),
    )


@post("/shield/{which:str}/withdraw", opt={"permission": "withdraw_block", **FORM}, include_in_schema=False)
async def withdraw(request: Asked, which: str) -> Page:
    """Withdraw a proposal, or lift a block."""
    return await _act(
        request, which, "withdraw-reason", "withdrawn",
        lambda hub, viewer, reason, fields: hub.shield.withdraw(viewer, which, reason, text_of(fields, "code", 20)),
    )  # fmt: skip


@post("/shield/propose/{name:str}", opt={"permission": "propose", **FORM}, include_in_schema=False)
async def propose(request: Asked, name: str, hub: Hub, viewer: Viewer) -> Page:
    """Propose a block by hand, from an observable's page."""
    fields = await form_of(request)
    category, reason = text_of(fields, "category", 100), text_of(fields, "reason", 1000)

    def work() -> Page:
        try:
            identifier = hub.shield.propose(viewer, name, category, reason)
        except FusionCellError as fault:
            if fault.status >= 500:
                raise
            from fusioncell.web.pages.observable import observable_context

            one = Observable(ObservableType.DOMAIN, name)
            return page(request, "picture/observable.html", code=fault.status, errors=[fault_on("reason", fault)],
                        **observable_context(hub, viewer, one))  # fmt: skip
        settle(hub)
        # An analyst may propose and not read what waits: only approvers read proposals.
        return see_other(
            f"/shield/{identifier}"
            if viewer.may("approve")
            else observable_href(Observable(ObservableType.DOMAIN, name)),
            said="proposed",
        )

    return await sync_to_thread(work)


HANDLERS = (index, decision, approve, withdraw, propose)
"""The shield's pages."""
