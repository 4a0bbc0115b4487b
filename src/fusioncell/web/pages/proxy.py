"""Publication on a partner's behalf: consent to it, ask for it, publish, and see what was published."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.intake import is_on_behalf
from fusioncell.intake.service import Terms
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Tlp, Viewer, is_pseudonym, parse_tlp
from fusioncell.web.pages.contribute import chosen_group
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
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
from fusioncell.web.pages.views import View, contribution_title

FIELDS = frozenset({"proxy", "tlp", "group", "reason", "confirm"})
_WITH_GROUPS = (Tlp.AMBER, Tlp.AMBER_STRICT)


def _address(contribution: str) -> str:
    return f"/contributions/{quote(contribution, safe='')}"


def panel(hub: Hub, viewer: Viewer, contribution: str, entries: list[Entry], names: Names) -> View | None:
    """Return what a contribution's page says of publication on a partner's behalf; None where there is nothing."""
    behalf = is_on_behalf(entries)
    org = entries[0].org if entries else ""
    found = hub.proxy.publications(viewer, contribution) if viewer.org else ()
    others = bool(entries) and org != viewer.org and not is_pseudonym(org) and not behalf
    own = bool(entries) and org == viewer.org and not behalf
    talks = any(entry.kind in ("post", "reaction") for entry in entries)
    may = viewer.member and viewer.person is not None and viewer.may("contribute") and not talks
    consents = hub.proxy.consents(viewer, contribution) if others and may else []
    view: View = {
        "behalf": names.organisation(org) if behalf else "",
        "publications": [
            {
                "href": _address(one.contribution) if one.proxy == viewer.org and not one.gone else None,
                "original": _address(one.original),
                "proxy": names.organisation(one.proxy),
                "tlp": one.tlp.value, "at": one.at, "gone": one.gone or None,
                "here": one.here, "fetched": one.fetched, "exported": one.exported,
            }
            for one in found
        ],
        "let": f"{_address(contribution)}/proxy" if own and may else None,
        "publish": f"{_address(contribution)}/publish" if consents and viewer.may("edit") else None,
        "ask": f"{_address(contribution)}/proxy" if others and may and viewer.may("edit") and not consents else None,
    }  # fmt: skip
    return view if any(view.values()) else None


def _one(hub: Hub, viewer: Viewer, contribution: str) -> View:
    item = hub.picture.contribution(viewer, contribution)
    return {
        "title": contribution_title(item.title, item.kind, item.items),
        "href": _address(contribution),
        "org": Names(hub).organisation(item.org),
        "own": item.org == viewer.org,
        "tlp": item.audience.tlp.value,
    }


def _groups(hub: Hub, viewer: Viewer) -> list[View]:
    return [{"value": choice.party, "name": choice.name} for choice in hub.circles.audience_choices(viewer)]


def _parties(hub: Hub, viewer: Viewer, form: dict[str, str], tlp: Tlp) -> tuple[str, ...]:
    group = chosen_group(hub, viewer, form["group"]) if tlp in _WITH_GROUPS else ""
    return (group,) if group else ()


# -- consent to it, or ask for it --------------------------------------------------------------------------------------


def _consent_page(
    request: Asked, hub: Hub, viewer: Viewer, contribution: str, form: dict[str, str], *, code: int = 200,
    errors: Any = (),
) -> Page:  # fmt: skip
    members_only(viewer)
    one = _one(hub, viewer, contribution)
    orgs = sorted(hub.members.organisations(), key=lambda each: each.name.casefold())
    return page(
        request, "proxy/consent.html", code=code, errors=errors,
        one={**one, "url": f"{one['href']}/proxy"},
        form=form,
        organisations=[{"value": each.id, "name": each.name} for each in orgs
                       if each.id != viewer.org and not each.suspended] if one["own"] else [],
        groups=_groups(hub, viewer),
    )  # fmt: skip


@get("/contributions/{contribution:str}/proxy", opt={"permission": "contribute"}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def ask_consent(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Show the form to consent to a publication by another, or to ask for it."""
    form = {"proxy": "", "tlp": "green", "group": "", "reason": ""}
    return _consent_page(request, hub, viewer, contribution, form)


