"""All that pages say stands in the catalogues, and the public pages stand in Welsh in full.

The accident behind it: a page half in English says to a Welsh screen reader, in Welsh sounds, what is English (WCAG
2.2, 3.1.1 and 3.1.2), and nobody who writes pages in English notices.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from fusioncell.web.render import IN_FULL, LANGUAGES, TEMPLATES, TRANSLATIONS, environment, render, translations
from fusioncell.web.words import N_, NUMBERS, Words
from samples import PAGES
from samples.pages import shell

pytest.importorskip("babel")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "frontend"))

import messages  # noqa: E402
from babel.messages.catalog import Catalog  # noqa: E402
from babel.messages.pofile import read_po  # noqa: E402

BARE = {"TLP", "Fusion Cell", "English", "Cymraeg", "Ctrl K", "j", "k", "r", "x", "c", "u"}
"""Names, each the same in all languages; keys."""
CONSTANTS = re.compile(r"[A-Z][a-z]+|.*[a-z] [a-z].*[.:?]$", re.DOTALL)
"""What a text within an expression looks like; class names, ids and the names of things do not."""
ATTRIBUTES = re.compile(r"\b(?:aria-label|placeholder|data-label|title|alt)=\"([^\"]*)\"")
MODULES = ("words", "pages/actions", "pages/choices", "pages/contribution", "pages/feeds", "pages/finder",
           "pages/first", "pages/frame", "pages/names", "pages/notices", "pages/observable", "pages/palette",
           "pages/saying", "pages/signing", "pages/transparency", "pages/views")  # fmt: skip
"""Modules of ``web`` whose texts the pages in full show."""
ROOMS = ("kernel/errors.py", "members/joining/terms.py", "members/model.py", "members/signing/service.py",
         "members/joining/service.py", "shield/policy.py", "web/access.py")  # fmt: skip
"""Where errors and tables of words stand that the pages in full show."""


def words_in(source: str) -> Iterator[str]:
    """Find what a template says outside the catalogues."""
    said, translated, tag = "", False, ""
    for _, kind, value in environment().lex(source):
        if kind in ("block_begin", "variable_begin"):
            said, tag = said + "\x01", ""
        elif kind == "name" and not tag:
            tag = value
            translated = (translated or value == "trans") and value != "endtrans"
        elif kind == "data" and not translated:
            said += value
    text = re.sub(r"<[^>]*>", "\x01", said)
    for part in (*re.split("\x01", text), *ATTRIBUTES.findall(said)):
        if re.search("[A-Za-z]", part.replace("\x01", "")) and part.strip(" ·:\n\x01") not in BARE:
            yield part.strip()
    tree = environment().parse(source)
    calls = ("_", "gettext", "ngettext")
    asked = [call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in calls]
    known = {id(constant) for call in asked for constant in call.find_all(nodes.Const)}
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in known and CONSTANTS.fullmatch(constant.value):
            yield constant.value


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_says_nothing_outside_the_catalogues(path: Path) -> None:
    assert list(words_in(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("seeded", [
    "<p>Bare words</p>", "<p>{{ _('Said') }} and more</p>", '<nav aria-label="Main"></nav>',
    '{{ ui.input("title", "Title", errors) }}', "{% trans %}Said{% endtrans %} bare",
])  # fmt: skip
def test_the_rule_finds_bare_words(seeded: str) -> None:
    assert list(words_in(seeded))


@pytest.fixture(scope="module")
def found() -> Catalog:
    return messages.extract()


def test_all_texts_stand_in_the_template_of_the_catalogues(found: Catalog) -> None:
    with (TRANSLATIONS / "messages.pot").open("rb") as file:
        kept = read_po(file)
    missing = [each.id for each in found if each.id and each.id not in kept]
    assert missing == [], "make messages"


def test_the_compiled_catalogues_are_those_of_the_translations() -> None:
    for path in TRANSLATIONS.glob("*.po"):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        said = translations(path.stem)
        for each in catalogue:
            if each.id and isinstance(each.id, str) and each.string:
                assert said.gettext(each.id) == each.string, "make messages"


def test_the_pages_in_full_are_translated_in_full(found: Catalog) -> None:
    """Their own texts, those of the frame and the fragments within, and what their Python says."""
    shown = {*IN_FULL, "layout.html", "components.html", "_palette.html", "exchange/_talk.html",
             "exchange/_thread_row.html", "picture/_live_item.html"}  # fmt: skip
    places = {f"web/templates/{name}" for name in shown} | {f"web/{name}.py" for name in MODULES} | set(ROOMS)
    said = translations("cy")
    missing = []
    for each in found:
        one, many = each.id if isinstance(each.id, tuple) else (each.id, "")
        if not one or not places & {where for where, _ in each.locations}:
            continue
        if not (Words(one, many, 7) if many else Words(one)).known(said):
            # A name that is the same in both languages stands in the catalogue all the same.
            missing.append(one) if one not in said._catalog else None  # type: ignore[attr-defined]
    assert missing == []


def test_each_translation_fills_in_what_its_original_does() -> None:
    with (TRANSLATIONS / "cy.po").open("rb") as file:
        catalogue = read_po(file, locale="cy")
    assert catalogue.num_plurals == 6
    holes = re.compile(r"%\(\w+\)s|\{\w+\}|#|<[^>]+>")
    for each in catalogue:
        originals = each.id if isinstance(each.id, tuple) else (each.id,)
        for told in each.string if isinstance(each.string, tuple) else (each.string,):
            if each.id and told:
                assert sorted(holes.findall(told)) == sorted(holes.findall(originals[-1])), told


def test_welsh_counts_in_its_six_ways() -> None:
    said = translations("cy")
    told = [N_("{count} day ago", "{count} days ago", number).said(said) for number in (*NUMBERS, 4)]
    assert told == [
        "0 diwrnod yn ôl", "1 diwrnod yn ôl", "2 ddiwrnod yn ôl", "3 diwrnod yn ôl", "6 diwrnod yn ôl",
        "20 diwrnod yn ôl", "4 diwrnod yn ôl",
    ]  # fmt: skip
    assert N_("{count} year ago", "{count} years ago", 2).said(said) == "2 flynedd yn ôl"


def test_what_parties_wrote_is_never_looked_up() -> None:
    page = render("picture/search.html", **{**PAGES["search-cy"][1], "query": "Search"})
    assert '<span class="value">Search</span>' in page and "Chwilio" in page


def test_a_page_that_is_not_in_full_stands_in_english_within_a_welsh_frame() -> None:
    name, context = PAGES["contribute"]
    page = render(name, **{**context, "shell": shell(language="cy", here="contribute")})
    frame, _, main = page.partition('<div lang="en">')
    assert '<html lang="cy"' in frame and "Neidio i’r cynnwys" in frame and ">Cyfrannu</a>" in frame
    assert "Paste it or choose a file" in main and "Pastiwch" not in main


def test_english_in_a_welsh_page_is_marked() -> None:
    name, context = PAGES["error-cy"]
    page = render(name, **{**context, "error": {**context["error"], "detail": "there were 17 of them"}})
    assert '<span lang="en">there were 17 of them</span>' in page
    page = render(name, **{**context, "error": {**context["error"], "detail": N_("this form is not of your session")}})
    assert "nid yw’r ffurflen hon yn perthyn i’ch sesiwn" in page
    assert set(LANGUAGES) == {"en", "cy"}
