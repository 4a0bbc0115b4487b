"""A notice holds only its own addresses: over networks, their edges, URLs, and what is hidden in them."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytaxonomies import Taxonomies

from fusioncell.exchange.abuse.forms import as_json, as_xarf, write_csv
from fusioncell.exchange.abuse.model import KINDS, By, Notice
from fusioncell.exchange.abuse.own import Hosts, Networks, span_of, text_of
from fusioncell.exchange.abuse.tell import kind_of, reached_by, url_of
from fusioncell.kernel.claim import Role
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical
from fusioncell.web.pages.abuse import WORDS

_T = ObservableType
BY = By("https://cell.example", "hub@cell.example")
Net = IPv4Network | IPv6Network


def notice(one: Observable, own: Networks) -> Notice:
    """A notice as the service makes it, with what it takes from an observable alone."""
    span = span_of(one)
    assert span is not None
    return Notice("7d1c", one, text_of(span), own.holding(span), "phishing", "attacker", "malicious", 0, 0,
                  *reached_by(None, one), url_of(one), "green", 1, 0.5, 0.5, "c1")  # fmt: skip


def addresses_in(text: str) -> set[str]:
    """Every address that a text names, read by eyes of its own: dotted, packed, in hexadecimal, escaped, IPv6."""
    for _ in range(4):
        text = re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)
    found = {one for one in re.findall(r"[0-9a-fA-F:]*:[0-9a-fA-F:]+(?:\.[0-9]+)*", text) if one.count(":") > 1}
    made = set()
    for one in found:
        try:
            made.add(str(IPv6Address(one.strip("[]"))))
        except ValueError:
            pass
    for parts in re.findall(r"(?<![0-9])([0-9]{1,3})[._-]([0-9]{1,3})[._-]([0-9]{1,3})[._-]([0-9]{1,3})", text):
        if all(int(part) < 256 for part in parts):
            made.add(".".join(str(int(part)) for part in parts))
    for packed in re.findall(r"(?<![0-9.])[0-9]{8,10}(?![0-9.])", text):
        if int(packed) < 1 << 32:
            made.add(str(ip_address(int(packed))))
    for packed in re.findall(r"0x([0-9a-fA-F]{8})", text):
        made.add(str(ip_address(int(packed, 16))))
    return made


v4 = st.builds(lambda low, bits: ip_network((low, bits), strict=False), st.integers(0, 2**32 - 1), st.integers(8, 32))
v6 = st.builds(lambda low, bits: ip_network((low, bits), strict=False), st.integers(0, 2**128 - 1),
               st.integers(20, 128))  # fmt: skip
networks = st.lists(v4 | v6, min_size=1, max_size=6)
NOTATIONS = (
    str, lambda it: str(int(it)), lambda it: hex(int(it)), lambda it: str(it).replace(".", "-").replace(":", "-"),
    lambda it: quote(str(it), safe=""), lambda it: "".join(f"%{ord(c):02x}" for c in str(it)), lambda it: f"[{it}]",
    lambda it: f"http://{it}/", lambda it: f"a@{it}",
)  # fmt: skip


@st.composite
def near(draw: st.DrawFn) -> tuple[list[Net], list[Observable]]:
    """Networks of an organisation, and observables at their edges, within and without, plain and hidden in URLs."""
    own = draw(networks)
    values: list[Observable] = []
    for _ in range(draw(st.integers(1, 8))):
        net = draw(st.sampled_from(own))
        top = 2**net.max_prefixlen - 1
        at = draw(st.sampled_from([int(net[0]) - 1, int(net[0]), int(net[-1]), int(net[-1]) + 1, top, 0])
                  | st.integers(0, top))  # fmt: skip
        it = type(net[0])(min(max(at, 0), top))
        other = draw(st.sampled_from([*(n[-1] for n in own), type(net[0])(draw(st.integers(0, top)))]))
        host = f"[{it}]" if it.version == 6 else str(it)
        path = draw(st.sampled_from(["/", "/login/", "/a/", "/x."])) + draw(st.sampled_from(NOTATIONS))(other)
        port = draw(st.sampled_from(["", ":8080"]))
        length = draw(st.integers(0, net.max_prefixlen))
        for kind, text in (
            (_T.IPV6 if it.version == 6 else _T.IPV4, str(it)),
            (_T.CIDR, str(ip_network((int(it), length), strict=False)
                          if it.version == 4 else ip_network((IPv6Address(int(it)), length), strict=False))),
            (_T.URL, f"http://{host}{port}{path}"), (_T.URL, f"https://{other}@{host}/?to={other}#{other}"),
            (_T.URL, f"http://www.shop.example{path}"),
        ):  # fmt: skip
            try:
                values.append(canonical(kind, text))
            except BadValue:
                continue
    return own, values


@given(near())
def test_a_notice_holds_only_its_own_addresses(made: tuple[list[Net], list[Observable]]) -> None:
    declared, values = made
    own, hosts = Networks(map(str, declared)), Hosts()
    hosts.add(enumerate(values))
    chosen = set(hosts.within(own))

    def is_own(text: str) -> bool:
        net = ip_network(text)
        return all(any(each in mine for mine in declared if mine.version == net.version) for each in (net[0], net[-1]))

    for number, one in enumerate(values):
        span = span_of(one)
        # Exactly what lies in its networks whole: no more, and no less.
        whole = span is not None and bool(own.holding(span))
        assert (number in chosen) == whole
        if span is None or not whole:
            assert span is None or not is_own(text_of(span)) or one.type is _T.CIDR
            continue
        told = notice(one, own)
        assert is_own(told.address) and told.network in map(str, declared)
        report, plain = as_xarf(told, BY), as_json(told, BY)
        assert report["source_identifier"] == plain["address"] == told.address
        for text in (told.url, report.get("url", ""), report["description"], plain["href"]):
            assert all(is_own(each) for each in addresses_in(text)), text
        assert told.url in ("", plain["url"]) and told.url.encode() in write_csv([told], BY)


EDGES: tuple[tuple[str, str, bool], ...] = (
    ("45.10.0.0/22", "45.9.255.255", False), ("45.10.0.0/22", "45.10.0.0", True), ("45.10.0.0/22", "45.10.3.255", True),
    ("45.10.0.0/22", "45.10.4.0", False), ("45.10.0.7/32", "45.10.0.7", True), ("45.10.0.7/32", "45.10.0.6", False),
    ("45.10.0.0/22", "45.10.0.0/22", True), ("45.10.0.0/22", "45.10.0.0/21", False),
    ("45.10.0.0/22", "45.10.2.0/23", True), ("45.10.0.0/22", "0.0.0.0/0", False), ("45.10.0.0/22", "::/0", False),
    ("2a00:1450::/32", "2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff", True), ("2a00:1450::/32", "2a00:1451::", False),
    ("2a00:1450::/32", "2a00:144f:ffff::1", False), ("2a00:1450:0:8::/61", "2a00:1450:0:f::1", True),
    ("2a00:1450:0:8::/61", "2a00:1450:0:10::", False), ("45.10.0.0/22", "2d0a::", False),
    ("45.10.0.0/23 45.10.2.0/23", "45.10.0.0/22", True), ("45.10.0.0/24 45.10.2.0/24", "45.10.0.0/22", False),
    ("AS3333 isp.example", "45.10.0.1", False),
    ("45.10.0.0/22", "http://45.10.1.1:81/a", True), ("45.10.0.0/22", "http://45.10.1.1.example/a", False),
    ("45.10.0.0/22", "http://9.9.9.9/45.10.1.1", False), ("45.10.0.0/22", "http://45.10.1.1@9.9.9.9/", False),
    ("45.10.0.0/22", "http://0x2d0a0101/", True), ("45.10.0.0/22", "http://755630337/", True),
    ("2a00:1450::/32", "https://[2a00:1450::1]/x", True), ("2a00:1450::/32", "https://[2a00:1451::1]/x", False),
)  # fmt: skip
"""(networks, what is named, whether it is the organisation's)."""


@pytest.mark.parametrize(("assets", "named", "is_own"), EDGES)
def test_edges(assets: str, named: str, is_own: bool) -> None:
    kind = _T.URL if "://" in named else _T.CIDR if "/" in named else _T.IPV4
    own, hosts = Networks(assets.split()), Hosts()
    hosts.add([(7, canonical(kind, named))])
    assert hosts.within(own) == ([7] if is_own else [])


@pytest.mark.parametrize(("url", "shown"), [
    ("http://45.10.1.1/", "http://45.10.1.1/"), ("https://45.10.1.1:8443/bank/login.php", "https://45.10.1.1:8443/bank/login.php"),
    ("http://45.10.1.1/wp/2024/x.php", "http://45.10.1.1/wp/"), ("http://45.10.1.1/go/8.8.8.8", "http://45.10.1.1/go/"),
    ("http://45.10.1.1/a?mail=jane@roe.example", "http://45.10.1.1/a"), ("http://jane:pw@45.10.1.1/#x", "http://45.10.1.1/"),
    ("http://[2a00:1450::1]:81/x/dead:beef::", "http://[2a00:1450::1]:81/x/"), ("http://45.10.1.1/to/%38.8.8.8", "http://45.10.1.1/to/"),
    ("http://shop.example/", ""),
])  # fmt: skip
def test_of_a_url_stands_what_no_address_can_hide_in(url: str, shown: str) -> None:
    assert url_of(canonical(_T.URL, url)) == shown


@pytest.mark.parametrize(("labels", "role", "kind"), [
    (('rsit:malicious-code="c2-server"', "phishing"), Role.ATTACKER, "c2-server"),
    (('rsit:fraud="8-8-8-8"',), Role.ATTACKER, "undetermined"), (("Emotet C2",), Role.ATTACKER, "c2-server"),
    (("mirai", "botnet"), Role.COMPROMISED, "infected-system"), ((), Role.COMPROMISED, "infected-system"),
    ((), Role.ABUSED, "system-compromise"), ((), Role.ATTACKER, "undetermined"),
    (("ssh brute force",), Role.ATTACKER, "brute-force"),
])  # fmt: skip
def test_a_kind_is_one_of_the_taxonomy(labels: tuple[str, ...], role: Role, kind: str) -> None:
    assert kind_of(labels, role) == kind and kind in KINDS


def test_kinds_stand_in_the_taxonomy() -> None:
    rsit = {predicate.predicate: {each.value for each in predicate.entries.values()}
            for predicate in Taxonomies()["rsit"].predicates.values()}  # fmt: skip
    assert all(kind in rsit[family] for kind, family in KINDS.items())


def test_pages_have_a_word_for_each_kind() -> None:
    assert set(WORDS) == set(KINDS)


def entry(kind: str, body: bytes, **meta: object) -> Entry:
    return Entry(1, 1, 0, "o", kind, 1, "c", b"", b"", Payload("", "s", 0, "", body, meta))


@pytest.mark.parametrize(("said", "port", "protocol"), [
    (entry("csv.row", b"45.10.0.1,447,TCP", columns=["ip", "port", "protocol"]), 447, "tcp"),
    (entry("csv.row", b"45.10.0.1;99999;gre", columns=["ip", "port", "protocol"], delimiter=";"), 0, ""),
    (entry("csv.row", b"1,45.10.0.1,22,9.9.9.9,80", columns=["", "src_ip", "src_port", "dst_ip", "dst_port"]), 22, ""),
    (entry("csv.row", b"1,45.10.0.1,53,4711", columns=["timestamp", "dst_ip", "dst_port", "src_port"]), 53, ""),
    (entry("csv.row", b"45.10.0.1", columns="ip"), 0, ""), (entry("csv.row", b"", columns=["ip"]), 0, ""),
    (entry("misp.attribute", b'{"type":"ip-dst|port","value":"45.10.0.1|8080"}'), 8080, ""),
    (entry("misp.attribute", b'{"type":"ip-dst","value":"45.10.0.1"}'), 0, ""), (entry("misp.attribute", b"{"), 0, ""),
    (entry("text", b"45.10.0.1 port 80"), 0, ""),
])  # fmt: skip
def test_a_port_is_read_where_its_entry_has_one(said: Entry, port: int, protocol: str) -> None:
    assert reached_by(said, canonical(_T.IPV4, "45.10.0.1")) == (port, protocol)


def test_a_report_says_who_sends_it_and_not_who_told_it() -> None:
    own = Networks(["45.10.0.0/22"])
    report = as_xarf(notice(canonical(_T.URL, "http://45.10.1.1/login/"), own), BY)
    assert report["reporter"] == report["sender"] == {"org": "Fusion Cell", "contact": "hub@cell.example",
                                                      "domain": "cell.example"}
    assert {"xarf_version", "report_id", "timestamp", "source_identifier", "category", "type"} < set(report)
    assert all(re.fullmatch("[a-z0-9][a-z0-9_+-]*:[a-z0-9][a-z0-9_+-.]*", tag) for tag in report["tags"])
    json.dumps(report)
