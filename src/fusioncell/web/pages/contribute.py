"""Contribute by paste or file: the form, who will see it, what became of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile

from fusioncell.bootstrap import Hub
from fusioncell.intake import detect, extract_entry, without_recipients
from fusioncell.intake.service import Terms
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed, NotFound, UnsupportedMedia
from fusioncell.kernel.marking import Audience, Tlp, Viewer, audience_for, default_uses, may_post, parse_tlp, person
from fusioncell.kernel.observable import guess
from fusioncell.web.pages import anonymous
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    fragment,
    page,
    see_other,
    settle,
    text_of,
    ticked_of,
)
from fusioncell.web.pages.names import MAX_ASKED, Names, organisations_that_see, uses_in_words
from fusioncell.web.pages.views import View, contribution_title, observable_view
from fusioncell.web.words import N_, joined

FORMATS = [N_("STIX 2.0 and 2.1"), N_("MISP events"), "CSV", N_("plain lists"), "X-ARF", N_("saved mails (.eml)"),
           N_("text")]  # fmt: skip
PROPOSED = Tlp.GREEN
"""The marking that the form proposes."""
MAX_FAULTS = 50
MAX_MENTIONED = 100
"""Values of a text that are offered to be called malicious."""
MEANINGS = {
    Tlp.CLEAR: N_("Everyone, the public included."),
    Tlp.GREEN: N_("All members of the partnership."),
    Tlp.AMBER: N_("The group you choose, and its members' clients."),
    Tlp.AMBER_STRICT: N_("The group you choose, without clients."),
    Tlp.RED: N_("Your own organisation and you, nobody else."),
}


def _tlp_of(text: str) -> Tlp:
    return parse_tlp(text) if text else PROPOSED


def _audience(viewer: Viewer, tlp: Tlp, group: str) -> Audience:
    """Make the audience that the form means. RED names who posts it: other people are named by API."""
    named = [group] if group and tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else []
    people = [person(viewer.person)] if tlp is Tlp.RED and viewer.person else []
    return audience_for(tlp, own_org=viewer.org, groups=named, people=people)


def chosen_group(hub: Hub, viewer: Viewer, name: str) -> str:
    """Return the chosen group as the party of its current generation. BadInput where it is none of the viewer's."""
    if not name:
        return ""
    # The page may be old: admissions since moved the generation, and the newest is meant.
    wanted = name.rpartition(".")[0]
    for choice in hub.circles.audience_choices(viewer):
        if choice.party.rpartition(".")[0] == wanted:
            return choice.party
    raise BadInput("you are not in that group", hint="Choose one of the groups listed.", place="group")


def _reach(hub: Hub, viewer: Viewer, tlp: Tlp, group: str, nameless: bool = False) -> View:
    """Say who will see a contribution, by name: each organisation is asked by the same rule that later decides."""
    audience = _audience(viewer, tlp, group)
    names = Names(hub)
    seeing = organisations_that_see(hub, names, audience)
    total = len(names.all())
    if tlp is Tlp.CLEAR:
        summary = N_("Everyone, the public included.")
    elif tlp is Tlp.GREEN and (len(seeing) == total or total > MAX_ASKED):
        summary = N_("All {n} organisations of the partnership:", n=total)
    elif tlp is Tlp.RED:
        summary = N_("You, and your own organisation:")
    else:
        summary = N_("{some} of {all} organisations:", some=len(seeing), all=total)
    uses = joined(uses_in_words(default_uses(tlp)))
    return {
        "summary": summary,
        "parties": [] if tlp is Tlp.CLEAR else seeing,
        "uses": N_("They may use it for: {uses}.", uses=uses),
        "warning": anonymous.warning(hub, audience) if nameless else "",
    }


