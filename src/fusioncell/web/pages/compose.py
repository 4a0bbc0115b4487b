"""Writing: a post, an answer, a newer version; what it would reach, before it is sent; drafts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.anonymous.model import Held
from fusioncell.exchange.requests.routes import readers_of
from fusioncell.exchange.talk import NewPost
from fusioncell.intake import Attached
from fusioncell.kernel.clock import format_day
from fusioncell.kernel.errors import BadInput, FusionCellError, NotFound
from fusioncell.kernel.marking import CELL, Audience, Tlp, Uses, Viewer, default_uses, parse_tlp, person
from fusioncell.web.pages import anonymous
from fusioncell.web.pages.attachments import Given, given_in, kept_in, kept_views
from fusioncell.web.pages.contribute import MEANINGS
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
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
from fusioncell.web.pages.names import Names, uses_in_words
from fusioncell.web.pages.saying import about_view, mentions_in
from fusioncell.web.pages.talk import summary_of, thread_href
from fusioncell.web.pages.views import View, observable_view
from fusioncell.web.words import N_, joined

USES = (("analysis", N_("Analysis by the Fusion Cell")), ("blocking", N_("Blocking, without naming you")),
        ("products", N_("Alerts and advisories")), ("police", N_("Police use")))  # fmt: skip
MOST_NAMED = 40
MOST_SHOWN = 30
LONGEST = 60_000


def _blank(**given: str) -> View:
    return {"action": "/exchange/new", "heading": N_("Write to the exchange"), "title": "", "text": "", "tlp": "",
            "group": "", "people": "", "about": "", "parent": "", "draft": "", "uses": [], "anonymous": "",
            "at_once": "", "edit": False, "kept": [], "request": "", "deadline": "", "cell": "",
            "answer": "", **given}  # fmt: skip


def _read(fields: Form) -> View:
    """Read the form as it was sent; ``uses`` None where it asks for none."""
    names = ("title", "tlp", "group", "about", "parent", "draft", "anonymous", "at_once", "request", "deadline", "cell",
             "answer")  # fmt: skip
    form = _blank(**{name: text_of(fields, name, 400).strip() for name in names})
    form["text"] = text_of(fields, "text", LONGEST).replace("\r\n", "\n")
    form["people"] = text_of(fields, "people", 4000)
    asks = N_("Ask for information") if form["request"] else form["heading"]
    form["heading"] = N_("Reply") if form["parent"] else asks
    return form


def _people(hub: Hub, viewer: Viewer, text: str) -> tuple[str, ...]:
    found = [person(viewer.person)] if viewer.person else []
    for address in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
        known = hub.members.person_of_email(address)
        if known is None:
            raise BadInput(f"no member has the address {address[:80]!r}", hint="Check it, or leave it out.",
                           place="people")  # fmt: skip
        found.append(person(known.id))
    return tuple(dict.fromkeys(found))


def _new_post(hub: Hub, viewer: Viewer, form: View, uses: list[str] | None) -> NewPost:
    """Make of the form what is to be posted. Raises BadInput with the field as its place."""
    tlp = parse_tlp(form["tlp"]) if form["tlp"] else None
    groups: tuple[str, ...] = ()
    if form["group"] and tlp in (Tlp.AMBER, Tlp.AMBER_STRICT):
        wanted = form["group"].removeprefix("group:").rpartition(".")[0] or form["group"]
        party = hub.circles.party_of(viewer, wanted)
        if party is None:
            raise BadInput("you are not in that group", hint="Choose one of the groups listed.", place="group")
        groups = (party,)
    if form["cell"]:
        _, groups = readers_of(tlp, groups, cell=True)
    people = _people(hub, viewer, form["people"]) if tlp is Tlp.RED else ()
    allowed = None if uses is None else sum({int(Uses[name.upper()]) for name in uses if name.upper() in _USES})
    about = (form["about"],) if form["about"] and not form["parent"] else ()
    return NewPost(
        text=form["text"], title=form["title"] if not form["parent"] else "", tlp=tlp, groups=groups, people=people,
        uses=allowed, about=about, parent=form["parent"], mentions=mentions_in(hub, viewer, form["text"]),
        answer=bool(form["answer"] and form["parent"]),
        question=hub.requests.question(form["deadline"], cell=bool(form["cell"])) if form["request"] else None,
    )  # fmt: skip


_USES = frozenset(Uses.__members__)


async def _uses_of(request: Asked) -> list[str] | None:
    """Return the uses ticked; None where the form does not ask for them."""
    data = await request.form()
    given = [value for value in data.getall("uses", []) if isinstance(value, str)]
    return [value for value in given if value != "none"] if given else None


# -- the preview -------------------------------------------------------------------------------------------------------


def _preview(hub: Hub, viewer: Viewer, form: View, uses: list[str] | None) -> View:
    """Say who would see it, by asking everyone, and what is recognised in it."""
    blank: View = {"summary": "", "parties": [], "more": 0, "others": "", "uses": "", "warning": "", "reason": "",
                   "observables": [], "fault": ""}  # fmt: skip
    group = form["group"].removeprefix("group:").rpartition(".")[0]
    proposed = hub.talk.suggestions(viewer, f"{form['title']}\n{form['text']}", group)
    blank["observables"] = [
        observable_view(one, proposed.assessments.get(one)) for one, _ in proposed.observables[:MOST_NAMED]
    ]
    try:
        # Who would read it is known before a day is chosen.
        new = _new_post(hub, viewer, {**form, "request": form["request"] and form["deadline"]}, uses)
        audience = hub.talk.audience_of(viewer, new if new.text.strip() else msgspec.structs.replace(new, text="-"))
    except FusionCellError as fault:
        return {**blank, "fault": fault_on("", fault)["text"]}
    if proposed.tlp.strictness > audience.tlp.strictness:
        blank["reason"] = N_("Your text says {tlp}: choose that, or a stricter marking.", tlp=proposed.tlp.label)
    return {**blank, **reach_of(hub, viewer, audience, bool(form["anonymous"]))}


def reach_of(hub: Hub, viewer: Viewer, audience: Audience, nameless: bool = False) -> View:
    """Say who would read it, by asking everyone, and what they may do with it."""
    names = Names(hub, viewer)
    readers = hub.reach.readers(audience)
    shown = sorted((names.organisation(each) for each in readers.organisations), key=str.casefold)
    others = sorted((names.organisation(each) for each in readers.others), key=str.casefold)
    few = joined([*others[:8], *(["…"] if len(others) > 8 else [])])
    allowed = joined(uses_in_words(audience.uses) or [N_("nothing but reading")])
    return {
        "summary": summary_of(hub, audience),
        "parties": [] if audience.tlp is Tlp.CLEAR else shown[:MOST_SHOWN],
        "more": max(0, len(shown) - MOST_SHOWN),
        "others": N_("Not: {names}", names=few) if others and audience.tlp is not Tlp.CLEAR else "",
        "uses": N_("They may use it for: {uses}.", uses=allowed),
        "warning": anonymous.warning(hub, audience) if nameless else "",
    }


@post("/exchange/preview", opt={"permission": "contribute", **FORM}, status_code=200, include_in_schema=False)
async def preview(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Answer what the form would reach, as it stands. Keeps nothing."""
    fields = await form_of(request)
    uses = await _uses_of(request)
    found = await sync_to_thread(_preview, hub, viewer, _read(fields), uses)
    return fragment("exchange/_preview.html", preview=found)


