"""A post's markdown, shown: safe HTML, in which every observable is defanged and leads to its own page. Pure.

1. No HTML of the author's, no images, no automatic and no reference links (``[.]`` in a defanged name is no link). Of
   links only http, https and mailto are kept, with ``rel="noopener noreferrer nofollow ugc"``.
2. A link can be followed only if nothing speaks against where it leads: neither a verdict on its URL, its host or a
   name above it, nor the text itself, by defanging one of those; and if its words name no other place. Else its words
   stand there, and beside them the observable.
3. An observable leads to ``/observables/…``, never to itself. How it looks is the page's: ``chip(observable)`` makes
   its HTML, verdict and all.
4. What comes out passes a strict list of elements (nh3) before the chips, which are ours, are put into their places.
5. ``@Name`` is a mention where ``names`` knows the name. Headings begin at the third level: the page has the first two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fusioncell.exchange.talk.anchor import grounds_of
from fusioncell.exchange.talk.model import MAX_TEXT
from fusioncell.intake import find_observables
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, defang

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

Chip = Callable[[Observable], str]
REL = "noopener noreferrer nofollow ugc"
HARMLESS = frozenset({"unknown", "mentioned", "unlikely malicious"})
"""Verdicts (``fusion.verdict``) on which a link may be followed."""
_TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span", "h3", "h4", "h5",
    "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "rel", "class"}, "span": {"class"}, "ol": {"start"}}
_SCHEME = re.compile(r"(https?|mailto):", re.IGNORECASE)
_MARK = re.compile("\ue000([0-9]+)\ue001")
_OURS = str.maketrans({"\ue000": "\ufffd", "\ue001": "\ufffd", "\0": "\ufffd"})


def plain_chip(observable: Observable) -> str:
    """Return an observable as a link to its page, without its verdict."""
    href = f"/observables/{observable.type.value}/{quote(observable.value, safe='')}"
    return f'<a class="observable" href="{href}">{escape(defang(observable.value))}</a>'


def to_html(
    text: str, *, verdicts: Mapping[Observable, str] | None = None, names: Mapping[str, str] | None = None,
    chip: Chip = plain_chip,
) -> str:  # fmt: skip
    """Show a text.

    ``verdicts``: of the observables in it and of what they stand on (``anchor.grounds_of``). ``names``: who is
    mentioned → address of their page, "" for none.
    """
    import nh3

    markdown = _markdown()
    text = text[:MAX_TEXT].translate(_OURS)
    speaks = {one for one, verdict in (verdicts or {}).items() if verdict not in HARMLESS}
    speaks |= {found.observable for found in find_observables(text) if found.defanged}
    page = _Page(speaks, names or {})
    tokens = markdown.parse(text, {})
    for token in tokens:
        _shape(token)
        if token.children:
            token.children = page.linked(token.children)
    raw = markdown.renderer.render(tokens, markdown.options, {"page": page})
    clean = nh3.clean(raw, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None)
    return _MARK.sub(lambda found: chip(page.chips[int(found[1])]), clean)


class _Page:
    """What is put into one text: its chips, in the order of their marks."""

    def __init__(self, speaks: set[Observable], names: Mapping[str, str]) -> None:
        self.chips: list[Observable] = []
        self._speaks = speaks
        self._names = names
        listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
        self._mention = re.compile(rf"(?<!\w)@({listed})(?!\w)") if listed else None

    def mark(self, observable: Observable) -> str:
        """Return the mark that an observable will stand in the place of."""
        self.chips.append(observable)
        return f"\ue000{len(self.chips) - 1}\ue001"

    def words(self, text: str, *, mentions: bool = True) -> str:
        """Return the HTML of some words: observables as marks, mentions as links, all else escaped."""
        made, place = [], 0
        for found in find_observables(text):
            made += [self._said(text[place : found.start], mentions), self.mark(found.observable)]
            place = found.end
        return "".join([*made, self._said(text[place:], mentions)])

    def _said(self, text: str, mentions: bool) -> str:
        if self._mention is None or not mentions:
            return escape(text)
        made, place = [], 0
        for found in self._mention.finditer(text):
            href, shown = self._names[found[1]], escape(found[0])
            made.append(escape(text[place : found.start()]))
            made.append(f'<a class="mention" href="{escape(href)}">{shown}</a>' if href.startswith("/")
                        else f'<span class="mention">{shown}</span>')  # fmt: skip
            place = found.end()
        return "".join([*made, escape(text[place:])])

    def linked(self, children: Sequence[Token]) -> list[Token]:
        """Return the tokens of a line, each link either fit to be followed or taken apart (rule 2)."""
        made = list(children)
        for start, end in _links(made):
            target = _target(str(made[start].attrGet("href") or ""))
            inside = made[start + 1 : end]
            if target is not None and self._may_follow(target, "".join(token.content for token in inside)):
                made[start].attrs = {"href": str(made[start].attrs["href"]), "rel": REL}
                for token in inside:
                    token.type = {"text": "followed", "code_inline": "followed_code"}.get(token.type, token.type)
                continue
            made[start].type = made[end].type = "beside"
            made[end].meta = {"observable": target}
        return made

    def _may_follow(self, target: Observable, words: str) -> bool:
        grounds = set(grounds_of([target]))
        return grounds.isdisjoint(self._speaks) and {found.observable for found in find_observables(words)} <= grounds


def _links(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    start = None
    for place, token in enumerate(tokens):
        if token.type == "link_open":
            start = place
        elif token.type == "link_close" and start is not None:
            yield start, place
            start = None


def _target(href: str) -> Observable | None:
    try:
        if href.lower().startswith("mailto:"):
            return canonical(ObservableType.EMAIL, href[7:].partition("?")[0])
        return canonical(ObservableType.URL, href)
    except BadValue:
        return None


def _shape(token: Token) -> None:
    """Let no attribute of markdown's through but where a list starts; lower the headings."""
    if token.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
        token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    token.attrs = {"start": token.attrs["start"]} if token.tag == "ol" and "start" in token.attrs else {}
    token.info = ""


def _rule(shown: Callable[[_Page, Token], str]) -> Callable[..., str]:
    def rule(self: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        return shown(env["page"], tokens[place])

    return rule


def _beside(page: _Page, token: Token) -> str:
    target: Observable | None = token.meta.get("observable")
    return f" ({page.mark(target)})" if target is not None else ""


def _is_kept(url: str) -> bool:
    return _SCHEME.match(url) is not None


@cache
def _markdown() -> MarkdownIt:
    # Imported here, like nh3: commands that show no post start without them.
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
    made.enable(["table", "strikethrough"])
    made.disable(["image", "autolink", "reference", "html_inline", "html_block"])
    made.validateLink = _is_kept  # type: ignore[method-assign]
    made.add_render_rule("text", _rule(lambda page, token: page.words(token.content)))
    made.add_render_rule("followed", _rule(lambda page, token: escape(token.content)))
    made.add_render_rule("followed_code", _rule(lambda page, token: f"<code>{escape(token.content)}</code>"))
    made.add_render_rule("beside", _rule(_beside))
    code = _rule(lambda page, token: f"<code>{page.words(token.content, mentions=False)}</code>")
    made.add_render_rule("code_inline", code)
    block = _rule(lambda page, token: f"<pre><code>{page.words(token.content, mentions=False)}</code></pre>\n")
    made.add_render_rule("fence", block)
    made.add_render_rule("code_block", block)
    return made
