"""The shield's rules as pages: the policy and its changes, standing approvals, the officers' holds."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.charter.model import Change
from fusioncell.shield.holds.model import MAX_DAYS, Hold
from fusioncell.shield.model import Decision
from fusioncell.shield.standing.model import Rule, Standing
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
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, category_of

Show = Callable[..., Page]


async def _done(request: Asked, show: Show, address: str, said: str, field: str,
                action: Callable[[Hub, Viewer, Form], object]) -> Page:  # fmt: skip
    """Do what a form asks, and show the page again, with what stands against it at its field."""
    fields = await form_of(request)
    hub, viewer = request.app.state.hub, request.scope["state"]["viewer"]

    def work() -> Page:
        try:
            action(hub, viewer, fields)
        except FusionCellError as fault:
            if fault.status >= 500:
                raise
            place = getattr(fault, "place", "") or field
            return show(request, hub, viewer, code=fault.status, errors=(fault_on(place, fault),))
        settle(hub)
        return see_other(address, said=said)

    return await sync_to_thread(work)


# -- the policy


def _change(names: Names, one: Change, needed: int, viewer: Viewer) -> View:
    approved = {who for who, _ in one.approvals}
    waits = not one.adopted
    return {
        "number": one.policy.number,
        "title": one.policy.title,
        "categories": [each.name for each in one.policy.categories],
        "reason": one.reason,
        "by": names.who(one.proposed_by),
        "at": one.at,
        "approvals": [{"who": names.who(who), "at": at} for who, at in one.approvals],
        "needed": needed,
        "adopted": one.adopted or None,
        "url": f"/shield/policy/changes/{quote(one.id, safe='')}/approve"
        if waits and viewer.may("approve") and viewer.person not in approved else None,
    }  # fmt: skip


def _policy_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200,
                 errors: tuple[dict[str, str], ...] = ()) -> Page:  # fmt: skip
    members_only(viewer)
    charter, names = hub.shield.charter, Names(hub)
    now = charter.in_force()
    changes = [one for one in charter.changes(viewer) if one.adopted or one.policy.number == now.number + 1]
    return page(
        request, "shield/policy.html", here="shield", code=code, errors=errors,
        policy={
            "number": now.number, "title": now.title, "approvals": now.approvals, "guarded": now.guarded,
            "usual": now.usual_days, "longest": now.longest_days, "compromised": now.compromised_hours,
            "categories": [{"name": category_of(one.id, capital=True) or one.name, "severity": one.severity}
                           for one in now.categories],
        },
        changes=[_change(names, one, now.approvals, viewer) for one in changes],
    )  # fmt: skip


@get("/shield/policy", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def policy(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the policy in force and its changes."""
    return _policy_page(request, hub, viewer)


@post("/shield/policy/changes/{which:str}/approve", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def approve_policy(request: Asked, which: str) -> Page:
    """Approve a change of the policy."""
    return await _done(request, _policy_page, "/shield/policy", "done", "change",
                       lambda hub, viewer, _: hub.shield.charter.approve(viewer, which))


# -- standing approvals


def _standing(hub: Hub, names: Names, one: Standing, viewer: Viewer) -> View:
    fared, now = hub.shielding.standing.fared(one), hub.clock.now()
    address = f"/shield/standing/{quote(one.id, safe='')}"
    waits = not one.signed_at and not one.stopped_at
    return {
        "id": one.id, "title": one.rule.title, "categories": [category_of(each) for each in one.rule.categories],
        "probability": one.rule.probability, "origins": one.rule.origins, "cap": one.rule.daily_cap,
        "days": one.rule.longest_days, "by": names.who(one.by), "second": names.who(one.second),
        "signed": bool(one.signed_at), "stands": one.holds(now), "until": one.until or None,
        "stopped": one.stopped_at or None, "why": one.stopped_why, "today": fared.today, "published": fared.published,
        "looked_at": fared.looked_at, "wrong": fared.wrong,
        "sources": [names.organisation(source) for source in one.rule.sources],
        "sample": [_sampled(each) for each in hub.shielding.standing.sample(viewer, one.id)],
        "sign_url": f"{address}/sign" if waits and viewer.person != one.by else None,
        "stop_url": None if one.stopped_at else f"{address}/stop",
    }  # fmt: skip


def _sampled(item: Decision) -> View:
    address = f"/shield/{quote(item.id, safe='')}"
    return {"name": item.name, "href": address, "malicious": item.malicious, "at": item.published_at,
            "url": f"/shield/decisions/{quote(item.id, safe='')}/review"}  # fmt: skip


def _standing_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200,
                   errors: tuple[dict[str, str], ...] = ()) -> Page:  # fmt: skip
    names, usual = Names(hub), Rule("", [])
    return page(
        request, "shield/standing.html", here="shield", code=code, errors=errors,
        rows=[_standing(hub, names, one, viewer) for one in hub.shielding.standing.listed(viewer)],
        categories=[{"id": one.id, "name": category_of(one.id, capital=True) or one.name}
                    for one in hub.shield.charter.in_force().categories],
        usual={"probability": usual.probability, "origins": usual.origins, "cap": usual.daily_cap, "days": usual.days},
    )  # fmt: skip


