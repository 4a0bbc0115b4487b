"""Known-good lists on small lists: exact and parent are apart, and only the right hits stop a block."""

from __future__ import annotations

import ipaddress
import json
import random

import pytest

from fusioncell.fusion.knowngood import STAND_INS, Guard, Hit, KnownGood, Match, guards, url_host
from fusioncell.fusion.knownindex import Needles, compile_lists
from fusioncell.fusion.knownlists import CATEGORIES, Category, category_of
from fusioncell.kernel import names
from fusioncell.kernel.observable import Observable, ObservableType, canonical, is_public_suffix, may_be_suffixes

T = ObservableType
NAMES = ["hostname", "domain", "url", "domain|ip"]
ADDRESSES = ["ip-src", "ip-dst", "domain|ip"]


def a_list(name: str, type: str, entries: list[str], attributes: list[str]) -> tuple[str, bytes]:
    body = {"name": f"The list {name}", "type": type, "version": 1, "description": "", "list": entries,
            "matching_attributes": attributes}
    return name, json.dumps(body).encode()


@pytest.fixture(scope="module")
def known() -> KnownGood:
    return KnownGood(compile_lists([
        a_list("tranco", "hostname", ["google.com", "Duckdns.org ", "blogspot.com"], NAMES),
        a_list("google-chrome-crux-1million", "string", ["www.bbc.co.uk", "github.io"], NAMES),
        a_list("google", "string", [".google.co.uk", "accounts.youtube.com"], NAMES),
        a_list("dynamic-dns", "hostname", [".duckdns.org"], ["domain", "hostname", "domain|ip"]),
        a_list("automated-malware-analysis", "substring", ["tria.ge", "mcafee.com"], NAMES),
        a_list("disposable-email", "substring", ["mailinator.com", "0w.ro"], ["email-src", "domain|ip"]),
        a_list("common-contact-emails", "regex", ["/^(noc|abuse)\\@.*\\..*$/i"], ["email-src", "email-dst"]),
        a_list("phone_numbers", "regex", ["/((?:\\+|00)44)?07700900([0-9]{3})/g"], ["phone-number"]),
        a_list("public-dns-v4", "cidr", ["8.8.8.8", "9.9.9.9"], ADDRESSES),
        a_list("cloudflare", "cidr", ["104.16.0.0/13", "2606:4700::/32"], ADDRESSES),
        a_list("vpn-ipv4", "cidr", ["104.0.0.0/8", "8.8.8.0/24"], ADDRESSES),
        a_list("microsoft-attack-simulator", "substring", ["52.168.52.134", "portal.example.net"],
               ["ip-src", "domain"]),
        a_list("empty-hashes", "string", ["D41D8CD98F00B204E9800998ECF8427E", "3::"], ["md5", "ssdeep"]),
        a_list("akamai", "cidr", ["no address", "2.16.0.1/13"], ADDRESSES),
    ]))


def kinds(hits: tuple[Hit, ...]) -> set[tuple[str, str]]:
    return {(hit.list, hit.kind.value) for hit in hits}


def of(type: ObservableType, value: str) -> Observable:
    return Observable(type, value)


