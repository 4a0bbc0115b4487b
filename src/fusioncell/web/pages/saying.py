"""How what people say is printed: markdown made safe, mentions by name, indicators defanged; anchors in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from html import escape
from urllib.parse import quote

from markupsafe import Markup

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import Post, anchor_of, grounds_of, to_html
from fusioncell.fusion import verdict
from fusioncell.fusion.model import Assessment
from fusioncell.intake import excerpt
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer, org, person
from fusioncell.kernel.observable import Observable
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, mark_of, observable_href, printed
from fusioncell.web.words import N_

MOST_MENTIONS = 20
LONGEST_NAME = 5
"""Words of a name that can be called."""
_CALL = re.compile(r"(?<!\w)@(\w[^\n@]{0,120})")


def known_on(hub: Hub, posts: Iterable[Post], audiences: frozenset[int]) -> dict[Observable, Assessment]:
    """Assess all that posts name, and what it stands on, for these audiences: a link to it may then be followed."""
    return hub.fusion.match(grounds_of(one for post in posts for one in post.observables)[:1000], audiences)


def said(text: str, mentions: Collection[str], names: Names, known: dict[Observable, Assessment]) -> Markup:
    """Print a post's markdown as HTML that is safe to insert; each observable with its verdict."""

    def chip(one: Observable) -> str:
        level, words = mark_of(known.get(one)) if one in known else ("none", "")
        title = f' title="{escape(words)}"' if words else ""
        return f'<a class="value is-{level}" href="{escape(observable_href(one))}"{title}>{escape(printed(one))}</a>'

    called = {names.party(party): _page_of(party) for party in mentions}
    verdicts = {one: verdict(found) for one, found in known.items()}
    return Markup(to_html(text, verdicts=verdicts, names=called, chip=chip))  # noqa: S704 - cleaned by to_html


def _page_of(party: str) -> str:
    kind, _, identifier = party.partition(":")
    return f"/directory/{quote(identifier, safe='')}" if kind == "org" else ""


def excerpt_of(text: str, longest: int = 120) -> str:
    """Return the beginning of a text on one line."""
    return excerpt(text, longest)


def about_view(text: str, names: Names) -> View:
    """Say what a thread is about: a label, and where it leads."""
    try:
        anchor = anchor_of(text)
    except BadInput:
        return {"label": text[:80], "href": None}
    if anchor.observable is not None:
        return {"label": printed(anchor.observable), "href": observable_href(anchor.observable)}
    if anchor.kind == "contribution":
        return {"label": N_("a contribution"), "href": f"/contributions/{quote(anchor.value, safe='')}"}
    if anchor.kind == "group":
        return {"label": names.party(f"group:{anchor.value}.1"), "href": f"/groups/{quote(anchor.value, safe='')}"}
    return {"label": anchor.value, "href": None}


def mentions_in(hub: Hub, viewer: Viewer, text: str) -> tuple[str, ...]:
    """Return the parties that a text calls by ``@Name``: organisations, and people whom the directory shows.

    Who is not found stays plain text: nothing tells whether such a person exists.
    """
    if not viewer.member:
        return ()
    calls = [call.split()[:LONGEST_NAME] for call in dict.fromkeys(_CALL.findall(text))][:MOST_MENTIONS]
    named = [[" ".join(words[:count]).rstrip(".,;:!?)") for count in range(len(words), 0, -1)] for words in calls]
    people = hub.directory.called(viewer, (name for names in named for name in names))
    found = (next(filter(None, (_party_named(hub, name, people) for name in names)), "") for names in named)
    return tuple(dict.fromkeys(filter(None, found)))


def _party_named(hub: Hub, name: str, people: dict[str, str]) -> str:
    known = hub.members.organisation_named(name)
    if known is not None:
        return org(known.id)
    return person(people[name.casefold()]) if name.casefold() in people else ""
