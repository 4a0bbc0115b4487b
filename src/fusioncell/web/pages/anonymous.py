"""Anonymous contribution for people: what became of it, by its secret; and who could reveal an author.

The secret comes in forms alone: it stands in no address, so in no history and no log.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.exchange.anonymous.model import FEW, LONGEST_WAIT
from fusioncell.kernel.clock import MINUTE
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Audience, Viewer
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
from fusioncell.web.pages.names import Names, organisations_that_see
from fusioncell.web.pages.talk import thread_href
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_


def promise(hub: Hub) -> View:
    """Say what anonymity is worth here: who could end it, and how long a submission waits."""
    names = Names(hub)
    keepers = {each.person for each in hub.sealing.keepers()}
    told = {True: [], False: []}  # type: dict[bool, list[object]]
    for each in hub.sealing.officers():
        told[each.person in keepers].append(
            N_("{name} ({org})", name=names.person(each.person), org=names.organisation(each.org)))
    return {"ready": hub.anonymous.ready(), "officers": told[True], "coming": told[False],
            "minutes": LONGEST_WAIT // MINUTE}


def warning(hub: Hub, audience: Audience) -> str:
    """Warn where so few organisations could be the author that being unnamed hides nobody; "" where it is fine."""
    could = len(organisations_that_see(hub, Names(hub), audience))
    if could >= FEW:
        return ""
    return N_("Only {n} organisations could have sent this: they may guess that it was you.", n=could)


def sent_page(request: Asked, hub: Hub, secret: str, *, at_once: bool) -> Page:
    """Show an author the secret, this once."""
    return page(request, "anonymous/sent.html", here="contribute", secret=secret, at_once=at_once, promise=promise(hub))


@get("/anonymous", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def ask(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Ask for the secret."""
    members_only(viewer)
    return page(request, "anonymous/index.html", here="contribute", secret="", promise=promise(hub),
                revealed=_revealed(hub, viewer))  # fmt: skip


def _revealed(hub: Hub, viewer: Viewer) -> list[View]:
    cases = hub.sealing.reveals_of(viewer.person) if viewer.person else []
    names = Names(hub)
    return [_case(names, each.first, each.second, each.state, each.reason, each.basis, each.opened) for each in cases]


def _case(names: Names, first: str, second: str, state: str, reason: str, basis: str, at: int) -> View:
    return {"state": state, "reason": reason, "basis": basis, "at": at,
            "officers": [names.person(each) for each in (first, second) if each]}  # fmt: skip


@post("/anonymous", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def mine(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show its author what became of it, or withdraw it."""
    fields = await form_of(request)
    secret = text_of(fields, "secret", 100).strip()

    def work() -> Page:
        try:
            found = hub.anonymous.mine(secret)
            if text_of(fields, "act") == "withdraw":
                hub.anonymous.withdraw(secret, text_of(fields, "reason", 500))
                settle(hub)
                return see_other("/anonymous", said="recalled")
            if text_of(fields, "act") == "edit":
                text = text_of(fields, "text", 60_000).replace("\r\n", "\n")
                hub.anonymous.edit(secret, viewer, text_of(fields, "post", 64), text, text_of(fields, "title", 400))
                settle(hub)
        except FusionCellError as fault:
            return page(request, "anonymous/index.html", here="contribute", code=fault.status, secret=secret,
                        errors=[fault_on("secret", fault)], promise=promise(hub),
                        revealed=_revealed(hub, viewer))  # fmt: skip
        names = Names(hub)
        href = f"/contributions/{quote(found.contribution, safe='')}" if found.contribution else None
        entries = hub.intake.entries_of(hub.record.visible_to(viewer), found.contribution) if href else []
        spoken = _post_of(hub, viewer, found.contribution) if href else None
        gone = bool(href) and not entries and spoken is None
        one = {
            "state": "waiting" if found.waiting else "refused" if found.fault else "withdrawn" if gone else "published",
            "href": None if gone else href,
            "post": spoken,
            "fault": found.fault,
            "cases": [
                _case(names, each.first, each.second, each.state, each.reason, each.basis, each.opened)
                for each in found.cases
            ],
        }
        return page(request, "anonymous/mine.html", here="contribute", secret=secret, one=one, promise=promise(hub))

    return await sync_to_thread(work)


def _post_of(hub: Hub, viewer: Viewer, contribution: str) -> View | None:
    """Return the post that a contribution began, in its newest version; None where it is none, or withdrawn."""
    commit = hub.record.commit_of(contribution)
    if commit is None:
        return None
    entries = hub.record.read_range(commit.first_seq, commit.last_seq, hub.record.visible_to(viewer))
    begun = next((each.payload.subject for each in entries if each.kind == "post" and each.payload is not None), "")
    try:
        one = hub.talk.read_one(viewer, begun) if begun else None
    except NotFound:
        return None
    if one is None:
        return None
    return {"id": one.id, "title": one.title, "text": one.text, "href": thread_href(one.thread, one.id)}


HANDLERS = (ask, mine)
"""Anonymous contribution."""