def _form_page(
    request: Asked, hub: Hub, viewer: Viewer, form: dict[str, str], *, code: int = 200, errors: Any = ()
) -> Page:
    try:
        tlp = _tlp_of(form["tlp"])
        group = chosen_group(hub, viewer, form["group"])
    except BadInput:
        tlp, group = PROPOSED, ""
    return page(
        request,
        "contribute.html",
        here="contribute",
        code=code,
        errors=errors,
        form={**form, "tlp": tlp.value, "group": group},
        tlps=[{"value": each.value, "meaning": meaning} for each, meaning in MEANINGS.items()],
        groups=[{"value": choice.party, "name": choice.name} for choice in hub.circles.audience_choices(viewer)],
        reach=_reach(hub, viewer, tlp, group, bool(form["anonymous"])),
        limits={"size": f"{hub.settings.max_body_mb} MB", "formats": FORMATS},
        promise=anonymous.promise(hub),
    )


@get("/contribute", opt={"permission": "contribute", "query": frozenset({"anonymous"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def ask(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the form."""
    nameless = request.query_params.get("anonymous", "")[:1]
    return _form_page(request, hub, viewer, {"title": "", "text": "", "tlp": "", "group": "", "anonymous": nameless,
                                             "at_once": "", "recipients": ""})  # fmt: skip


@get(
    "/contribute/reach",
    opt={"permission": "contribute", "query": frozenset({"tlp", "group", "anonymous"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def reach(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Answer who will see it, as the form stands."""
    tlp = _tlp_of(request.query_params.get("tlp", ""))
    group = chosen_group(hub, viewer, request.query_params.get("group", ""))
    nameless = bool(request.query_params.get("anonymous", ""))
    return fragment("_reach.html", reach=_reach(hub, viewer, tlp, group, nameless))


async def _body_of(fields: Form) -> tuple[bytes, str]:
    """Return (bytes, file name): of the file where one was chosen, else of the paste."""
    file = fields.get("file")
    if isinstance(file, UploadFile) and file.filename:
        body = await file.read()
        if body:
            return body, file.filename.replace("\\", "/").rpartition("/")[2][-200:]
    pasted = fields.get("text", "")
    return (pasted.replace("\r\n", "\n").encode() if isinstance(pasted, str) else b""), ""


def _entitled(body: bytes, title: str) -> bytes:
    """Put the title above a pasted text, whose first line is its title; other formats have titles of their own."""
    if title and detect("", body) == "text":
        return f"{title}\n\n".encode() + body
    return body


@post("/contribute", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def contribute(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Keep what was pasted or chosen, durably; then lead to its receipt."""
    fields = await form_of(request)
    title = " ".join(text_of(fields, "title", 200).split())
    form = {"title": title, "text": text_of(fields, "text", 1 << 20), "tlp": text_of(fields, "tlp", 40),
            "group": text_of(fields, "group", 200), "anonymous": text_of(fields, "anonymous", 1),
            "at_once": text_of(fields, "at_once", 1), "recipients": text_of(fields, "recipients", 1)}  # fmt: skip
    body, filename = await _body_of(fields)
    if not body.strip():
        # Of a text that only mentioned values: those that its author ticked, as a list.
        form["text"] = "\n".join(await ticked_of(request))
        body = form["text"].encode()

    def work() -> Page:
        field = "text"
        try:
            if not body.strip():
                raise BadInput("paste something, or choose a file")
            field = "tlp"
            tlp = _tlp_of(form["tlp"])
            audience = _audience(viewer, tlp, chosen_group(hub, viewer, form["group"]))
            if not may_post(viewer, audience):
                raise NotAllowed("you may not contribute to these readers")
            field = "file" if filename else "text"
            terms = Terms(
                tlp=tlp,
                groups=tuple(party for party in audience.parties if party.startswith("group:")),
                people=tuple(party for party in audience.parties if party.startswith("person:")),
                filename=filename,
            )
            less = body if form["recipients"] else without_recipients(body)
            given = less if filename else _entitled(less, title)
            if form["anonymous"]:
                now = bool(form["at_once"])
                # A file's name may tell whose it is.
                nameless = Terms(tlp, terms.groups, terms.people, None, "")
                media = "application/octet-stream" if filename else ""
                secret = hub.anonymous.contribute(viewer, given, media, nameless, at_once=now)
                return anonymous.sent_page(request, hub, secret, at_once=now)
            accepted = hub.intake.accept(viewer, given, "application/octet-stream" if filename else "", terms)
        except (BadInput, NotAllowed, UnsupportedMedia, FusionCellError) as fault:
            if fault.status >= 500:
                raise
            wrong = fault_on("group" if fault.place == "group" else field, fault)
            if fault.place.startswith(("line ", "byte ")):
                wrong["text"] = N_("{what} – {place}", what=wrong["text"], place=fault.place)
            return _form_page(request, hub, viewer, form, code=fault.status, errors=[wrong])
        settle(hub, 0.7)
        return see_other(f"/contributions/{quote(accepted.contribution, safe='')}/receipt", said="contributed")

    return await sync_to_thread(work)


def _status_view(hub: Hub, viewer: Viewer, contribution: str) -> View:
    found = hub.intake.status(viewer, contribution)
    address = f"/contributions/{quote(contribution, safe='')}"
    listed = [{"place": place or N_("the whole"), "reason": reason} for place, reason in found.faults[:MAX_FAULTS]]
    return {
        "url": f"{address}/receipt/status",
        "projected": found.projected,
        "items": found.shell.items if found.shell else 0,
        "new": found.new,
        "duplicates": found.duplicates,
        "faults": listed,
        "more_faults": max(0, found.fault_count - len(listed)),
        "href": address,
        "quarantine": N_("Mend these and contribute them again."),
    }


def _mentioned(hub: Hub, viewer: Viewer, contribution: str) -> list[View]:
    """List the values that a text only mentions: its author may call some of them malicious."""
    said = [claim for entry in hub.picture.entries(viewer, contribution) if entry.kind == "text"
            for claim in extract_entry(entry).claims]  # fmt: skip
    accused = {claim.observable for claim in said if claim.stance is not Stance.NONE}
    named = dict.fromkeys(claim.observable for claim in said if guess(claim.observable.value) == claim.observable)
    return [observable_view(one, None) for one in named if one not in accused][:MAX_MENTIONED]


@get(
    "/contributions/{contribution:str}/receipt",
    opt={"permission": "contribute"},
    sync_to_thread=True,
    include_in_schema=False,
)
def receipt(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Show what became of a contribution, to its own organisation."""
    status = _status_view(hub, viewer, contribution)
    found = hub.intake.status(viewer, contribution)
    try:
        item = hub.picture.contribution(viewer, contribution)
        title, audience = contribution_title(item.title, item.kind, item.items), item.audience
    except NotFound:
        title = (found.shell.title if found.shell else "") or N_("your contribution")
        audience = Audience(Tlp.AMBER_STRICT)
    readers = Names(hub).readers(audience)
    readers["summary"] = str(readers["summary"]).rstrip(".:")
    return page(
        request,
        "contribute_result.html",
        here="contribute",
        one={"title": title, "tlp": audience.tlp.value, "at": found.at, "href": status["href"]},
        mentioned=_mentioned(hub, viewer, contribution),
        group=next((party for party in audience.parties if party.startswith("group:")), ""),
        readers=readers,
        status=status,
    )


@get(
    "/contributions/{contribution:str}/receipt/status",
    opt={"permission": "contribute"},
    sync_to_thread=True,
    include_in_schema=False,
)
def receipt_status(contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Answer how far it is, for the page that asks every second until it is there."""
    return fragment("_contribute_status.html", status=_status_view(hub, viewer, contribution))


HANDLERS = (ask, reach, contribute, receipt, receipt_status)
"""Contributing."""
