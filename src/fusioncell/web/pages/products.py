"""Products: the list, one with its versions and feedback, writing with a live preview, and the review."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.intake import ProductBody
from fusioncell.kernel.errors import BadInput, FusionCellError, NotFound
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import PUBLIC, Audience, Tlp, Viewer, parse_tlp
from fusioncell.picture.products import Form, Published, State, Written, read_lines, write_lines
from fusioncell.picture.products.model import PERMISSION, Drafted, Heard
from fusioncell.picture.products.routes import take
from fusioncell.picture.weekly import week_of
from fusioncell.web.pages.citing import cited
from fusioncell.web.pages.compose import reach_of
from fusioncell.web.pages.contribute import MEANINGS
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    fault_on,
    form_of,
    fragment,
    page,
    page_headers,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.frame import Form as Fields
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.views import View
from fusioncell.web.render import render
from fusioncell.web.words import N_

FORMS = {Form.ALERT: N_("Alert"), Form.ADVISORY: N_("Advisory"), Form.WEEKLY: N_("Weekly summary"),
         Form.MONTHLY: N_("Monthly summary"), Form.SECTOR: N_("Sector picture"),
         Form.ANSWER: N_("Answer to a request")}  # fmt: skip
STATES = {State.DRAFT: N_("Draft"), State.REVIEW: N_("Waits for review"), State.RETURNED: N_("Returned"),
          State.APPROVED: N_("Approved"), State.PUBLISHED: N_("Published"), State.DROPPED: N_("Dropped")}  # fmt: skip
LEVELS = {State.DRAFT: "none", State.REVIEW: "suspicious", State.RETURNED: "malicious", State.APPROVED: "benign",
          State.PUBLISHED: "benign", State.DROPPED: "none"}  # fmt: skip
"""Colour and shape of a state's mark; the word says it too."""
HEARD = {Heard.USEFUL: N_("Useful"), Heard.NOT_USEFUL: N_("Not useful"), Heard.ACTED: N_("We acted on it")}
_FIELDS = ("title", "text", "tlp", "group", "affected", "said")
LONGEST = 60_000


def href_of(product: str, *more: str) -> str:
    """Return the address of a product, or of a page of it."""
    return "/".join(["/products", quote(product, safe=""), *more])


def _row(one: Published, names: Names) -> View:
    return {
        "href": href_of(one.id), "title": one.title or N_("Withdrawn"), "form": FORMS[one.form], "tlp":
        one.audience.tlp.value, "org": names.organisation(one.org), "at": one.at, "number": one.number,
        "amended": one.amended, "withdrawn": one.withdrawn or None,
    }  # fmt: skip


def _writes(viewer: Viewer) -> bool:
    return viewer.member and viewer.may(PERMISSION)


# -- read --------------------------------------------------------------------------------------------------------------


