"""Requests for information: the board, the panel on a thread, and what the asker says of the answers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.requests import Asked, State, share_left
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import FORM, Page, form_of, page, see_other, settle, text_of
from fusioncell.web.pages.frame import Asked as Request
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_, joined

WORDS = {State.OPEN: N_("Open"), State.OVERDUE: N_("Overdue"), State.ANSWERED: N_("Answered"),
         State.ACCEPTED: N_("Accepted"), State.WITHDRAWN: N_("No longer needed")}  # fmt: skip
LEVELS = {State.OPEN: "suspicious", State.OVERDUE: "malicious", State.ANSWERED: "benign", State.ACCEPTED: "benign",
          State.WITHDRAWN: "none"}  # fmt: skip
"""Colour and shape of a state's mark; the word says it too."""
ACTS = ("accept", "missing", "withdraw")


def request_view(one: Asked, names: Names, now: Instant) -> View:
    """Make the REQUEST view model."""
    waits = one.state in (State.OPEN, State.OVERDUE)
    groups = sorted(names.party(party) for party in one.audience.parties if party.startswith("group:"))
    asked = [*([N_("The Fusion Cell")] if one.cell else []), *groups]
    return {
        "id": one.id,
        "href": f"/exchange/{quote(one.id, safe='')}",
        "title": one.title,
        "org": names.organisation(one.org),
        "asked": joined(asked) if asked else (N_("all members") if not one.audience.parties else N_("those named")),
        "tlp": one.audience.tlp.value,
        "at": one.at,
        "deadline": one.deadline,
        "left": share_left(one.at, one.deadline, now) if waits else None,
        "state": one.state.value,
        "level": LEVELS[one.state],
        "words": WORDS[one.state],
        "answers": one.answers,
        "said": one.said,
        "said_at": one.said_at,
    }


def request_on(hub: Hub, viewer: Viewer, thread: str, names: Names) -> tuple[View, set[str]] | None:
    """Return the request that a thread is, with the posts that answer it; None where it is none."""
    found = hub.requests.of_thread(viewer, thread)
    if found is None:
        return None
    one, answering = found
    mine = viewer.org == one.org and viewer.may("contribute")
    mine = mine and (viewer.person == one.author or not one.author or viewer.may("edit"))
    done = one.state is State.WITHDRAWN
    view = request_view(one, names, hub.clock.now())
    acts = {
        "accept": mine and one.state is State.ANSWERED,
        "missing": mine and one.state in (State.ANSWERED, State.ACCEPTED),
        "withdraw": mine and one.state not in (State.WITHDRAWN, State.ACCEPTED),
    }
    return {**view, "accepted": one.accepted, "acts": acts if mine and not done else None, "mine": mine}, answering


@get(
    "/exchange/requests",
    opt={"permission": "read", "query": frozenset({"show", "group", "after"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def board(
    request: Request,
    hub: Hub,
    viewer: Viewer,
    show: Annotated[str, Parameter(max_length=20)] = "open",
    group: Annotated[str, Parameter(max_length=64)] = "",
    after: Annotated[str, Parameter(max_length=64)] = "",
) -> Page:
    """Show the requests that one sees, by state, the one that is due first, first."""
    names = Names(hub, viewer)
    state = State(show) if show in set(State) else State.OPEN
    cell = group == "cell"
    found = hub.requests.board(viewer, state, group="" if cell else group, cell=cell, limit=30, after=after)

    def address(of: State, **more: str) -> str:
        asked = {"show": of.value, **({"group": group} if group else {}), **more}
        return f"/exchange/requests?{urlencode(asked)}"

    now = hub.clock.now()
    return page(
        request,
        "exchange/requests.html",
        here="exchange",
        tabs=[{"href": address(each), "label": WORDS[each], "count": found.counts[each], "here": each is state}
              for each in State],
        groups=[{"id": each.party.removeprefix("group:").rpartition(".")[0], "name": each.name}
                for each in hub.circles.audience_choices(viewer)],
        group=group,
        state=state.value,
        requests=[request_view(one, names, now) for one in found.requests],
        next=address(state, after=found.next) if found.next else None,
        may_ask=viewer.may("contribute") and not viewer.guest,
    )  # fmt: skip


@post("/exchange/requests/{which:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def say(request: Request, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Accept an answer, say what is missing, or that none is needed any more."""
    fields = await form_of(request)
    act, answer, said = (text_of(fields, name, size) for name, size in (("act", 10), ("answer", 64), ("said", 1000)))

    def work() -> Page:
        if act not in ACTS:
            raise BadInput("nothing was chosen", hint="Go back and press one of the buttons.")
        if act == "accept":
            hub.requests.accept(viewer, which, answer, said)
        elif act == "missing":
            hub.requests.say_missing(viewer, which, said)
        else:
            hub.requests.withdraw(viewer, which, said)
        settle(hub)
        return see_other(f"/exchange/{quote(which, safe='')}", said="done")

    return await sync_to_thread(work)


HANDLERS = (board, say)
"""Requests for information."""