@pytest.mark.parametrize(("type", "value", "expected"), [
    (T.DOMAIN, "google.com", {("tranco", "exact")}),
    (T.DOMAIN, "www.google.com", {("tranco", "parent")}),
    (T.DOMAIN, "notgoogle.com", set()),
    (T.DOMAIN, "google.com.evil.net", set()),
    (T.DOMAIN, "www.bbc.co.uk", {("google-chrome-crux-1million", "exact")}),
    (T.DOMAIN, "evil.www.bbc.co.uk", set()),  # a string list stands for the names themselves
    (T.DOMAIN, "mail.google.co.uk", {("google", "parent")}),  # unless the entry begins with a dot
    (T.DOMAIN, "x.accounts.youtube.com", set()),
    (T.DOMAIN, "evil.duckdns.org", {("tranco", "parent"), ("dynamic-dns", "parent")}),
    (T.DOMAIN, "duckdns.org", {("tranco", "exact"), ("dynamic-dns", "exact")}),
    (T.DOMAIN, "tria.ge", {("automated-malware-analysis", "exact")}),
    (T.DOMAIN, "www.tria.ge", {("automated-malware-analysis", "parent")}),
    (T.DOMAIN, "mcafee.com.evil.net", {("automated-malware-analysis", "substring")}),
    (T.DOMAIN, "mailinator.com", {("disposable-email", "exact")}),
    (T.DOMAIN, "x0w.ro", set()),  # a substring of mailboxes is none of names
    (T.URL, "https://user:pw@google.com:8443/x?y#z", {("tranco", "exact")}),
    (T.URL, "http://8.8.8.8/dns", {("public-dns-v4", "cidr"), ("vpn-ipv4", "cidr")}),
    (T.URL, "http://[2606:4700::1]:80/", {("cloudflare", "cidr")}),
    (T.URL, "https://evil.net/google.com", set()),
    (T.IPV4, "9.9.9.9", {("public-dns-v4", "cidr")}),
    (T.IPV4, "9.9.9.10", set()),
    (T.IPV4, "104.20.0.1", {("cloudflare", "cidr"), ("vpn-ipv4", "cidr")}),
    (T.IPV4, "104.24.0.0", {("vpn-ipv4", "cidr")}),
    (T.IPV4, "52.168.52.134", {("microsoft-attack-simulator", "cidr")}),
    (T.IPV4, "0.0.0.0", set()),
    (T.IPV4, "255.255.255.255", set()),
    (T.IPV6, "2606:4700:ffff::", {("cloudflare", "cidr")}),
    (T.IPV6, "2606:4701::", set()),
    (T.CIDR, "9.9.9.0/24", {("public-dns-v4", "cidr")}),
    (T.CIDR, "9.9.8.0/24", set()),
    (T.EMAIL, "abuse@isp.example.net", {("common-contact-emails", "regex")}),
    (T.EMAIL, "joe@mailinator.com", {("disposable-email", "parent")}),
    (T.EMAIL, "joe@x0w.ro", {("disposable-email", "substring")}),
    (T.EMAIL, "joe@google.com", set()),
    (T.MD5, "d41d8cd98f00b204e9800998ecf8427e", {("empty-hashes", "exact")}),
    (T.MD5, "0" * 32, set()),
    (T.SSDEEP, "3::", {("empty-hashes", "exact")}),
    (T.PHONE, "07700900123", {("phone_numbers", "regex")}),
    (T.PHONE, "07800900123", set()),
])
def test_hits(known: KnownGood, type: ObservableType, value: str, expected: set[tuple[str, str]]) -> None:
    observable = of(type, value)
    assert kinds(known.hits(observable)) == expected
    assert known.batch_hits([observable]) == [known.hits(observable)]


def test_a_batch_keeps_the_order_and_agrees_with_single_look_ups(known: KnownGood) -> None:
    values = [of(T.DOMAIN, "www.google.com"), of(T.DOMAIN, "nothing.example.org"), of(T.IPV4, "8.8.8.8"),
              of(T.URL, "https://tria.ge/"), of(T.EMAIL, "noc@a.net"), of(T.DOMAIN, "mcafee.com.evil.net"),
              of(T.MD5, "0" * 32), of(T.CIDR, "104.0.0.0/9"), of(T.IPV6, "2606:4700::5")]
    assert known.batch_hits(values) == [known.hits(value) for value in values]
    assert known.batch_hits([]) == []


@pytest.mark.parametrize(("type", "value", "categories"), [
    (T.DOMAIN, "google.com", [Category.POPULAR]),
    (T.DOMAIN, "www.google.com", []),
    (T.DOMAIN, "evil.duckdns.org", []),
    (T.DOMAIN, "duckdns.org", [Category.PLATFORM, Category.POPULAR, Category.PLATFORM]),
    (T.DOMAIN, "eu.org", [Category.PLATFORM]),
    (T.DOMAIN, "com.se", [Category.PLATFORM]),
    (T.DOMAIN, "co.uk", [Category.PLATFORM]),
    (T.DOMAIN, "mcafee.com.evil.net", []),
    (T.URL, "https://google.com/redirect?to=evil", [Category.POPULAR]),
    (T.URL, "http://10.0.0.1/", [Category.INFRASTRUCTURE]),
    (T.IPV4, "8.8.8.8", [Category.INFRASTRUCTURE]),
    (T.IPV4, "104.20.0.1", [Category.PLATFORM]),
    (T.IPV4, "104.24.0.0", []),  # only on the list of VPN and hosting ranges
    (T.IPV4, "192.168.1.1", [Category.INFRASTRUCTURE]),
    (T.IPV4, "100.64.0.1", [Category.INFRASTRUCTURE]),
    (T.IPV4, "224.0.0.1", [Category.INFRASTRUCTURE]),
    (T.IPV4, "52.168.52.134", [Category.SCANNER]),
    (T.IPV4, "93.184.216.34", []),
    (T.IPV6, "fe80::1", [Category.INFRASTRUCTURE]),
    (T.CIDR, "10.1.0.0/16", [Category.INFRASTRUCTURE]),
    (T.PHONE, "07700900123", []),
    (T.EMAIL, "abuse@isp.net", [Category.INFRASTRUCTURE]),
])
def test_guards(known: KnownGood, type: ObservableType, value: str, categories: list[Category]) -> None:
    assert [guard.category for guard in known.guards(of(type, value))] == categories


