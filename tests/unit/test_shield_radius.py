"""The blast radius, pure: what an entry states of names and addresses, what a circle and a verdict come to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion import Class, Hit, KnownGood, Match
from fusioncell.fusion.knownindex import compile_lists
from fusioncell.fusion.knownlists import Category
from fusioncell.fusion.model import Assessment, Evidence, Origin
from fusioncell.intake import extract_entry, split_body
from fusioncell.intake.model import Limits
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield.radius import verdict
from fusioncell.shield.radius.model import NAMED, Circle, Listed, Near, Radius, Said
from fusioncell.shield.radius.reckon import circle, lists_of, rounded_up, said_of
from fusioncell.shield.radius.stated import HOPS, NODE, edges_of

NAME, ADDRESS = "evil.example", "203.0.113.58"
X, Y = "domain-name--0aae5cb6-4d53-4c36-8f1c-3a1fd5a0a1ba", "ipv4-addr--9f8f54dd-3bb2-4c31-a0f1-5b1a3f1c7a11"


def entry(kind: str, body: Any, subject: str = "s", *, org: str = "o", **meta: object) -> Entry:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Entry(1, 1, 1, org, kind, 1, "c", b"", b"", Payload("", subject, 0, "", said, meta))


def stated(kind: str, body: Any, subject: str = "s", **meta: Any) -> list[tuple[str, str]]:
    one = entry(kind, body, subject, **meta)
    return edges_of(one, extract_entry(one))


def attribute(type: str, value: str, **more: object) -> dict[str, object]:
    return {"type": type, "value": value, "uuid": "5f1f0c1e-0000-4000-8000-000000000001", "to_ids": True, **more}


def test_a_composite_attribute_states_it_by_itself() -> None:
    assert stated("misp.attribute", attribute("domain|ip", f"{NAME}|{ADDRESS}")) == [(NAME, ADDRESS)]
    assert stated("misp.attribute", attribute("domain|ip", f"{NAME}|{ADDRESS}", deleted=True)) == []
    assert stated("misp.attribute", attribute("domain", NAME)) == []


@pytest.mark.parametrize(
    ("template", "name", "address"),
    [("domain-ip", ("domain", "domain"), ("ip-dst", "ip")), ("domain-ip", ("hostname", "hostname"), ("ip-src", "ip")),
     ("passive-dns", ("text", "rrname"), ("text", "rdata")),
     ("dns-record", ("domain", "queried-domain"), ("ip-dst", "a-record"))],
)  # fmt: skip
def test_an_object_states_it_over_its_attributes(
    template: str, name: tuple[str, str], address: tuple[str, str]
) -> None:
    def one(said: tuple[str, str], value: str, **more: Any) -> list[tuple[str, str]]:
        body = attribute(said[0], value, object_relation=said[1])
        return stated("misp.attribute", body, **{"object": "u1", "object_name": template, **more})

    [(first, node)] = one(name, f"{NAME.upper()}." if template == "passive-dns" else NAME)
    assert first == NAME and node.startswith(NODE)
    assert one(address, ADDRESS) == [(node, ADDRESS)]
    assert one(address, ADDRESS, object="u2") != [(node, ADDRESS)], "another object"
    assert one(address, ADDRESS, org="p") != [(node, ADDRESS)], "nobody adds to another's object"
    assert one(address, ADDRESS, deleted=True) == []
    assert one((address[0], "comment"), ADDRESS) == []


def test_a_name_server_does_not_stand_on_the_address_of_what_it_serves() -> None:
    body = attribute("domain", "ns.host.example", object_relation="ns-record")
    assert stated("misp.attribute", body, object="u1", object_name="dns-record") == []


def test_stix_states_it_by_references() -> None:
    sco = {"type": "domain-name", "id": X, "value": NAME, "resolves_to_refs": [Y, X]}
    assert stated("stix", sco, X) == sorted([(NAME, NODE + X), (NAME, NODE + Y)])
    assert stated("stix", {"type": "ipv4-addr", "id": Y, "value": ADDRESS}, Y) == [(NODE + Y, ADDRESS)]
    related = {"type": "relationship", "id": "relationship--1", "relationship_type": "resolves-to", "source_ref": X,
               "target_ref": Y}  # fmt: skip
    assert stated("stix", related, "relationship--1") == [(NODE + X, NODE + Y)]
    for change in ({"revoked": True}, {"relationship_type": "related-to"}, {"target_ref": X}, {"source_ref": Y},
                   {"source_ref": 7}):  # fmt: skip
        assert stated("stix", {**related, **change}, "relationship--1") == []
    embedded = {"type": "observed-data", "objects": {
        "0": {"type": "domain-name", "value": NAME, "resolves_to_refs": ["1", "9"]},
        "1": {"type": "ipv4-addr", "value": ADDRESS}, "2": {"type": "ipv4-addr", "value": "198.51.100.7"}}}  # fmt: skip
    assert stated("stix", embedded, "observed-data--1") == [(NAME, ADDRESS)]


def test_a_pattern_states_it_where_it_says_so() -> None:
    both = "[domain-name:value = '{0}' AND domain-name:resolves_to_refs[*].value = '{1}']"
    either = "[domain-name:value = '{0}' OR ipv4-addr:value = '{1}']"
    pattern = {"type": "indicator", "pattern": both.format(NAME, ADDRESS), "pattern_type": "stix"}
    assert stated("stix", pattern, "indicator--1") == [(NAME, ADDRESS)]
    assert stated("stix", {**pattern, "pattern": either.format(NAME, ADDRESS)}, "indicator--1") == []


def test_prose_and_collections_state_nothing() -> None:
    assert stated("text", f"{NAME} and {ADDRESS} were seen".encode()) == []


@given(kind=st.sampled_from(["stix", "misp.attribute", "text"]), body=st.binary(max_size=60),
       subject=st.sampled_from([X, Y, "relationship--1", "observed-data--1", "indicator--1", "s"]),
       template=st.sampled_from(["domain-ip", "passive-dns", "", "other"]))  # fmt: skip
def test_no_body_fails(kind: str, body: bytes, subject: str, template: str) -> None:
    one = entry(kind, body, subject, object="u", object_name=template)
    assert all(len(edge) == 2 for edge in edges_of(one, extract_entry(one)))


def test_an_edge_leads_on_over_three_at_most() -> None:
    """name → domain-name--X → ipv4-addr--Y → address: no more than the hops that are walked."""
    assert HOPS == 3


def test_a_list_is_called_by_its_source_s_own_number() -> None:
    assert [rounded_up(n) for n in (0, 1, 500, 999, 9_999, 20_000, 998_421)] == [
        0, 1, 500, 1000, 10_000, 20_000, 1_000_000]  # fmt: skip


def hit(list: str, title: str, kind: Match = Match.EXACT) -> Hit:
    return Hit(list, title, kind, NAME, Category.POPULAR)


def test_the_narrowest_list_comes_first_and_a_parent_s_match_counts_nothing() -> None:
    hits = [hit("tranco", "T1M"), hit("moz-top500", "Moz"), hit("bank-website", "Banks"), hit("dynamic-dns", "Dyn"),
            hit("alexa", "A", Match.PARENT)]  # fmt: skip
    assert hits[0].sort is Class.POPULAR
    lists, others = lists_of(hits, {"tranco": 999_999, "moz-top500": 500, "bank-website": 7})
    assert lists == (Listed("Moz", 500), Listed("T1M", 1_000_000), Listed("Banks"))
    assert others == ("Dyn",)


def assessed(name: str, *benign: bool) -> Assessment:
    origins = tuple(Origin(Evidence("o", "", each, 1, 1, 1, 1, True, frozenset(), 1, 1), 1, 1, (), 1)
                    for each in benign)  # fmt: skip
    return Assessment(Observable(ObservableType.DOMAIN, name), 0, 0, 0, 0, 0, origins, 1, 1, True, 1, 1)


@pytest.mark.parametrize(
    ("benign", "said"),
    [((), Said.NOTHING), ((True,), Said.BENIGN), ((False, False), Said.MALICIOUS), ((False, True), Said.BOTH)],
)
def test_what_is_said_of_a_name(benign: tuple[bool, ...], said: Said) -> None:
    assert said_of(assessed(NAME, *benign)) is said
    assert said_of(None) is Said.NOTHING


def test_those_whom_a_block_would_wrong_come_first() -> None:
    known = KnownGood(compile_lists([("tranco", json.dumps(
        {"name": "T", "type": "hostname", "version": 1, "list": ["shop.host.example"],
         "matching_attributes": ["domain", "hostname"]}).encode())]))  # fmt: skip
    names = {"a.host.example": assessed("a.host.example", False), "b.host.example": assessed("b.host.example", True),
             "c.host.example": None, "shop.host.example": assessed("shop.host.example", False)}  # fmt: skip
    found = circle(names, known, {"c.host.example"})
    assert [(one.name, one.guarded, one.blocked) for one in found.named] == [
        ("shop.host.example", True, False), ("b.host.example", False, False), ("c.host.example", False, True),
        ("a.host.example", False, False)]  # fmt: skip
    assert (found.count, found.accused, found.spared, found.guarded) == (4, 2, 2, 1)
    assert circle({f"tax{n}.gov.uk": None for n in range(NAMED + 5)}, KnownGood.nothing(), set()) == Circle(
        tuple(Near(name, guarded=True) for name in sorted(f"tax{n}.gov.uk" for n in range(NAMED + 5))[:NAMED]),
        NAMED + 5, guarded=NAMED + 5)  # fmt: skip


BELOW = Circle(count=14, accused=12)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Radius(NAME, below=BELOW), "Blocks this name and 14 known names below it, 2 of which nobody calls malicious; "
                                    "on no list of popular names."),
        (Radius(NAME, below=Circle(count=1, accused=1)),
         "Blocks this name and 1 known name below it, which is called malicious; on no list of popular names."),
        (Radius(NAME, below=Circle(count=1)),
         "Blocks this name and 1 known name below it, which nobody calls malicious; on no list of popular names."),
        (Radius(NAME, below=Circle(count=2)),
         "Blocks this name and 2 known names below it, none of them called malicious; on no list of popular names."),
        (Radius(NAME, below=Circle(count=200, accused=200, more=True), lists=(Listed("T", 10_000),)),
         "Blocks this name and at least 200 known names below it, all called malicious; it is among the 10,000 most "
         "popular names."),
        (Radius(f"www.{NAME}", registered=NAME, registered_lists=(Listed("Banks"),)),
         "Blocks this name alone, as far as you may see; evil.example, above it, is a well-known name."),
    ],
)  # fmt: skip
def test_the_verdict_says_it_in_a_line(found: Radius, says: str) -> None:
    assert verdict(found) == says


def test_a_row_of_a_table_states_it_where_it_holds_one_address() -> None:
    def of(text: str) -> list[list[tuple[str, str]]]:
        items = split_body("text/csv", text.encode(), "hosts.csv", Limits())[1].items
        made = [entry(item.kind, item.body, item.subject, **item.meta) for item in items]
        return [edges_of(one, extract_entry(one)) for one in made]

    assert of(f"domain,ip\n{NAME},{ADDRESS}\n{NAME},\n") == [[(NAME, ADDRESS)], []]
    assert of(f"domain,ip,dst_ip\n{NAME},{ADDRESS},198.51.100.7\n") == [[]]
