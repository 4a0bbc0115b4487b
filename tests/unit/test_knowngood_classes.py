"""Each list has a class of its own; scanners are one; what a value stands on is said and counts for nothing."""

from __future__ import annotations

import pytest

from fusioncell.bootstrap.outside import open_known_good
from fusioncell.fusion import Class, ground
from fusioncell.fusion.knowngood import KnownGood, Match
from fusioncell.fusion.knownlists import CATEGORIES, CLASSES, Category, category_of_class, class_of
from fusioncell.kernel.observable import Observable, ObservableType, private_suffix
from fusioncell.web.pages.known import MEANING, known_good_view

T = ObservableType


@pytest.fixture(scope="module")
def known() -> KnownGood:
    return open_known_good()


def test_each_reviewed_list_has_a_class_of_its_category() -> None:
    assert set(CLASSES) == set(CATEGORIES)
    assert {name: category_of_class(kind) for name, kind in CLASSES.items()} == CATEGORIES


def test_each_list_of_the_package_has_a_class_that_a_page_explains(known: KnownGood) -> None:
    assert {each.name for each in known.lists} == set(CLASSES)
    assert set(MEANING) == set(Class)


def test_a_list_that_nobody_has_reviewed_is_no_scanner() -> None:
    assert class_of("made tomorrow") is Class.INFRASTRUCTURE


def test_scanners_are_a_class_of_their_own(known: KnownGood) -> None:
    names = {name for name, kind in CLASSES.items() if kind is Class.SCANNER}
    assert len(names) > 25
    assert {"shodan-scanning", "censys-scanning", "rapid7-nt-scanning", "shadowserver"} <= names
    assert not names & {name for name, category in CATEGORIES.items() if category is not Category.SCANNER}
    hits = known.hits(Observable(T.IPV4, "71.6.135.131"))  # census1.shodan.io
    assert Class.SCANNER in {hit.sort for hit in hits}
    assert {hit.kind for hit in hits} == {Match.CIDR}
    guards = known.guards(Observable(T.IPV4, "71.6.135.131"))
    assert any(guard.category is Category.SCANNER for guard in guards), "no automatic block, however many name it"


@pytest.mark.parametrize(("kind", "value", "stands", "own", "sort"), [
    (T.DOMAIN, "evil.github.io", "github.io", False, Class.HOSTING),
    (T.DOMAIN, "github.io", "github.io", True, Class.HOSTING),
    (T.URL, "https://x.blogspot.com/a", "blogspot.com", False, Class.HOSTING),
    (T.EMAIL, "a@b.duckdns.org", "duckdns.org", False, Class.HOSTING),
    (T.DOMAIN, "co.uk", "co.uk", True, Class.SUFFIX),
])  # fmt: skip
def test_the_ground_of_a_name(kind: T, value: str, stands: str, own: bool, sort: Class) -> None:
    found = ground(Observable(kind, value))
    assert found is not None
    assert (found.value, found.own, found.sort) == (stands, own, sort)


@pytest.mark.parametrize(("kind", "value"), [
    (T.DOMAIN, "shop.co.uk"), (T.DOMAIN, "evil.example"), (T.IPV4, "192.0.2.1"), (T.URL, "http://192.0.2.1/"),
    (T.URL, "http://[2001:db8::1]/"), (T.MD5, "d41d8cd98f00b204e9800998ecf8427e"), (T.DOMAIN, "localhost"),
])  # fmt: skip
def test_an_ordinary_name_stands_on_nobodys_ground(kind: T, value: str) -> None:
    assert ground(Observable(kind, value)) is None


def test_private_suffixes_are_those_that_no_registry_runs() -> None:
    assert private_suffix("a.github.io") == "github.io"
    assert private_suffix("a.co.uk") is None
    assert private_suffix("com") is None


def test_a_page_says_exact_and_parent_apart_with_class_and_meaning(known: KnownGood) -> None:
    one = Observable(T.DOMAIN, "evil.duckdns.org")
    rows = known_good_view(one, known.hits(one))
    assert {row["match"] for row in rows} == {"parent"}
    assert {row["matched"] for row in rows} == {"duckdns.org"}
    assert {str(row["sort"]) for row in rows} >= {"Dynamic DNS", "Free hosting"}
    assert known.guards(one) == (), "a tenant is not excused by its landlord"
    own = Observable(T.DOMAIN, "duckdns.org")
    assert {row["match"] for row in known_good_view(own, known.hits(own))} == {"exact"}
    assert known.guards(own), "and the landlord is not blocked for a tenant"
