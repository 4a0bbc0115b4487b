"""STIX 1 out and in at the MISP door: values, markings, what has no object of its own; nothing dangerous is read."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from fusioncell.exchange.misp.search.model import About
from fusioncell.exchange.misp.search.write_stix1 import write_stix1_json, write_stix1_xml
from fusioncell.exchange.misp.stix.read_stix1 import read_stix1
from fusioncell.exchange.misp.stix.read_stix2 import read_stix2
from fusioncell.intake.model import Limits
from fusioncell.kernel.errors import BadInput

UUID = "0b8ad5c2-7d05-4b2f-9c3e-{:012d}"
EVENT = {
    "uuid": UUID.format(0), "info": "Phish <&> more", "Tag": [{"name": "tlp:amber"}],
    "Attribute": [
        {"uuid": UUID.format(1), "type": "ip-src", "category": "Network activity", "value": "198.51.100.7",
         "to_ids": True},
        {"uuid": UUID.format(2), "type": "domain", "category": "Network activity", "value": "bad.example",
         "to_ids": False},
        {"uuid": UUID.format(3), "type": "md5", "category": "Payload delivery",
         "value": "d41d8cd98f00b204e9800998ecf8427e", "to_ids": True, "Tag": [{"name": "tlp:amber+strict"}]},
        {"uuid": UUID.format(4), "type": "text", "category": "Other", "value": "]]>\"'<x>", "to_ids": False},
    ],
}  # fmt: skip
ABOUT = About(org="Us & them")


def test_the_json_has_the_form_of_its_python_library() -> None:
    made = msgspec.json.decode(write_stix1_json([EVENT], ABOUT))
    package = made["related_packages"]["related_packages"][0]["package"]
    incident = package["incidents"][0]
    first = incident["related_indicators"]["indicators"][0]["indicator"]["observable"]["object"]["properties"]
    assert first["address_value"]["value"] == "198.51.100.7" and first["is_source"] is True
    assert len(incident["related_observables"]["observables"]) == 1
    assert incident["history"]["history_items"][0]["journal_entry"]["value"].startswith("attribute[Other][text]: ")
    colour = package["stix_header"]["handling"][0]["marking_structures"][0]["color"]
    assert colour == "RED"  # TLP 1.0 has no AMBER+STRICT; the next stricter one is named.


def test_the_xml_is_well_formed_and_is_read_back() -> None:
    text = write_stix1_xml([EVENT], ABOUT)
    ElementTree.fromstring(text)
    assert b'<AddressObj:Address_Value condition="Equals">198.51.100.7</AddressObj:Address_Value>' in text
    assert b'color="RED"' in text
    back = read_stix1(text)
    assert back["info"] == "Phish <&> more"
    found = {(one["type"], one["value"]): one["to_ids"] for one in back["Attribute"]}
    assert found[("domain", "bad.example")] is False
    assert found[("md5", "d41d8cd98f00b204e9800998ecf8427e")] is True


@pytest.mark.parametrize("body", [
    b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>",
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
    b"<x>" * 200 + b"</x>" * 200,
    b"<x", b"no xml", b"",
])  # fmt: skip
def test_what_is_dangerous_or_no_xml_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        read_stix1(body)


def test_a_bundle_becomes_an_event_with_its_strictest_marking() -> None:
    bundle = {"type": "bundle", "id": "bundle--" + UUID.format(9), "objects": [
        {"type": "report", "spec_version": "2.1", "id": "report--" + UUID.format(10), "name": "Weekly",
         "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-02T00:00:00Z",
         "object_refs": ["indicator--" + UUID.format(11)]},
        {"type": "indicator", "spec_version": "2.1", "id": "indicator--" + UUID.format(11), "pattern_type": "stix",
         "pattern": "[url:value = 'http://bad.example/x']", "indicator_types": ["malicious-activity"],
         "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "valid_from": "2026-01-01T00:00:00Z",
         "object_marking_refs": ["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]},
        {"type": "malware", "spec_version": "2.1", "id": "malware--" + UUID.format(12), "name": "Emotet",
         "is_family": True, "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z"},
    ]}  # fmt: skip
    event = read_stix2(msgspec.json.encode(bundle), Limits())
    assert (event["info"], event["date"]) == ("Weekly", "2026-01-02")
    assert event["Tag"] == [{"name": "tlp:amber"}]
    found = {(one["type"], one["value"]): one["to_ids"] for one in event["Attribute"]}
    assert found[("url", "http://bad.example/x")] is True
    assert found[("text", "Emotet")] is False


def test_labels_of_misp_say_the_type() -> None:
    bundle = {"type": "bundle", "spec_version": "2.0", "id": "bundle--" + UUID.format(9), "objects": [
        {"type": "observed-data", "id": "observed-data--" + UUID.format(1), "number_observed": 1,
         "labels": ['misp:type="ip-src"', 'misp:category="Payload delivery"', 'misp:to_ids="True"'],
         "created": "2021-08-24T10:53:13.000Z", "modified": "2021-08-24T10:53:13.000Z",
         "first_observed": "2021-08-24T10:53:13Z", "last_observed": "2021-08-24T10:53:13Z",
         "objects": {"0": {"type": "ipv4-addr", "value": "198.51.100.9"}}},
    ]}  # fmt: skip
    (one,) = read_stix2(msgspec.json.encode(bundle), Limits())["Attribute"]
    assert (one["type"], one["category"], one["to_ids"]) == ("ip-src", "Payload delivery", True)
