"""No popular name, dynamic-DNS zone, public suffix or "what is my address" host is blocked without two people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pymispwarninglists
import pytest
from publicsuffixlist import PublicSuffixList

from fusioncell.bootstrap import open_known_good
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical
from fusioncell.shield import can_block
from fusioncell.shield.guards import is_public_body, judge
from fusioncell.shield.guards.judge import above
from fusioncell.shield.guards.model import MANY

LISTS = Path(pymispwarninglists.__file__).parent / "data" / "misp-warninglists" / "lists"
FIRST = 100_000


@pytest.fixture(scope="module")
def known() -> KnownGood:
    return open_known_good()


@cache
def listed(name: str) -> tuple[str, ...]:
    return tuple(json.loads((LISTS / name / "list.json").read_text())["list"])


def names(texts: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    """Those of the texts that a zone could hold."""
    for text in texts:
        try:
            one = canonical(ObservableType.DOMAIN, text.lstrip("."))
        except BadValue:
            continue
        if can_block(one):
            yield one.value


def unguarded(known: KnownGood, given: Iterator[str]) -> list[str]:
    return [name for name in given if not judge(name, known, (), 0, False)]


@pytest.mark.parametrize("name", ["tranco", "majestic_million", "cisco_top20k", "alexa", "moz-top500",
                                  "google-chrome-crux-1million"])
def test_the_first_100_000_popular_names_take_two_people(known: KnownGood, name: str) -> None:
    first = listed(name)[:FIRST]
    assert len(first) > 400
    assert unguarded(known, names(first)) == []


@pytest.mark.parametrize("name", ["dynamic-dns", "whats-my-ip", "findip-host", "second-level-tlds", "sinkholes",
                                  "bank-website", "captive-portals", "url-shortener"])
def test_zones_and_hosts_that_many_hang_on_take_two_people(known: KnownGood, name: str) -> None:
    given = list(names(listed(name)))
    assert unguarded(known, iter(given)) == []


def test_public_suffixes_take_two_people(known: KnownGood) -> None:
    rules = sorted(PublicSuffixList(accept_unknown=False)._publicsuffix)
    given = list(names(tuple(rules)))
    assert len(given) > 5000
    assert unguarded(known, iter(given)) == []


WELL_KNOWN = ("duckdns.org", "eu.org", "com.se", "blogspot.com", "github.io", "workers.dev", "pages.dev", "no-ip.org",
              "co.uk", "www.google.com", "www.bbc.co.uk", "ipinfo.io", "checkip.amazonaws.com")  # fmt: skip


@pytest.mark.parametrize("name", WELL_KNOWN)
def test_those_that_an_open_list_blocked_take_two_people(known: KnownGood, name: str) -> None:
    """A widely used open list holds 635 of the 100,000 most popular names, these three first among them."""
    assert judge(name, known, (), 0, False)


FREE = ("evil.duckdns.org", "login-bank.github.io", "a1b2.workers.dev", "paypa1.blogspot.com", "x.eu.org", "y.com.se",
        "phish.pages.dev", "secure.web.app", "evil.no-ip.org", "bad.wixsite.com", "www.evil-bank.example")  # fmt: skip


@pytest.mark.parametrize("name", FREE)
def test_a_malicious_name_under_a_free_host_is_not_exempt(known: KnownGood, name: str) -> None:
    """Of real feeds, 28 % of the malicious names stand under a popular parent."""
    assert judge(name, known, (), 0, False) == []


BODIES = ("service.gov.uk", "hmrc.gov.uk", "www.nhs.uk", "a.b.police.uk", "impots.gouv.fr", "sat.gob.mx", "irs.gov",
          "army.mil", "ec.europa.eu", "www.admin.ch", "nta.go.jp", "who.int", "bmi.gv.at", "canada.gc.ca")  # fmt: skip
NOT_BODIES = ("gov.example", "govuk.com", "irs-gov.com", "go.com", "go.it", "gov-uk.info", "nhs.uk.com", "mil.x.org",
              "police.example.uk", "europa.eu.example.com", "internet.org", "gov.login.example")  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_names_of_public_bodies_take_two_people(name: str) -> None:
    assert is_public_body(name)
    assert [fired.code for fired in judge(name, KnownGood.nothing(), (), 0, False)][-1] == "public-body"


@pytest.mark.parametrize("name", NOT_BODIES)
def test_names_that_only_look_like_it_do_not(name: str) -> None:
    assert not is_public_body(name)


@pytest.mark.parametrize(("name", "protected", "fires"), [
    ("bank.example", "bank.example", True), ("login.bank.example", "bank.example", True),
    ("example.net", "pay.example.net", True), ("otherbank.example", "bank.example", False),
    ("evil.duckdns.org", "duckdns.org", False), ("duckdns.org", "duckdns.org", True),
    ("evil.github.io", "github.io", False), ("ank.example", "bank.example", False),
])  # fmt: skip
def test_protected_names_guard_themselves_and_what_hangs_on_them(name: str, protected: str, fires: bool) -> None:
    around = [one for one in (protected,) if one == name or one in above(name) or one.endswith(f".{name}")]
    codes = {fired.code for fired in judge(name, KnownGood.nothing(), around, 0, False)}
    assert ("protected" in codes) is fires


def test_parents_of_many_and_sinkholes_take_two_people() -> None:
    nothing = KnownGood.nothing()
    assert [fired.code for fired in judge("host.example", nothing, (), MANY, False)] == ["many-names"]
    assert judge("host.example", nothing, (), MANY - 1, False) == []
    assert [fired.code for fired in judge("sink.example", nothing, (), 0, True)] == ["sinkhole"]
    assert not any(
        str(MANY) in fired.reason for fired in judge("host.example", nothing, (), MANY, False)
    ), "how many are known is not told: not all may know them"


def test_names_above() -> None:
    assert above("a.b.example.org") == ["b.example.org", "example.org"]
    assert above("example.org") == [] and above("org") == []
    assert Observable(ObservableType.DOMAIN, "example.org").value == "example.org"