def test_a_guard_says_why_in_plain_words(known: KnownGood) -> None:
    guard, = known.guards(canonical(T.URL, "https://google.com/x"))
    assert guard == Guard("The URL's host google.com stands on a list of well-known or much-visited names: "
                          "The list tranco.", Category.POPULAR, ("The list tranco",))
    guard, = known.guards(of(T.DOMAIN, "eu.org"))
    assert guard.reason == "eu.org is a public suffix: anyone may register names under it."


def test_parents_and_substrings_never_guard() -> None:
    every = [Hit("x", "X", kind, "v", category) for kind in (Match.PARENT, Match.SUBSTRING) for category in Category]
    assert guards(of(T.DOMAIN, "evil.example.net"), every) == ()


def test_nothing_knows_nothing_but_still_guards_by_nature() -> None:
    known = KnownGood.nothing()
    values = [of(T.DOMAIN, "google.com"), of(T.IPV4, "8.8.8.8"), of(T.IPV6, "2606:4700::1"), of(T.MD5, "0" * 32),
              of(T.EMAIL, "a@b.net"), of(T.CIDR, "0.0.0.0/0")]
    assert known.batch_hits(values) == [()] * len(values)
    assert known.guards(of(T.DOMAIN, "github.io"))
    assert known.lists == ()


def test_unreadable_entries_are_named_and_the_rest_is_kept(known: KnownGood) -> None:
    assert known.skipped == (("akamai", "no address"),)
    assert kinds(known.hits(of(T.IPV4, "2.23.255.255"))) == {("akamai", "cidr")}


def test_a_list_of_unknown_type_or_category_is_not_lost_silently() -> None:
    known = KnownGood(compile_lists([a_list("new-one", "hostname", ["good.net"], NAMES),
                                     a_list("odd", "bloom", ["x"], NAMES)]))
    assert known.skipped == (("odd", "unknown type bloom"),)
    assert category_of("new-one") is Category.INFRASTRUCTURE
    assert known.guards(of(T.DOMAIN, "good.net"))


@pytest.mark.parametrize("family", [4, 6])
def test_networks_agree_with_a_plain_scan(family: int) -> None:
    """Random nested networks, against the slow and obvious way (a known package misses nested networks)."""
    chance = random.Random(family)
    bits = 32 if family == 4 else 128
    nets = []
    for _ in range(300):
        base = chance.getrandbits(6) << (bits - 6) | chance.getrandbits(6) << (bits - 70 if bits > 70 else 8)
        prefix = chance.choice([1, 4, 6, 8, 20, 24, bits - 8, bits - 1, bits])
        nets.append(ipaddress.ip_network((base, prefix), strict=False))
    lists = [nets[i::10] for i in range(10)]
    known = KnownGood(compile_lists(
        [a_list(f"l{n}", "cidr", [str(net) for net in part], ADDRESSES) for n, part in enumerate(lists)]))
    type = T.IPV4 if family == 4 else T.IPV6
    points = [int(net.network_address) + d for net in nets for d in (-1, 0, 1)]
    points += [int(net.broadcast_address) + d for net in nets for d in (0, 1)]
    addresses = [type_of(family)(p) for p in points if 0 <= p >> bits < 1]
    batch = known.batch_hits([of(type, str(address)) for address in addresses])
    for address, hits in zip(addresses, batch, strict=True):
        expected = {f"l{n}" for n, part in enumerate(lists) if any(address in net for net in part)}
        assert {hit.list for hit in hits} == expected
        assert all(address in ipaddress.ip_network(hit.value) for hit in hits)


def type_of(family: int) -> type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]:
    return ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address


def test_needles_agree_with_a_plain_scan() -> None:
    chance = random.Random(7)
    needles = [("".join(chance.choices("abc.", k=chance.randint(1, 8))), n) for n in range(200)]
    index = Needles(needles)
    for _ in range(300):
        value = "".join(chance.choices("abcd.", k=chance.randint(0, 30)))
        assert set(index.find(value)) == {(needle, n) for needle, n in needles if needle in value}