@get("/shield/standing", opt={"permission": "approve"}, sync_to_thread=True, include_in_schema=False)
def standing(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the standing approvals, how they fared, and what of theirs is to be looked at."""
    return _standing_page(request, hub, viewer)


def _rule_of(fields: Form) -> dict[str, object]:
    """Read the form of a rule. Raises BadInput for what is no number."""
    rule: dict[str, object] = {"title": text_of(fields, "title", 200).strip()}
    rule["categories"] = [text_of(fields, "category", 100)]
    for name, kind in (("probability", float), ("origins", int), ("daily_cap", int), ("days", int)):
        text = text_of(fields, name, 20).strip()
        try:
            rule[name] = kind(text)
        except ValueError:
            raise BadInput("this is a number", place=name) from None
    return rule


@post("/shield/standing", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def propose_standing(request: Asked) -> Page:
    """Propose a standing approval."""
    return await _done(request, _standing_page, "/shield/standing", "done", "title",
                       lambda hub, viewer, fields: hub.shielding.standing.propose(viewer, _rule_of(fields)))


@post("/shield/standing/{which:str}/sign", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def sign_standing(request: Asked, which: str) -> Page:
    """Sign a standing approval as the second."""
    return await _done(request, _standing_page, "/shield/standing", "done", "title",
                       lambda hub, viewer, _: hub.shielding.standing.sign(viewer, which))


@post("/shield/standing/{which:str}/stop", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def stop_standing(request: Asked, which: str) -> Page:
    """Stop a standing approval."""
    return await _done(request, _standing_page, "/shield/standing", "done", f"reason-{which}",
                       lambda hub, viewer, fields: hub.shielding.standing.stop(
                           viewer, which, text_of(fields, "reason", 1000)))


@post("/shield/decisions/{which:str}/review", opt={"permission": "approve", **FORM}, include_in_schema=False)
async def review(request: Asked, which: str) -> Page:
    """Say whether a rule's decision was right."""
    return await _done(request, _standing_page, "/shield/standing", "done", "title",
                       lambda hub, viewer, fields: hub.shielding.standing.review(
                           viewer, which, wrong=text_of(fields, "found", 10) == "wrong"))


# -- holds


def _hold(names: Names, one: Hold, now: int, viewer: Viewer) -> View:
    address = f"/shield/holds/{quote(one.id, safe='')}"
    over = bool(one.lifted_at) or bool(one.until and not one.holds(now))
    return {
        "name": one.name, "reason": one.reason, "by": names.who(one.by),
        "second": names.who(one.second) if one.second else "", "days": one.days, "at": one.asked_at,
        "until": one.until or None, "over": over,
        "confirm_url": f"{address}/confirm" if not over and not one.second and viewer.person != one.by else None,
        "lift_url": None if over else f"{address}/lift",
    }  # fmt: skip


def _holds_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200,
                errors: tuple[dict[str, str], ...] = ()) -> Page:  # fmt: skip
    names, now = Names(hub), hub.clock.now()
    return page(
        request, "shield/holds.html", here="shield", code=code, errors=errors, most=MAX_DAYS,
        rows=[_hold(names, one, now, viewer) for one in hub.shielding.holds.holds(viewer)],
    )  # fmt: skip


@get("/shield/holds", opt={"permission": "deconflict"}, sync_to_thread=True, include_in_schema=False)
def holds(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the holds, to officers."""
    return _holds_page(request, hub, viewer)


def _days(fields: Form) -> int:
    text = text_of(fields, "days", 5).strip()
    return int(text) if text.isascii() and text.isdigit() else 0


@post("/shield/holds", opt={"permission": "deconflict", **FORM}, include_in_schema=False)
async def ask_hold(request: Asked) -> Page:
    """Ask to hold a name."""
    return await _done(request, _holds_page, "/shield/holds", "done", "name",
                       lambda hub, viewer, fields: hub.shielding.holds.ask(
                           viewer, text_of(fields, "name", 300), text_of(fields, "reason", 1000), _days(fields)))


@post("/shield/holds/{which:str}/confirm", opt={"permission": "deconflict", **FORM}, include_in_schema=False)
async def confirm_hold(request: Asked, which: str) -> Page:
    """Confirm a hold as the second officer."""
    return await _done(request, _holds_page, "/shield/holds", "done", "name",
                       lambda hub, viewer, _: hub.shielding.holds.confirm(viewer, which))


@post("/shield/holds/{which:str}/lift", opt={"permission": "deconflict", **FORM}, include_in_schema=False)
async def lift_hold(request: Asked, which: str) -> Page:
    """Lift a hold."""
    return await _done(request, _holds_page, "/shield/holds", "done", "name",
                       lambda hub, viewer, _: hub.shielding.holds.lift(viewer, which))


HANDLERS = (policy, approve_policy, standing, propose_standing, sign_standing, stop_standing, review, holds, ask_hold,
            confirm_hold, lift_hold)
"""The pages of the shield's rules."""
