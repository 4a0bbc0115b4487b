"""MISP attribute types: every one of describeTypes is read, or stands as carrying no observable."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.intake.misp_types import COMPOSITE, SINGLE, WITHOUT, observables_of
from fusioncell.kernel.observable import BadValue

DESCRIBED: list[str] = json.loads((files("pymisp") / "data" / "describeTypes.json").read_text())["result"]["types"]


@pytest.mark.parametrize("name", DESCRIBED)
def test_each_described_type_stands_in_exactly_one_table(name: str) -> None:
    assert [name in table for table in (SINGLE, COMPOSITE, WITHOUT)].count(True) == 1


def test_no_table_names_a_type_that_misp_does_not_have() -> None:
    assert set(SINGLE) | set(COMPOSITE) | WITHOUT == set(DESCRIBED)


READ = {
    "ip": ("ip-dst", "192.0.2.1", ["ipv4-addr 192.0.2.1"]),
    "ip of six": ("ip-src", "2001:DB8::1", ["ipv6-addr 2001:db8::1"]),
    "ip network": ("ip-src", "192.0.2.1/24", ["cidr 192.0.2.0/24"]),
    "ip and port": ("ip-dst|port", "192.0.2.1|443", ["ipv4-addr 192.0.2.1"]),
    "six and port": ("ip-dst|port", "2001:db8::1|443", ["ipv6-addr 2001:db8::1"]),
    "host and port, old spelling": ("hostname|port", "a.example.com:443", ["domain-name a.example.com"]),
    "domain and ip": ("domain|ip", "a.example|192.0.2.1", ["domain-name a.example", "ipv4-addr 192.0.2.1"]),
    "file and hash": ("filename|md5", "x.exe|" + "A" * 32, ["filename x.exe", "md5 " + "a" * 32]),
    "file name with a bar": ("filename|sha1", "x|y.exe|" + "a" * 40, ["filename x|y.exe", "sha1 " + "a" * 40]),
    "malware sample": ("malware-sample", "x.exe|" + "a" * 32, ["filename x.exe", "md5 " + "a" * 32]),
    "file and odd hash": ("filename|sha512/256", "x|" + "a" * 64, ["filename x", "sha512-256 " + "a" * 64]),
    "registry": ("regkey|value", "HKLM\\Run|x.exe", ["windows-registry-key HKEY_LOCAL_MACHINE\\Run",
                                                    "windows-registry-value HKEY_LOCAL_MACHINE\\Run|x.exe"]),
    "url without scheme": ("url", "evil[.]example/x", ["url http://evil.example/x"]),
    "uri path": ("uri", "/gate.php", ["other /gate.php"]),
    "as": ("AS", "AS64512", ["autonomous-system 64512"]),
    "twitter": ("twitter-id", "@Someone", ["social-account twitter:someone"]),
    "soa name": ("dns-soa-email", "hostmaster.example.com", ["domain-name hostmaster.example.com"]),
    "stix pattern": ("stix2-pattern", "[domain-name:value = 'evil.example']", ["domain-name evil.example"]),
    "stix pattern, more than equalities": ("stix2-pattern", "[url:value LIKE 'a%']", []),
    "text": ("text", "evil.example", []),
    "a type of next year": ("quantum-fingerprint", "x", []),
}


@pytest.mark.parametrize("row", READ.values(), ids=READ.keys())
def test_observables_of(row: tuple[str, str, list[str]]) -> None:
    name, value, expected = row
    assert [f"{found.type.value} {found.value}" for found in observables_of(name, value)] == expected


@pytest.mark.parametrize(("name", "value"), [
    ("ip-dst", "999.1.1.1"), ("md5", "xyz"), ("filename|md5", "a.exe"), ("domain|ip", "a.example"),
    ("ip-dst|port", "192.0.2.1|99999"), ("ip-dst|port", "192.0.2.1"), ("url", ""), ("domain", "a" * 64 + ".com"),
])
def test_bad_values_are_refused(name: str, value: str) -> None:
    with pytest.raises(BadValue):
        observables_of(name, value)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(DESCRIBED), st.one_of(st.text(max_size=40), st.sampled_from(
    ["|", "||", "a|b", "1.2.3.4|", "|1", ":", "x|" + "a" * 32, "[", "@", "http://", "HKLM\\|"])))
def test_no_value_does_worse_than_a_bad_value(name: str, value: str) -> None:
    try:
        observables_of(name, value)
    except BadValue:
        pass
