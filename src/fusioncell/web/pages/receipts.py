"""Who sees a contribution from now on (narrow, widen), how far it went, and consent to wider products."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.receipts import Consent
from fusioncell.exchange.receipts.model import Answer, State
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, parse_tlp, person
from fusioncell.web.pages.contribute import MEANINGS, chosen_group
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    fault_on,
    form_of,
    fragment,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names, organisations_that_see
from fusioncell.web.pages.views import View, contribution_title
from fusioncell.web.words import N_

FIELDS = frozenset({"how", "tlp", "group", "reason", "product"})


def _address(contribution: str) -> str:
    return f"/contributions/{quote(contribution, safe='')}"


def _title(hub: Hub, viewer: Viewer, contribution: str) -> str:
    item = hub.picture.contribution(viewer, contribution)
    return contribution_title(item.title, item.kind, item.items)


# -- how far it went --------------------------------------------------------------------------------------------------


@get(
    "/contributions/{contribution:str}/receipts",
    opt={"permission": "read"},
    sync_to_thread=True,
    include_in_schema=False,
)
def receipts(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Show the originator, per organisation, how far its contribution went and its recall reaches."""
    members_only(viewer)
    found = hub.receipts.receipts(viewer, contribution)
    names = Names(hub)
    href: str | None
    try:
        title, href = _title(hub, viewer, contribution), _address(contribution)
    except NotFound:
        went_on = hub.intake.went_on(hub.record.visible_to(viewer), contribution)
        title, href = N_("What was withdrawn"), _address(went_on) if went_on else None
    return page(
        request,
        "receipts/table.html",
        one={"title": title, "href": href, "withdrawn": found.withdrawn, "public": found.public, "kept": found.kept},
        rows=[
            {"org": names.organisation(row.org), "state": row.state.name.lower(), "told": row.told or None}
            for row in found.rows
        ],
        others=None if found.others is None else found.others.name.lower(),
        counts={state.name.lower(): found.count(state) for state in State},
    )


# -- narrow and widen -------------------------------------------------------------------------------------------------


def _terms(hub: Hub, viewer: Viewer, form: dict[str, str]) -> Terms:
    tlp = parse_tlp(form["tlp"])
    group = chosen_group(hub, viewer, form["group"]) if tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ""
    people = (person(viewer.person),) if tlp is Tlp.RED and viewer.person else ()
    return Terms(tlp, (group,) if group else (), people)


def _change(hub: Hub, viewer: Viewer, contribution: str, form: dict[str, str]) -> View:
    """Say who loses and who gains sight, each organisation asked by the rule that later decides."""
    nothing: View = {"problem": "", "lose": [], "gain": [], "keep": 0, "everyone": False}
    try:
        terms = _terms(hub, viewer, form)
        moves = hub.intake.plan(viewer, contribution, terms, wider=form["how"] == "widen")
    except FusionCellError as fault:
        return {**nothing, "problem": fault_on("tlp", fault)["text"]}
    names = Names(hub)
    before = {name for old, _ in moves for name in organisations_that_see(hub, names, old)}
    then = {name for _, new in moves for name in organisations_that_see(hub, names, new)}
    return {
        "problem": "",
        "lose": sorted(before - then, key=str.casefold),
        "gain": sorted(then - before, key=str.casefold),
        "keep": len(before & then),
        "everyone": any(new.tlp is Tlp.CLEAR for _, new in moves),
    }


def _readers_page(
    request: Asked, hub: Hub, viewer: Viewer, contribution: str, form: dict[str, str], *, code: int = 200,
    errors: Any = (),
) -> Page:  # fmt: skip
    hub.intake.own(viewer, contribution)
    item = hub.picture.contribution(viewer, contribution)
    address = _address(contribution)
    return page(
        request,
        "receipts/readers.html",
        code=code,
        errors=errors,
        one={
            "title": contribution_title(item.title, item.kind, item.items),
            "href": address,
            "tlp": item.audience.tlp.value,
            "url": f"{address}/readers",
            "reach_url": f"{address}/readers/reach",
        },
        form=form,
        tlps=[{"value": each.value, "meaning": meaning} for each, meaning in MEANINGS.items()],
        groups=[{"value": choice.party, "name": choice.name} for choice in hub.circles.audience_choices(viewer)],
        change=_change(hub, viewer, contribution, form),
    )


def _asked_form(request: Asked) -> dict[str, str]:
    asked = request.query_params
    how = "widen" if asked.get("how") == "widen" else "narrow"
    return {"how": how, "tlp": asked.get("tlp", "amber+strict"), "group": asked.get("group", ""), "reason": ""}


