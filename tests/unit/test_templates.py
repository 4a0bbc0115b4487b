"""Every template renders every sample, and what it prints keeps the rules: no inline code, labels, one h1, escaping."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, parse_instant
from fusioncell.web.render import STATIC, TEMPLATES, defang, live_event, render, static
from fusioncell.web.words import N_, ago, percent, when
from samples import FRAGMENTS, PAGES
from samples.pages import HOME, NOW, shell

VOID = {"meta", "link", "input", "br", "img", "hr", "source", "wbr"}
EVERYTHING = {**PAGES, **FRAGMENTS}


class Outline(HTMLParser):
    """Reads a page strictly: every tag closed in order; keeps the elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.label_text: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) != len(attrs):
            self.faults.append(f"<{tag}> repeats an attribute")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes nothing that is open")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of one name."""
        return [attributes for name, attributes in self.elements if name == tag]


def read(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    outline.close()
    return outline


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_sample_is_whole_and_holds_no_inline_code(name: str) -> None:
    template, context = EVERYTHING[name]
    html = render(template, **context)
    outline = read(html)
    assert outline.faults == [] and outline.open == []
    assert not outline.named("style")
    for attributes in outline.named("script"):
        assert (attributes.get("src") or "").startswith("/static/")
    for tag, attributes in outline.elements:
        for attribute in attributes:
            assert attribute != "style" and not attribute.startswith(("on", "hx-on")), f"<{tag} {attribute}>"
    identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in outline.elements:
        for reference in ("aria-labelledby", "aria-describedby"):
            for target in (attributes.get(reference) or "").split():
                assert target in identifiers, f"{reference} names {target}, which is not there"
    print(f"{name}: {len(html)} bytes, {len(gzip.compress(html.encode(), mtime=0))} gzipped")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_language_one_heading_a_title_and_labels(name: str) -> None:
    template, context = PAGES[name]
    outline = read(render(template, **context))
    assert outline.named("html")[0]["lang"] == PAGES[name][1]["shell"]["language"]
    assert len(outline.named("h1")) == 1 and len(outline.named("main")) == 1 and len(outline.named("title")) == 1
    labelled = {attributes.get("for") for attributes in outline.named("label")}
    for tag in ("input", "select", "textarea"):
        for attributes in outline.named(tag):
            if attributes.get("type") != "hidden":
                assert attributes.get("id") in labelled, f"<{tag} name={attributes.get('name')}> has no label"


@pytest.mark.parametrize("name", PAGES)
def test_every_post_form_carries_the_token(name: str) -> None:
    template, context = PAGES[name]
    html = render(template, **context)
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
        if 'method="post"' in form:
            assert 'name="csrf" value="c5rf-token"' in form
        else:
            assert 'method="get"' in form or 'method="dialog"' in form


def test_every_template_has_a_sample_and_an_empty_state() -> None:
    rendered = {template for template, _ in EVERYTHING.values()}
    every = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    # The frame, in two languages, and the macros: every page renders them.
    assert every - rendered == {"layout.html", "foreign.html", "components.html", "_palette.html"}
    listing = {"picture/home.html", "picture/search.html", "shield/index.html", "ops.html", "account.html"}
    assert listing <= {template for name, (template, _) in PAGES.items() if name.endswith("-empty")}


def test_no_template_switches_escaping_off_and_each_states_its_context() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text, path
        assert text.startswith("{#-"), path


def test_what_parties_wrote_is_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    item = {**HOME["live"]["items"][0], "title": hostile, "org": hostile}
    html = render("picture/home.html", shell=shell(query=hostile), **{**HOME, "live": {"url": None, "items": [item]}})
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") == 3


def test_a_missing_name_is_an_error_and_not_an_empty_page() -> None:
    with pytest.raises(UndefinedError):
        render("error.html", shell=shell())


@pytest.mark.parametrize(
    ("value", "kind", "printed"),
    [
        ("evil.example", "domain-name", "evil[.]example"),
        ("http://evil.example/a.b?c=d.e", "url", "hxxp[:]//evil[.]example/a.b?c=d.e"),
        ("192.0.2.0/24", "cidr", "192[.]0[.]2[.]0/24"),
        ("192.0.2.1", "ipv4-addr", "192[.]0[.]2[.]1"),
        ("a.b@evil.example", "email-addr", "a[.]b[@]evil[.]example"),
        ("Re: invoice no. 7", "email-subject", "Re: invoice no. 7"),
        ("setup.exe", "filename", "setup.exe"),
        ("CVE-2026-10001", "vulnerability", "CVE-2026-10001"),
        ("evil.example", "", "evil[.]example"),
        ("a sentence. And more.", "", "a sentence. And more."),
        ("", "", ""),
    ],
)
def test_values_are_printed_so_that_nothing_follows_them(value: str, kind: str, printed: str) -> None:
    assert defang(value, kind) == printed


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0, "just now"),
        (45_000_000, "under a min ago"),
        (MINUTE, "1 min ago"),
        (59 * MINUTE, "59 min ago"),
        (HOUR, "1 hour ago"),
        (47 * HOUR, "1 day ago"),
        (40 * DAY, "1 month ago"),
        (800 * DAY, "2 years ago"),
        (-6 * DAY, "in 6 days"),
        (-30_000_000, "in under a min"),
    ],
)
def test_times_are_told_from_the_instant_that_is_handed_in(distance: int, words: str) -> None:
    assert ago(NOW - distance, NOW) == words