# -- the form ----------------------------------------------------------------------------------------------------------


def _form_page(
    request: Asked, hub: Hub, viewer: Viewer, form: View, *, uses: list[str] | None = None, code: int = 200,
    errors: tuple[dict[str, str], ...] = (),
) -> Page:  # fmt: skip
    names = Names(hub, viewer)
    if not form["tlp"] and not form["edit"]:
        _propose(hub, viewer, form)
    audience_uses = default_uses(parse_tlp(form["tlp"])) if form["tlp"] else Uses.ANALYSIS
    named = [value for value, _ in USES if audience_uses & Uses[value.upper()]] if uses is None else uses
    shown = {**form, "uses": named, "about": form["about"]}
    return page(
        request,
        "exchange/compose.html",
        here="exchange",
        code=code,
        errors=errors,
        form=shown,
        about=about_view(form["about"], names)["label"] if form["about"] else "",
        tlps=[{"value": each.value, "meaning": meaning} for each, meaning in MEANINGS.items()],
        groups=[{"value": choice.party, "name": choice.name} for choice in hub.circles.audience_choices(viewer)],
        uses=[{"value": value, "label": label} for value, label in USES],
        preview=_preview(hub, viewer, form, uses) if not form["edit"] else _of_edit(hub, viewer, form),
        promise=None if form["edit"] else anonymous.promise(hub),
        files=not form["edit"],
    )