@get(
    "/contributions/{contribution:str}/readers",
    opt={"permission": "recall", "query": frozenset({"how", "tlp", "group"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def ask_readers(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Show the form to narrow or widen."""
    return _readers_page(request, hub, viewer, contribution, _asked_form(request))


@get(
    "/contributions/{contribution:str}/readers/reach",
    opt={"permission": "recall", "query": frozenset({"how", "tlp", "group"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def reach(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Answer who loses and who gains sight, as the form stands."""
    return fragment("receipts/_change.html", change=_change(hub, viewer, contribution, _asked_form(request)))


@post("/contributions/{contribution:str}/readers", opt={"permission": "recall", **FORM}, include_in_schema=False)
async def change_readers(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Narrow or widen, then lead to what it goes on as."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 1000) for name in ("how", "tlp", "group", "reason")}
    form["how"] = "widen" if form["how"] == "widen" else "narrow"

    def work() -> Page:
        act = hub.intake.widen if form["how"] == "widen" else hub.intake.narrow
        try:
            moved = act(viewer, contribution, _terms(hub, viewer, form), form["reason"].strip())
        except FusionCellError as fault:
            if fault.status >= 500 or fault.status == 404:
                raise
            where = "group" if fault.place == "group" else "tlp"
            return _readers_page(
                request, hub, viewer, contribution, form, code=fault.status, errors=[fault_on(where, fault)]
            )
        settle(hub)
        return see_other(_address(moved.contribution) if moved.contribution else "/", said="readers-changed")

    return await sync_to_thread(work)


# -- consent ----------------------------------------------------------------------------------------------------------


def _ask_page(
    request: Asked, hub: Hub, viewer: Viewer, contribution: str, form: dict[str, str], *, code: int = 200,
    errors: Any = (),
) -> Page:  # fmt: skip
    item = hub.picture.contribution(viewer, contribution)
    address = _address(contribution)
    one = {
        "title": contribution_title(item.title, item.kind, item.items),
        "href": address,
        "org": Names(hub).organisation(item.org),
        "own": item.org == viewer.org,
        "tlp": item.audience.tlp.value,
        "url": f"{address}/consent",
    }
    return page(request, "receipts/ask.html", code=code, errors=errors, one=one, form=form)


@get(
    "/contributions/{contribution:str}/consent",
    opt={"permission": "contribute", "query": frozenset({"product", "tlp"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def ask_consent(
    request: Asked, contribution: str, hub: Hub, viewer: Viewer,
    product: Annotated[str, Parameter(max_length=300)] = "", tlp: Annotated[str, Parameter(max_length=20)] = "green",
) -> Page:  # fmt: skip
    """Show the form to ask for consent; ``product`` and ``tlp``: where one comes from the draft of a product."""
    return _ask_page(request, hub, viewer, contribution, {"product": product, "tlp": tlp, "reason": ""})


@post("/contributions/{contribution:str}/consent", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def send_consent(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Ask, or consent at once to what is one's own."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 1000) for name in ("product", "tlp", "reason")}

    def work() -> Page:
        try:
            hub.receipts.ask(viewer, contribution, form["product"], parse_tlp(form["tlp"] or "none"), form["reason"])
        except FusionCellError as fault:
            if fault.status >= 500 or fault.status == 404:
                raise
            where = fault.place if fault.place in FIELDS else "tlp"
            return _ask_page(
                request, hub, viewer, contribution, form, code=fault.status, errors=[fault_on(where, fault)]
            )
        settle(hub)
        return see_other("/consents", said="consent-sent")

    return await sync_to_thread(work)


def _consent_view(names: Names, viewer: Viewer, one: Consent) -> View:
    return {
        "id": one.id,
        "product": one.product,
        "tlp": one.tlp.value,
        "asker": names.organisation(one.asker) if one.asker else "",
        "originator": names.organisation(one.originator),
        "reason": one.reason,
        "at": one.at,
        "href": _address(one.contribution),
        "answer": one.answer.value,
        "answer_reason": one.answer_reason,
        "answered": one.answered or None,
        "lapsed": one.lapsed or None,
        "url": f"/consents/{one.id}/answer" if viewer.may("recall") and viewer.person else None,
    }


def _consents_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200, errors: Any = ()) -> Page:
    names = Names(hub)
    found = hub.receipts.consents(viewer)
    waits = [one.answer is Answer.ASKED and one.originator == viewer.org and not one.lapsed for one in found]
    views = [_consent_view(names, viewer, one) for one in found]
    return page(
        request,
        "receipts/consents.html",
        code=code,
        errors=errors,
        waiting=[view for view, wait in zip(views, waits, strict=True) if wait],
        others=[view for view, wait in zip(views, waits, strict=True) if not wait],
    )


@get("/consents", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def consents(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """List what was asked of the viewer's organisation, and by it."""
    members_only(viewer)
    return _consents_page(request, hub, viewer)


@post("/consents/{identifier:str}/answer", opt={"permission": "recall", **FORM}, include_in_schema=False)
async def answer(request: Asked, identifier: str, hub: Hub, viewer: Viewer) -> Page:
    """Grant or decline."""
    fields = await form_of(request)
    granted, reason = text_of(fields, "granted", 10) == "true", text_of(fields, "reason", 1000)

    def work() -> Page:
        try:
            hub.receipts.answer(viewer, identifier, granted=granted, reason=reason)
        except FusionCellError as fault:
            if fault.status >= 500 or fault.status == 404:
                raise
            return _consents_page(request, hub, viewer, code=fault.status, errors=[fault_on("reason", fault)])
        settle(hub)
        return see_other("/consents", said="consent-answered")

    return await sync_to_thread(work)


HANDLERS = (
    receipts, ask_readers, reach, change_readers, ask_consent, send_consent, consents, answer,
)  # fmt: skip
"""The pages of readers, receipts and consents."""