@get("/products", opt={"permission": "read", "query": frozenset({"form", "before"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def index(
    request: Asked, hub: Hub, viewer: Viewer, form: Annotated[str, Parameter(max_length=20)] = "",
    before: Annotated[str, Parameter(max_length=64)] = "",
) -> Page:  # fmt: skip
    """List the newest version of each product that one sees."""
    names = Names(hub, viewer)
    form = form if form in set(Form) else ""
    found, following = hub.products.listed(viewer, form=form, before=before, limit=30)
    asked = {"form": form} if form else {}
    tabs = [{"href": "/products", "label": N_("All"), "here": not form}]
    tabs += [{"href": f"/products?form={each.value}", "label": words, "here": each.value == form}
             for each, words in FORMS.items()]  # fmt: skip
    return page(
        request, "products/index.html", here="products", tabs=tabs, products=[_row(one, names) for one in found],
        next=f"/products?{urlencode({**asked, 'before': following})}" if following else None,
        write=_writes(viewer), waiting=len(hub.products.drafts(viewer)) if _writes(viewer) else 0,
    )  # fmt: skip


@get("/products/{which:str}", opt={"permission": "read", "query": frozenset({"version"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def one(request: Asked, which: str, hub: Hub, viewer: Viewer, version: Annotated[int, Parameter(ge=0, le=10_000)] = 0
        ) -> Page:  # fmt: skip
    """Show a version of a product, its references as one sees them."""
    return _one_page(request, hub, viewer, which, version)


def _one_page(request: Asked, hub: Hub, viewer: Viewer, which: str, version: int = 0, *, code: int = 200,
              errors: Any = ()) -> Page:  # fmt: skip
    names = Names(hub, viewer)
    found = hub.products.product(viewer, which, version)
    head, body = found.head, found.body
    standing = not head.withdrawn
    mine = found.own and _writes(viewer)
    said = hub.products.feedback(viewer, which) if viewer.member and standing else []
    named = viewer.member and standing
    shown = {
        **_row(head, names), "id": which, "body": cited(hub, viewer, body, names) if standing else "",
        "latest": found.latest, "changed": body.changed, "readers": who_reads(names, head.audience, viewer.org or ""),
        "author": names.person(found.author) if named and found.author else "",
        "approver": names.person(body.approver) if named and body.approver else "",
        "affected": [{"cve": each.cve, "name": f"{each.vendor} {each.product} {each.version}".strip(),
                      "status": each.status.replace("_", " "), "remedy": each.remedy} for each in body.affected],
        "consents": [{"originator": names.organisation(each.originator), "tlp": each.tlp, "at": each.at}
                     for each in body.cited if each.consent],
        "about_href": f"/exchange/{quote(body.about, safe='')}" if body.about else None,
    }  # fmt: skip
    return page(
        request, "products/one.html", here="products", code=code, errors=errors, one=shown,
        downloads=_downloads(which, head, bool(body.affected)) if standing else [],
        versions_href=href_of(which, "versions"),
        edit_href=href_of(which, "edit") if mine else None, act_url=href_of(which, "act") if mine else None,
        feedback_url=href_of(which, "feedback") if viewer.member and standing and not found.own else None,
        heard=[{"value": value.value, "label": label} for value, label in HEARD.items()],
        said=[{"org": names.organisation(each.org), "at": each.at, "number": each.number, "heard": HEARD[each.heard],
               "said": each.said} for each in said],
    )  # fmt: skip


def _downloads(which: str, head: Published, affected: bool) -> list[View]:
    asked = f"?version={head.number}"
    made = [{"href": f"{href_of(which, 'pdf')}{asked}", "label": "PDF"},
            {"href": f"/api/products/{quote(which, safe='')}/markdown{asked}", "label": "Markdown"}]  # fmt: skip
    if affected and head.form is Form.ADVISORY:
        made.append({"href": f"/api/products/{quote(which, safe='')}/csaf", "label": "CSAF 2.0"})
    return made


@get("/products/{which:str}/versions", sync_to_thread=True, include_in_schema=False,
     opt={"permission": "read", "query": frozenset({"before", "after"})})  # fmt: skip
def versions(
    request: Asked, which: str, hub: Hub, viewer: Viewer, before: Annotated[int, Parameter(ge=0, le=10_000)] = 0,
    after: Annotated[int, Parameter(ge=0, le=10_000)] = 0,
) -> Page:  # fmt: skip
    """List the versions that one sees, and compare two of them."""
    names = Names(hub, viewer)
    found = hub.products.versions(viewer, which)
    standing = [each.number for each in found if not each.withdrawn]
    if not (before and after) and len(standing) > 1:
        before, after = standing[1], standing[0]
    lines = hub.products.compare(viewer, which, before, after) if before and after else []
    return page(
        request, "products/versions.html", here="products", href=href_of(which),
        versions=[{**_row(each, names), "href": f"{href_of(which)}?version={each.number}"} for each in found],
        numbers=standing, before=before, after=after,
        lines=[{"mark": mark, "text": text} for mark, text in lines],
    )  # fmt: skip


@get("/products/{which:str}/pdf", opt={"permission": "read", "query": frozenset({"version"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def pdf(which: str, hub: Hub, viewer: Viewer, handed: Handed,
        version: Annotated[int, Parameter(ge=0, le=10_000)] = 0) -> Response[bytes]:  # fmt: skip
    """Give a version as PDF, as one sees it."""
    found = hub.products.product(viewer, which, version)
    if found.head.withdrawn:
        raise NotFound("this version was withdrawn", hint="Look at the list of versions.")
    handed.file(found.head.contribution)
    names = Names(hub, viewer)
    html = render("products/print.html", one={
        **_row(found.head, names), "body": cited(hub, viewer, found.body, names),
        "readers": who_reads(names, found.head.audience), "consents":
        [{"originator": names.organisation(each.originator), "tlp": each.tlp, "at": each.at}
         for each in found.body.cited if each.consent],
    })  # fmt: skip
    name = f"{found.head.form.value}-{which[:8]}-{found.head.number}.pdf"
    return Response(hub.printer(html), media_type="application/pdf",
                    headers={**page_headers(), "Content-Disposition": f'inline; filename="{name}"'})  # fmt: skip


@get("/products/feed.atom", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def atom(hub: Hub) -> Response[str]:
    """Give the newest products that everyone may read as an Atom feed (RFC 4287)."""
    found, _ = hub.products.listed(PUBLIC, limit=50)
    base = hub.settings.public_url.rstrip("/") or f"http://{hub.settings.http_listen}"
    names = Names(hub)
    entries = []
    for one in found:
        body = hub.products.product(PUBLIC, one.id, one.number).body
        entries.append({"id": one.id, "title": one.title, "href": f"{base}{href_of(one.id)}", "at": one.at,
                        "org": names.organisation(one.org), "html": str(cited(hub, PUBLIC, body, names))})  # fmt: skip
    text = render("products/feed.xml", base=base, entries=entries, updated=max((one.at for one in found), default=0))
    return Response(text, media_type="application/atom+xml")


# -- write -------------------------------------------------------------------------------------------------------------


def _blank(**given: str) -> View:
    return {"form": Form.ALERT.value, "title": "", "text": "", "tlp": Tlp.GREEN.value, "group": "", "about": "",
            "sector": "", "week": "", "affected": "", "changed": "", "product": "", **given}  # fmt: skip


def _of(new: Written, product: str) -> View:
    return _blank(form=new.form.value, title=new.title, text=new.text, tlp=new.tlp.value, about=new.about,
                  group=next(iter(new.groups), ""), sector=new.sector, affected=write_lines(new.affected),
                  changed=new.changed, product=product, week=new.week)  # fmt: skip


def _read(fields: Fields) -> View:
    form = {name: text_of(fields, name, LONGEST if name in ("text", "affected") else 1000) for name in _blank()}
    return {**form, "title": form["title"].strip(), "text": form["text"].replace("\r\n", "\n")}


def _written(hub: Hub, viewer: Viewer, form: View) -> Written:
    """Make of the form what is to be kept. Raises BadInput with the field as its place."""
    tlp, groups = parse_tlp(form["tlp"] or "none"), ()
    if form["group"] and tlp in (Tlp.AMBER, Tlp.AMBER_STRICT):
        party = hub.circles.party_of(viewer, form["group"].removeprefix("group:").rpartition(".")[0] or form["group"])
        if party is None:
            raise BadInput("you are not in that group", hint="Choose one of the groups listed.", place="group")
        groups = (party,)  # type: ignore[assignment]
    kind = Form(form["form"]) if form["form"] in set(Form) else Form.ALERT
    people = (f"person:{viewer.person}",) if tlp is Tlp.RED and viewer.person else ()
    return Written(kind, form["title"], form["text"], tlp, groups, people, form["about"], form["sector"],
                   form["week"][:8], read_lines(form["affected"]) if kind is Form.ADVISORY else (),
                   form["changed"])  # fmt: skip


def _preview(hub: Hub, viewer: Viewer, form: View) -> View:
    """Say who would see it, which sources do not permit that, and how it looks to those readers' eyes: the author's."""
    blank: View = {"summary": "", "parties": [], "more": 0, "others": "", "uses": "", "warning": "", "reason": "",
                   "observables": [], "fault": "", "lacking": [], "body": "", "consents": 0}  # fmt: skip
    names = Names(hub, viewer)
    try:
        new = _written(hub, viewer, form)
        readers: Audience = hub.products.audience_of(viewer, new)
        found, lacking = hub.products.weigh(viewer, form["product"], new)
    except FusionCellError as fault:
        return {**blank, "fault": fault_on("", fault)["text"]}
    named = f"{new.title} (products/{form['product']})" if form["product"] else new.title
    asks = urlencode({"product": named, "tlp": new.tlp.value})
    return {
        **blank, **reach_of(hub, viewer, readers), "consents": sum(bool(each.consent) for each in found),
        "lacking": [{"why": each.why, "org": names.organisation(each.org),
                     "href": f"/contributions/{quote(each.contribution, safe='')}/consent?{asks}"} for each in lacking],
        "body": cited(hub, viewer, ProductBody(new.form.value, new.title, new.text), names) if new.text else "",
    }  # fmt: skip


@post("/products/preview", opt={"permission": PERMISSION, **FORM}, status_code=200, include_in_schema=False)
async def preview(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Answer what the form would show and reach, as it stands. Keeps nothing."""
    fields = await form_of(request)
    found = await sync_to_thread(_preview, hub, viewer, _read(fields))
    return fragment("products/_preview.html", preview=found)


def _form_page(request: Asked, hub: Hub, viewer: Viewer, form: View, *, code: int = 200, errors: Any = ()) -> Page:
    return page(
        request, "products/form.html", here="products", code=code, errors=errors, form=form,
        heading=N_("The next version") if form["product"] else N_("Write a product"),
        forms=[{"value": each.value, "label": words} for each, words in FORMS.items()],
        tlps=[{"value": each.value, "meaning": meaning} for each, meaning in MEANINGS.items()],
        groups=[{"value": choice.party, "name": choice.name} for choice in hub.circles.audience_choices(viewer)],
        preview=_preview(hub, viewer, form),
    )  # fmt: skip


@get("/products/new", opt={"permission": PERMISSION, "query": frozenset({"form", "about", "sector"})},
     sync_to_thread=True, include_in_schema=False)  # fmt: skip
def ask_new(request: Asked, hub: Hub, viewer: Viewer, form: Annotated[str, Parameter(max_length=20)] = "",
            about: Annotated[str, Parameter(max_length=64)] = "",
            sector: Annotated[str, Parameter(max_length=80)] = "") -> Page:  # fmt: skip
    """Show the form, empty; ``about``: the request that it answers."""
    kind = Form.ANSWER.value if about else form if form in set(Form) else Form.ALERT.value
    if kind == Form.WEEKLY.value:
        week = hub.weekly.summary(viewer)
        if week.quiet:  # in a young hub, say: this week, as far as it goes
            week = hub.weekly.summary(viewer, week_of(hub.clock.now()).name)
        given = _blank(form=kind, title=week.title, text=week.text, week=week.week.name)
        return _form_page(request, hub, viewer, given)
    if kind == Form.MONTHLY.value or (kind == Form.SECTOR.value and sector):
        # A sector's picture is its month; without a sector it is written by hand.
        month = hub.weekly.summary(viewer, month=True, sector=sector if kind == Form.SECTOR.value else "")
        given = _blank(form=kind, title=month.title, text=month.text, sector=sector)
        return _form_page(request, hub, viewer, given)
    return _form_page(request, hub, viewer, _blank(form=kind, about=about))


@get("/products/{which:str}/edit", opt={"permission": PERMISSION}, sync_to_thread=True, include_in_schema=False)
def ask_edit(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show the form with the draft, or with the newest version where none is under way."""
    try:
        drafted = hub.products.draft(viewer, which)
        if drafted.state is not State.PUBLISHED:
            return _form_page(request, hub, viewer, _of(drafted.written, which))
    except NotFound:
        pass
    found = hub.products.product(viewer, which)
    if not found.own:
        raise NotFound("no such product of your organisation", hint="Only who wrote it changes it.")
    body, audience = found.body, found.head.audience
    group = next((party for party in audience.parties if party.startswith("group:")), "")
    new = Written(found.head.form, body.title, body.text, audience.tlp, (group,) if group else (), (), body.about,
                  body.sector, body.week, body.affected, "")  # fmt: skip
    return _form_page(request, hub, viewer, _of(new, which))


@post("/products/new", opt={"permission": PERMISSION, **FORM}, include_in_schema=False)
async def save(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Keep the draft, and show it; or show the form again."""
    form = _read(await form_of(request))

    def work() -> Page:
        try:
            which = hub.products.save(viewer, _written(hub, viewer, form), form["product"])
        except FusionCellError as fault:
            if fault.status >= 500 or isinstance(fault, NotFound):
                raise
            where = fault.place if fault.place in _FIELDS else "text"
            return _form_page(request, hub, viewer, form, code=fault.status, errors=(fault_on(where, fault),))
        settle(hub)
        return see_other(href_of(which, "draft"), said="done")

    return await sync_to_thread(work)


# -- review ------------------------------------------------------------------------------------------------------------


def _draft_row(one: Drafted, names: Names) -> View:
    return {"href": href_of(one.id, "draft"), "title": one.written.title, "form": FORMS[one.written.form],
            "tlp": one.written.tlp.value, "state": one.state.value, "words": STATES[one.state],
            "level": LEVELS[one.state], "at": one.at,
            "authors": ", ".join(_who(each, names) for each in one.authors)}  # fmt: skip


def _who(author: str, names: Names) -> str:
    return str(names.actor(author)[0])


@get("/products/drafts", opt={"permission": PERMISSION}, sync_to_thread=True, include_in_schema=False)
def queue(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """List the drafts of one's organisation: those that wait for review first."""
    names = Names(hub, viewer)
    found = hub.products.drafts(viewer)
    mine = [one for one in found if one.state is State.REVIEW and viewer.person not in one.authors]
    return page(
        request, "products/drafts.html", here="products", waiting=[_draft_row(one, names) for one in mine],
        others=[_draft_row(one, names) for one in found if one not in mine],
    )  # fmt: skip


@get("/products/{which:str}/draft", opt={"permission": PERMISSION}, sync_to_thread=True, include_in_schema=False)
def draft(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show a draft as it would look, with the steps that one may take."""
    return _draft_page(request, hub, viewer, which)


def _draft_page(request: Asked, hub: Hub, viewer: Viewer, which: str, *, code: int = 200, errors: Any = ()) -> Page:
    names, found = Names(hub, viewer), hub.products.draft(viewer, which)
    wrote = viewer.person in found.authors
    steps = {
        "submit": found.state in (State.DRAFT, State.RETURNED), "approve": found.state is State.REVIEW and not wrote,
        "return": found.state is State.REVIEW, "publish": found.state is State.APPROVED,
        "drop": found.state not in (State.PUBLISHED, State.DROPPED),
    }  # fmt: skip
    return page(
        request, "products/draft.html", here="products", code=code, errors=errors,
        one={**_draft_row(found, names), "said": found.said, "by": _who(found.by, names) if found.by else "",
             "wrote": wrote, "affected": write_lines(found.written.affected), "changed": found.written.changed},
        preview=_preview(hub, viewer, _of(found.written, which)), steps=steps, act_url=href_of(which, "act"),
        edit_href=href_of(which, "edit"),
        product_href=href_of(which) if found.state is State.PUBLISHED else None,
    )  # fmt: skip


@post("/products/{which:str}/act", opt={"permission": PERMISSION, **FORM}, include_in_schema=False)
async def act(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Let a draft or a product take a step."""
    fields = await form_of(request)
    step, said = text_of(fields, "act", 20), text_of(fields, "said", 1000)

    def work() -> Page:
        try:
            take(hub.products, viewer, which, step, said)
        except FusionCellError as fault:
            if fault.status >= 500 or isinstance(fault, NotFound):
                raise
            where = "said" if fault.place == "said" else ""
            shown = _one_page if step == "withdraw" else _draft_page
            return shown(request, hub, viewer, which, code=fault.status, errors=(fault_on(where, fault),))
        settle(hub)
        public = step in ("publish", "withdraw")
        return see_other(href_of(which) if public else href_of(which, "draft"), said="done")

    return await sync_to_thread(work)


@post("/products/{which:str}/feedback", opt={"permission": "read", **FORM}, include_in_schema=False)
async def hear(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Say what a product was worth."""
    fields = await form_of(request)
    heard, said = text_of(fields, "heard", 20), text_of(fields, "said", 1001)

    def work() -> Page:
        if heard not in set(Heard):
            fault = BadInput("nothing was chosen", hint="Choose one of the answers.", place="heard")
            return _one_page(request, hub, viewer, which, code=400, errors=(fault_on("heard", fault),))
        hub.products.hear(viewer, which, Heard(heard), said)
        settle(hub)
        return see_other(href_of(which), said="done")

    return await sync_to_thread(work)


HANDLERS = (index, ask_new, queue, atom, one, versions, pdf, draft, ask_edit, save, preview, act, hear)
"""Products."""
