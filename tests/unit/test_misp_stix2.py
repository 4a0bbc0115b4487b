"""Bundles that MISP's converter wrote give the attributes back that they were made of; others, what they name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fusioncell.exchange.misp.stix.read_stix2 import read_stix2
from fusioncell.intake.model import Limits

AT = "2026-11-20T10:00:00.000Z"
UUID = "8ee81fa9-dad5-4e89-aef8-209fb024ae{:02x}"
DIGEST = "a" * 64


def thing(type: str, number: int, **more: Any) -> dict[str, Any]:
    made = {"type": type, "spec_version": "2.1", "id": f"{type}--{UUID.format(number)}", **more}
    return made if "value" in more or type in ("file", "network-traffic", "windows-registry-key") else {
        **made, "created": AT, "modified": AT}  # fmt: skip


def labels(type: str, category: str = "Network activity", **more: str) -> list[str]:
    said = {"type": type, "category": category, **more}
    return [f'misp:{key}="{text}"' for key, text in said.items()]


def indicator(number: int, pattern: str, said: list[str], *, kind: str = "stix", **more: Any) -> dict[str, Any]:
    return thing("indicator", number, pattern=pattern, pattern_type=kind, valid_from=AT, labels=said, **more)


def observed(number: int, refs: list[dict[str, Any]], said: list[str]) -> dict[str, Any]:
    return thing("observed-data", number, first_observed=AT, last_observed=AT, number_observed=1, labels=said,
                 object_refs=[one["id"] for one in refs])  # fmt: skip


def read(*objects: dict[str, Any]) -> list[tuple[str, str, bool]]:
    bundle = {"type": "bundle", "id": f"bundle--{UUID.format(255)}", "objects": list(objects)}
    event = read_stix2(json.dumps(bundle).encode(), Limits())
    return [(one["type"], one["value"], one["to_ids"]) for one in event["Attribute"]]


@pytest.mark.parametrize(("pattern", "type", "value"), [
    ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.2' AND "
     "network-traffic:dst_port = '443']", "ip-dst|port", "192.0.2.2|443"),
    ("[domain-name:value = 'd.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.3']",
     "domain|ip", "d.example|192.0.2.3"),
    (f"[file:name = 'it\\'s.exe' AND file:hashes.'SHA-256' = '{DIGEST}']", "filename|sha256", f"it's.exe|{DIGEST}"),
    ("[windows-registry-key:key = 'HKLM\\\\Run\\\\x' AND windows-registry-key:values.data = '\\\\%TEMP\\\\%\\\\y']",
     "regkey|value", "HKLM\\Run\\x|%TEMP%\\y"),
    ("[autonomous-system:number = '65000']", "AS", "AS65000"), ("[autonomous-system:number = 65000]", "AS", "AS65000"),
    ("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'curl/1']", "user-agent", "curl/1"),
    ("[user-account:account_type = 'github' AND user-account:account_login = 'gh']", "github-username", "gh"),
])  # fmt: skip
def test_an_indicator_is_the_attribute_that_its_labels_name(pattern: str, type: str, value: str) -> None:
    assert read(indicator(1, pattern, labels(type))) == [(type, value, True)]


def test_a_rule_is_freed_of_the_converters_brackets() -> None:
    assert read(indicator(1, "[rule a { condition: true }]", labels("yara", "Artifacts dropped"), kind="yara")) == [
        ("yara", "rule a { condition: true }", True)]  # fmt: skip


def test_what_stands_beside_an_indicator_says_it_no_second_time_and_no_less() -> None:
    name = thing("domain-name", 1, value="a.example")
    said = labels("hostname")
    pair = (observed(1, [name], said), name, indicator(1, "[domain-name:value = 'a.example']", said))
    assert read(*pair) == read(*reversed(pair)) == [("hostname", "a.example", True)]


def test_what_was_only_observed_is_read_from_what_it_refers_to() -> None:
    address, name = thing("ipv4-addr", 2, value="192.0.2.2"), thing("domain-name", 3, value="h.example")
    traffic = thing("network-traffic", 2, dst_ref=address["id"], dst_port=443, protocols=["tcp"])
    web = thing("network-traffic", 3, dst_ref=name["id"], dst_port=80, protocols=["tcp"])
    file = thing("file", 4, name="a.exe", hashes={"SHA-256": DIGEST})
    key = thing("windows-registry-key", 5, key="HKLM\\x", values=[{"data": "y"}])
    assert read(
        observed(2, [traffic, address], labels("ip-dst|port")), traffic, address,
        observed(3, [name, web], labels("hostname|port")), name, web,
        observed(4, [file], labels("filename|sha256", "Payload delivery")), file,
        observed(5, [key], labels("regkey|value", "Persistence mechanism")), key,
    ) == [("ip-dst|port", "192.0.2.2|443", False), ("hostname|port", "h.example|80", False),
          ("filename|sha256", f"a.exe|{DIGEST}", False), ("regkey|value", "HKLM\\x|y", False)]  # fmt: skip


def test_what_stix_has_no_form_for_comes_back_with_its_comment() -> None:
    one = thing("x-misp-attribute", 1, labels=labels("text", "Other", to_ids="True"), x_misp_type="text",
                x_misp_category="Other", x_misp_value="Locky", x_misp_comment="family")  # fmt: skip
    bundle = {"type": "bundle", "id": f"bundle--{UUID.format(255)}", "objects": [one]}
    assert read_stix2(json.dumps(bundle).encode(), Limits())["Attribute"] == [
        {"type": "text", "category": "Other", "value": "Locky", "to_ids": True, "comment": "family"}]  # fmt: skip


def test_a_label_that_does_not_fit_the_pattern_leaves_what_it_names() -> None:
    assert read(indicator(1, "[domain-name:value = 'a.example']", labels("domain|ip"),
                          indicator_types=["malicious-activity"])) == [("domain", "a.example", True)]  # fmt: skip


def test_an_observable_beside_its_indicator_keeps_to_ids_whoever_wrote_it() -> None:
    name = thing("domain-name", 1, value="b.example")
    known = indicator(2, "[domain-name:value = 'b.example']", [], indicator_types=["malicious-activity"])
    assert read(name, known) == read(known, name) == [("domain", "b.example", True)]