def _of_edit(hub: Hub, viewer: Viewer, form: View) -> View:
    audience = hub.talk.read_one(viewer, form["edit"]).audience
    base: View = {"reason": N_("The same readers as before."), "observables": [], "fault": ""}
    return {**base, **reach_of(hub, viewer, audience)}


def _propose(hub: Hub, viewer: Viewer, form: View) -> None:
    """Fill in the marking and group that the place and the text propose."""
    if form["parent"]:
        try:
            audience = hub.talk.audience_of(viewer, NewPost(text="-", parent=form["parent"]))
        except FusionCellError:
            return
        form["tlp"] = audience.tlp.value
        form["group"] = next((party for party in audience.parties if party.startswith("group:")), "")
        return
    group = form["group"].removeprefix("group:").rpartition(".")[0] or form["group"]
    proposed = hub.talk.suggestions(viewer, f"{form['title']}\n{form['text']}", group)
    form["tlp"] = proposed.tlp.value
    form["group"] = next(iter(proposed.groups), form["group"])


@get(
    "/exchange/new",
    opt={"permission": "contribute", "query": frozenset({"about", "group", "parent", "draft", "request"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def ask(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    about: Annotated[str, Parameter(max_length=400)] = "",
    group: Annotated[str, Parameter(max_length=64)] = "",
    parent: Annotated[str, Parameter(max_length=64)] = "",
    draft: Annotated[str, Parameter(max_length=64)] = "",
    asks: Annotated[str, Parameter(query="request", max_length=1)] = "",
) -> Page:
    """Show the form, empty or as a draft left it; ``request``: one that asks for information."""
    form = _blank(about=about, parent=parent, heading=N_("Reply") if parent else N_("Write to the exchange"))
    if asks and not parent:
        form |= {"request": "1", "heading": N_("Ask for information")}
    if group:
        party = hub.circles.party_of(viewer, group)
        if party is None:
            raise NotFound("there is no such group of yours", hint="Look at the groups that you are in.")
        form["group"] = party
    if draft:
        known = next((one for one in hub.talk.drafts(viewer) if one.id == draft), None)
        if known is None:
            raise NotFound("there is no such draft", hint="It may have been sent, or dropped.")
        kept = known.post
        if kept.question:
            form |= {"request": "1", "deadline": format_day(kept.question.deadline),
                     "heading": N_("Ask for information"), "cell": "1" if kept.question.cell else ""}  # fmt: skip
        form |= {"title": kept.title, "text": kept.text, "tlp": kept.tlp.value if kept.tlp else "", "draft": draft,
                 "group": next(iter(kept.groups), ""), "about": next(iter(kept.about), ""), "parent": kept.parent}
    return _form_page(request, hub, viewer, form)


@post("/exchange/new", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def send(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Post it, keep it as a draft, or show the whole form."""
    fields = await form_of(request)
    form, uses = _read(fields), await _uses_of(request)
    sent, kept = await given_in(request), await kept_in(request)
    choose, keep = bool(text_of(fields, "choose", 1)), bool(text_of(fields, "keep", 1))

    def work() -> Page:
        if choose:
            return _form_page(request, hub, viewer, form, uses=uses)
        try:
            if not form["text"].strip():
                raise BadInput("there is no text", hint="Write something.", place="text")
            new = _new_post(hub, viewer, form, uses)
            if not keep:
                hub.talk.audience_of(viewer, new)  # before any file is taken
                new = msgspec.structs.replace(new, files=_files_of(hub, viewer, sent, kept, bool(form["anonymous"])))
            if keep:
                if form["anonymous"]:
                    raise BadInput("what goes without your name is kept as no draft", place="text",
                                   hint="A draft is yours, by name. Copy your text instead.")  # fmt: skip
                hub.talk.save_draft(viewer, new, form["draft"])
                return see_other("/exchange", said="draft-kept")
            if form["anonymous"]:
                return _send_nameless(request, hub, viewer, new, at_once=bool(form["at_once"]))
            posted = hub.talk.post(viewer, new)
        except FusionCellError as fault:
            if fault.status >= 500:
                raise
            where = fault.place if fault.place in ("people", "group", "tlp", "title", "file", "deadline") else "text"
            form["kept"] = kept_views(hub, viewer, kept)
            return _form_page(request, hub, viewer, form, uses=uses, code=fault.status,
                              errors=(fault_on(where, fault),))  # fmt: skip
        if form["draft"]:
            hub.talk.drop_draft(viewer, form["draft"])
        settle(hub)
        return see_other(thread_href(posted.thread, posted.id), said="posted")

    return await sync_to_thread(work)


def _files_of(hub: Hub, viewer: Viewer, sent: Given, kept: list[str], nameless: bool) -> tuple[Attached, ...]:
    """Keep the files of a form; of one that goes unnamed under names that tell of nobody. ``kept`` grows by them."""
    if nameless and kept:
        kept.clear()
        raise BadInput("these files were sent under your name", hint="Choose them once more.", place="file")
    if nameless:
        return tuple(hub.files.keep(viewer, name, data, nameless=at) for at, (name, data) in enumerate(sent, 1))
    for name, data in sent:
        kept.append(hub.files.keep(viewer, name, data).digest)
    return hub.files.attached(viewer, kept)


def _send_nameless(request: Asked, hub: Hub, viewer: Viewer, new: NewPost, *, at_once: bool) -> Page:
    """Hold the post, sealed. What it would reach is checked under its author's name, which goes no further."""
    audience = hub.talk.audience_of(viewer, new)
    own = f"org:{viewer.org}"
    parties = tuple(sorted(party for party in audience.parties if party != own and party.startswith(("group:", CELL))))
    people = tuple(each for each in new.people if each != person(viewer.person or ""))
    nameless = msgspec.structs.replace(new, tlp=audience.tlp, groups=parties if audience.tlp is not Tlp.RED else (),
                                       people=people)  # fmt: skip
    if audience.tlp not in (Tlp.CLEAR, Tlp.GREEN) and not (parties or people):
        raise BadInput(f"without your name, {audience.tlp.label} would reach nobody", place="group",
                       hint="Choose a group, or TLP:GREEN.")  # fmt: skip
    held = Held("post", msgspec.json.encode(nameless), "", audience.tlp.value, parties, people, new.uses)
    return anonymous.sent_page(request, hub, hub.anonymous.hold(viewer, held, at_once=at_once), at_once=at_once)


# -- a newer version ---------------------------------------------------------------------------------------------------


def _edit_form(which: str, title: str, text: str) -> View:
    address = f"/exchange/posts/{quote(which, safe='')}/edit"
    return _blank(title=title, text=text, action=address, heading=N_("Edit your post")) | {"edit": which}


@get("/exchange/posts/{which:str}/edit", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def ask_edit(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show a post in the form."""
    members_only(viewer)
    found = hub.talk.read_one(viewer, which)
    if not found.own:
        raise NotFound("no such post of your organisation")
    return _form_page(request, hub, viewer, _edit_form(which, found.title, found.text))


@post("/exchange/posts/{which:str}/edit", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def edit(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Put a newer version in a post's place."""
    fields = await form_of(request)
    form = _edit_form(which, text_of(fields, "title", 400).strip(), text_of(fields, "text", LONGEST))

    def work() -> Page:
        try:
            mentions = mentions_in(hub, viewer, form["text"])
            posted = hub.talk.edit(viewer, which, form["text"].replace("\r\n", "\n"), form["title"], mentions)
        except FusionCellError as fault:
            if fault.status >= 500 or isinstance(fault, NotFound):
                raise
            return _form_page(request, hub, viewer, form, code=fault.status, errors=(fault_on("text", fault),))
        settle(hub)
        return see_other(thread_href(posted.thread, posted.id), said="edited")

    return await sync_to_thread(work)


HANDLERS = (preview, ask, send, ask_edit, edit)
"""Writing."""
