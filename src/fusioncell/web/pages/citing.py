"""How a product's text is printed: the markdown of talk, with its references put in as one reader may see them."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from markupsafe import Markup

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import grounds_of
from fusioncell.fusion.model import Assessment
from fusioncell.intake import ProductBody, Reference, observables_named, put_in
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable
from fusioncell.picture.products import Resolved
from fusioncell.picture.products.service import key_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.saying import said
from fusioncell.web.pages.views import mark_of, observable_href, printed
from fusioncell.web.words import N_

_MARK = re.compile("\ue010([0-9]+)\ue011")
_OURS = str.maketrans({"\ue010": "\ufffd", "\ue011": "\ufffd"})
HIDDEN = N_("a source that is not shared with you")
GONE = N_("a source that was withdrawn")
MOST_KNOWN = 1000


def known_in(hub: Hub, viewer: Viewer, body: ProductBody) -> dict[Observable, Assessment]:
    """Assess all that a text names, and what it stands on, for a viewer."""
    named = grounds_of(observables_named(body))[:MOST_KNOWN]
    return hub.fusion.match(named, hub.record.visible_to(viewer)) if named else {}


def cited(hub: Hub, viewer: Viewer, body: ProductBody, names: Names) -> Markup:
    """Print a product's text as HTML that is safe to insert, each reference as the viewer may see it."""
    known, resolved = known_in(hub, viewer, body), hub.products.resolve(viewer, body.text)
    chips: list[str] = []

    def mark(one: Reference) -> str:
        chips.append(_chip(resolved.get(key_of(one)), one, names, known))
        return f"\ue010{len(chips) - 1}\ue011"

    text = said(put_in(body.text.translate(_OURS), mark), (), names, known)
    return Markup(_MARK.sub(lambda found: chips[int(found[1])], str(text)))  # noqa: S704 - cleaned by said, chips ours


def _chip(found: Resolved | None, one: Reference, names: Names, known: dict[Observable, Assessment]) -> str:
    if found is None or found.state == "malformed":
        return escape(f"[[{one.kind}:{one.value[:200]}]]")
    if found.state != "seen":
        return f'<span class="tag">{escape(str(GONE if found.state == "withdrawn" else HIDDEN))}</span>'
    if found.observable is not None:
        level, words = mark_of(known.get(found.observable)) if found.observable in known else ("none", "")
        title = f' title="{escape(str(words))}"' if words else ""
        href = escape(observable_href(found.observable))
        return f'<a class="value is-{level}" href="{href}"{title}>{escape(printed(found.observable))}</a>'
    href = f"/contributions/{quote(found.contribution, safe='')}"
    label = found.title or names.organisation(found.org)
    return f'<a href="{escape(href)}">{escape(str(label))}</a>'