def test_figures_are_printed_without_false_certainty() -> None:
    assert [percent(p) for p in (None, 0.0, 0.004, 0.5, 0.973, 0.996, 1.0)] == [
        "not known",
        "0\u202f%",
        "<1\u202f%",
        "50\u202f%",
        "97\u202f%",
        ">99\u202f%",
        "100\u202f%",
    ]
    assert when(parse_instant("2026-03-05T04:05:06Z")) == "5 Mar 2026, 04:05 UTC"
    assert [N_("{count} origin", "{count} origins", n) for n in (1, 1200, 0)] == [
        "1 origin",
        "1,200 origins",
        "0 origins",
    ]


def test_a_live_fragment_is_one_event() -> None:
    frame = live_event("<li>\na\n</li>\n", cursor="c1").decode()
    assert frame == "event: new\nid: c1\ndata: <li>\ndata: a\ndata: </li>\n\n"


def test_static_addresses_change_with_the_content() -> None:
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", static("app.css"))
    assert static("not-built.js") == "/static/not-built.js"


def test_colours_stand_in_the_tokens_alone() -> None:
    sheet = (STATIC / "app.css").read_text(encoding="utf-8")
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert set(re.findall(r"(?<=[:\s])#[0-9a-fA-F]{3,8}\b", sheet)) == set()
    used = set(re.findall(r"var\((--[a-z0-9-]+)", sheet))
    known = set(re.findall(r"^\s*(--[a-z0-9-]+):", (STATIC / "tokens.css").read_text(encoding="utf-8"), re.MULTILINE))
    assert used <= known


def test_the_first_page_weighs_little() -> None:
    template, context = PAGES["home"]
    html = render(template, **context)
    weights = {"page": len(gzip.compress(html.encode(), mtime=0))}
    for path in re.findall(r'"/static/([^"?]+)', html):
        if not (STATIC / path).is_file():
            pytest.skip("the front-end packages are not built: python frontend/build.py")
        weights[path] = len(gzip.compress((STATIC / path).read_bytes(), mtime=0))
    print(weights, sum(weights.values()))
    assert sum(weights.values()) < 50_000  # bytes gzipped, styles and scripts included


@pytest.mark.parametrize("name", ["thread", "contribution", "decision", "group", "notifications"])
def test_every_object_says_why_one_sees_it(name: str) -> None:
    template, context = PAGES[name]
    html = render(template, **context)
    assert re.search(r'<details class="why"><summary>.*?Why can I see this\?.*?</summary><p>[A-Z][^<]{10,}</p>', html)