@post("/contributions/{contribution:str}/proxy", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def send_consent(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Consent, or ask."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 1000) for name in ("proxy", "tlp", "group", "reason")}

    def work() -> Page:
        try:
            tlp = parse_tlp(form["tlp"] or "none")
            groups = _parties(hub, viewer, form, tlp)
            hub.receipts.let_publish(viewer, contribution, form["proxy"], tlp, groups, form["reason"])
        except FusionCellError as fault:
            # An organisation that does not exist is a fault of the form; a contribution that is not seen is none.
            hub.picture.contribution(viewer, contribution)
            if fault.status >= 500:
                raise
            where = fault.place if fault.place in FIELDS else "proxy" if fault.status == 404 else "tlp"
            return _consent_page(
                request, hub, viewer, contribution, form, code=fault.status, errors=[fault_on(where, fault)]
            )
        settle(hub)
        return see_other("/consents", said="consent-sent")

    return await sync_to_thread(work)


# -- publish -----------------------------------------------------------------------------------------------------------


def _publish_page(
    request: Asked, hub: Hub, viewer: Viewer, contribution: str, form: dict[str, str], *, code: int = 200,
    errors: Any = (),
) -> Page:  # fmt: skip
    members_only(viewer)
    one = _one(hub, viewer, contribution)
    consents = hub.proxy.consents(viewer, contribution)
    widest = consents[0] if consents else None
    plan = None
    if widest is not None and viewer.person is not None:
        plan = hub.proxy.plan(viewer, contribution, Terms(widest.tlp, widest.groups))
    allowed = [each for each in Tlp if widest and each is not Tlp.RED and each.strictness >= widest.tlp.strictness]
    return page(
        request, "proxy/publish.html", code=code, errors=errors,
        one={**one, "url": f"{one['href']}/publish", "ask": f"{one['href']}/proxy"},
        form={**form, "tlp": form["tlp"] or (widest.tlp.value if widest else "")},
        widest=widest.tlp.value if widest else None,
        tlps=[each.value for each in allowed],
        groups=_groups(hub, viewer),
        items=len(plan.items) if plan else 0,
        left_out=plan.left_out if plan else 0,
        warnings=list(plan.warnings) if plan else [],
    )  # fmt: skip


@get("/contributions/{contribution:str}/publish", opt={"permission": "edit"}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def ask_publish(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Show what would be published, and what to look at first."""
    return _publish_page(request, hub, viewer, contribution, {"tlp": "", "group": ""})


@post("/contributions/{contribution:str}/publish", opt={"permission": "edit", **FORM}, include_in_schema=False)
async def publish(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Publish on the originator's behalf, then lead to the publication."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 200) for name in ("tlp", "group")}
    confirmed = text_of(fields, "confirm", 10) == "yes"

    def work() -> Page:
        try:
            tlp = parse_tlp(form["tlp"] or "none")
            terms = Terms(tlp, _parties(hub, viewer, form, tlp))
            done = hub.proxy.publish(viewer, contribution, terms, confirmed=confirmed)
        except FusionCellError as fault:
            if fault.status >= 500 or fault.status == 404:
                raise
            where = "confirm" if fault.status == 409 else fault.place if fault.place in FIELDS else "tlp"
            return _publish_page(
                request, hub, viewer, contribution, form, code=fault.status, errors=[fault_on(where, fault)]
            )
        settle(hub)
        return see_other(_address(done.contribution), said="posted")

    return await sync_to_thread(work)


HANDLERS = (ask_consent, send_consent, ask_publish, publish)
"""The pages of publication on a partner's behalf."""