@pytest.mark.parametrize(("url", "host"), [
    ("https://a.example/x", "a.example"), ("https://a.example", "a.example"), ("https://a.example?b@c", "a.example"),
    ("https://u:p@a.example:80/@b", "a.example"), ("http://[::1]:80/x", "::1"), ("ftp://1.2.3.4/x", "1.2.3.4"),
    ("foo://A.example#x", "a.example"), ("mailto:x", ""),
])
def test_url_host(url: str, host: str) -> None:
    assert url_host(url) == host


def test_every_list_stands_in_one_category_only() -> None:
    assert len(CATEGORIES) == 119


def test_a_demonstrations_addresses_are_on_no_list_and_free(known: KnownGood) -> None:
    """Without, all that a demonstration may name is a reserved range; what is not its own is guarded as ever."""
    spared = known.sparing(STAND_INS)
    for kind, value in ((T.IPV4, "198.18.3.4"), (T.URL, "http://[2001:db8::1]/x"), (T.CIDR, "203.0.113.0/28")):
        assert known.guards(of(kind, value)) and not spared.guards(of(kind, value))
    for kind, value in ((T.IPV4, "8.8.8.8"), (T.IPV4, "10.1.2.3"), (T.CIDR, "192.0.0.0/8"), (T.DOMAIN, "google.com")):
        assert spared.guards(of(kind, value)) == known.guards(of(kind, value)) != ()
        assert spared.hits(of(kind, value)) == known.hits(of(kind, value))
    everything = KnownGood(compile_lists([a_list("rfc5735", "cidr", ["198.18.0.0/15"], ADDRESSES)]))
    one = of(T.IPV4, "198.18.3.4")
    assert everything.batch_hits([one]) == [everything.hits(one)] != [()]
    assert everything.sparing(STAND_INS).batch_hits([one]) == [()]


def test_what_is_guarded_is_told_of_many_at_once_as_of_each(known: KnownGood) -> None:
    hosts = ["google.com", "mail.google.com", "evil.duckdns.org", "duckdns.org", "github.io", "a.github.io", "eu.org",
             "co.uk", "shop.co.uk", "compute.amazonaws.com", "kobe.jp", "city.kobe.jp", "x.kobe.jp", "com", "unknown",
             "a.unknown", "good.net", "evil.example", "192.0.2.7", "8.8.8.8", "10.0.0.1", "xn--p1ai"]  # fmt: skip
    values = [of(T.URL, f"https://{host}/{n}") for host in hosts for n in range(2)]
    values += [of(T.URL, f"http://{rest}") for rest in (
        "eve@google.com/", "google.com:8080/x", "google.com?x", "google.com#x", "a@8.8.8.8/", "co.uk@good.net/",
        "host1/", "1.2.3.google.com/", "google.com@evil.example/", "google.com",
    )]  # fmt: skip
    values += [of(T.URL, "https://[2001:db8::1]/x"), of(T.URL, "data:text/html,x"), of(T.IPV6, "2001:db8::1")]
    values += [of(T.IPV4, host) if host[0].isdigit() else of(T.DOMAIN, host) for host in hosts]
    values += [of(T.CIDR, "10.0.0.0/8"), of(T.CIDR, "8.8.8.0/24"), of(T.EMAIL, "abuse@google.com"),
               of(T.EMAIL, "eve@evil.example"), of(T.MD5, "d41d8cd98f00b204e9800998ecf8427e"),
               of(T.MD5, "0" * 32), of(T.PHONE, "+12025550123")]  # fmt: skip
    guarded = known.batch_guarded(values)
    assert guarded == [bool(known.guards(value)) for value in values]
    assert 5 < sum(guarded) < len(values) - 5
    assert known.batch_guarded([]) == []


def test_each_rule_of_the_suffix_list_may_be_a_suffix() -> None:
    rules = sorted(rule for rule in names._suffixes()._publicsuffix if rule.isascii())
    assert len(rules) > 5000
    asked = [text for rule in rules for bare in (rule.lstrip("!*."),)
             for text in (bare, f"x.{bare}", f"y.x.{bare}", bare.partition(".")[2])]  # fmt: skip
    found = set(may_be_suffixes(asked))
    assert [name for name in asked if is_public_suffix(name) and name not in found] == []
    assert len(found) < len(set(asked)) * 2 / 3
