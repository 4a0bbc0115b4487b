"""STIX patterns: equalities become observables, the rest is kept with a reason, and nothing blows up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.intake.pattern import MAX_PATTERN, PatternReading, observables_in

MD5, SHA1, SHA256 = "a" * 32, "b" * 40, "c" * 64


def shown(reading: PatternReading) -> list[str]:
    return [f"{found.type.value} {found.value}" for found in reading.equalities]


COMPLETE = {
    "[domain-name:value = 'Evil.example']": ["domain-name evil.example"],
    "[domain-name:value='evil.example']": ["domain-name evil.example"],
    "  [ domain-name:value  ==  'evil.example' ]  ": ["domain-name evil.example"],
    f"[file:hashes.'SHA-256' = '{SHA256}']": [f"sha256 {SHA256}"],
    f"[file:hashes.sha256 = '{SHA256.upper()}']": [f"sha256 {SHA256}"],
    f"[file:hashes.SHA-256 = '{SHA256}']": [f"sha256 {SHA256}"],
    f"[file:hashes.'MD5' = '{MD5}']": [f"md5 {MD5}"],
    f"[file:hashes.md5 = '{MD5}' OR file:hashes.'SHA-1' = '{SHA1}']": [f"md5 {MD5}", f"sha1 {SHA1}"],
    f"[file:hashes.md5 = '{MD5}' AND file:hashes.'SHA-1' = '{SHA1}']": [f"md5 {MD5}", f"sha1 {SHA1}"],
    "[ipv4-addr:value = '192.0.2.1'] OR [ipv6-addr:value = '2001:DB8::1']":
        ["ipv4-addr 192.0.2.1", "ipv6-addr 2001:db8::1"],
    "[ipv4-addr:value = '192.0.2.1/24']": ["cidr 192.0.2.0/24"],
    "[ipv4-addr:value ISSUBSET '192.0.2.0/24']": ["cidr 192.0.2.0/24"],
    "[(url:value = 'http://a.example/' or (url:value IN ('http://b.example/', 'http://c.example/')))]":
        ["url http://a.example/", "url http://b.example/", "url http://c.example/"],
    "[autonomous-system:number = 64512]": ["autonomous-system 64512"],
    "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Run']": ["windows-registry-key HKEY_LOCAL_MACHINE\\Run"],
    "[process:command_line = 'cmd \\'x\\'']": ["process cmd 'x'"],
    "[mutex:name = 'm']": ["mutex m"],
    "[email-addr:value = 'a@b.example']": ["email-addr a@b.example"],
    "[email-message:to_refs[*].value = 'a@b.example']": ["email-addr a@b.example"],
    f"[x509-certificate:hashes.'SHA-1' = '{SHA1}']": [f"x509-sha1 {SHA1}"],
    "[network-traffic:dst_ref.value = '192.0.2.1']": ["ipv4-addr 192.0.2.1"],
    "[network-traffic:dst_ref.value = 'evil.example']": ["domain-name evil.example"],
    "[domain-name:value = 'a.example' OR domain-name:value = 'A.example']": ["domain-name a.example"],
    "[app:id = 'com.spy']": ["mobile-application-id com.spy"],
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']":
        ["ipv4-addr 192.0.2.1"],
    "[(network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'evil.example') AND "
    "network-traffic:dst_port = '8080']": ["domain-name evil.example"],
    f"[file:name = 'x.exe' AND file:hashes.MD5 = '{MD5}' AND file:size = 12]": [f"md5 {MD5}"],
    "[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']":
        ["domain-name a.example"],
}


@pytest.mark.parametrize("pattern", COMPLETE)
def test_equalities_become_observables(pattern: str) -> None:
    reading = observables_in(pattern)
    assert (shown(reading), reading.complete, reading.reason) == (COMPLETE[pattern], True, "")


KEPT = {
    "[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']":
        (["domain-name a.example", "ipv4-addr 192.0.2.1"], "AND"),
    "[ipv4-addr:value = '192.0.2.1' OR network-traffic:dst_port = 443]":
        (["ipv4-addr 192.0.2.1"], "path network-traffic:dst_port"),
    "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']":
        (["domain-name a.example", "domain-name b.example"], "FOLLOWEDBY"),
    "[url:value LIKE 'http://a%']": ([], "LIKE"),
    "[url:value MATCHES '(a+)+$']": ([], "MATCHES"),
    "[domain-name:value != 'a.example']": ([], "!="),
    "[domain-name:value NOT = 'a.example']": ([], "NOT ="),
    "[NOT (domain-name:value = 'a.example')]": ([], "NOT"),
    "[domain-name:value = 'a.example'] WITHIN 5 SECONDS": (["domain-name a.example"], "WITHIN"),
    "[domain-name:value = 'a.example'] START t'2024-01-01T00:00:00Z' STOP t'2025-01-01T00:00:00Z'":
        (["domain-name a.example"], "START, STOP"),
    "[network-traffic:dst_port = 443]": ([], "path network-traffic:dst_port"),
    "[EXISTS file:name]": ([], "EXISTS"),
    "[x-thing:value = 'a']": ([], "path x-thing:value"),
    "[domain-name:value = 'localhost']": ([], "single label"),
    "[domain-name:value = 'localhost' OR domain-name:value = 'a.example']":
        (["domain-name a.example"], "single label"),
    "": ([], "too early"),
    "[": ([], "too early"),
    "[]": ([], "comparison is missing"),
    "[[domain-name:value = 'a.example']]": ([], "comparison is missing"),
    "[domain-name:value = 'a.example'": ([], "too early"),
    "[domain-name:value = 'a.example]": ([], "not a STIX pattern at character"),
    "[domain-name:value = ]": ([], "constant is missing"),
    "[domain-name:value 'a.example']": ([], "not an operator"),
    "[domain-name:value = 'a.example')]": ([], "was not opened"),
    "[domain-name:value = 'a.example' OR]": ([], "comparison is missing"),
    "alert tcp any any": ([], "comparison is missing"),
    "[" + "(" * 1000: ([], "nested"),
}


@pytest.mark.parametrize("pattern", KEPT)
def test_the_rest_is_kept_with_its_reason(pattern: str) -> None:
    expected, reason = KEPT[pattern]
    reading = observables_in(pattern)
    assert shown(reading) == expected
    assert not reading.complete and reason in reading.reason


def test_what_stands_beside_a_value_is_told_apart() -> None:
    named = observables_in(f"[file:name = 'x.exe' AND file:hashes.MD5 = '{MD5}']")
    resolved = observables_in("[domain-name:value = 'a.example' AND "
                              "domain-name:resolves_to_refs[*].value = '192.0.2.1']")
    assert [one.value for one in (*named.beside, *resolved.beside)] == ["x.exe", "192.0.2.1"]


def test_a_negation_never_leaks_a_value() -> None:
    reading = observables_in("[NOT (domain-name:value = 'good.example' OR url:value = 'http://good.example/')]")
    assert reading.equalities == ()


def test_bounds() -> None:
    assert "over" in observables_in("[" + "x" * MAX_PATTERN).reason
    reading = observables_in("[" + " OR ".join(f"mutex:name='{n}'" for n in range(2500)) + "]")
    assert reading.complete and len(reading.equalities) == 2500
    long_list = "[mutex:name IN (" + ",".join(f"'{n}'" for n in range(6000)) + ")]"
    assert observables_in(long_list).reason == "more than 5000 comparisons"


PIECES = st.lists(st.sampled_from([
    "[", "]", "(", ")", "domain-name:value", "file:hashes.'SHA-256'", " = ", " AND ", " OR ", "NOT ", " IN ",
    "'a.example'",
    "'", "\\", ",", " LIKE ", "t'x'", "5", " WITHIN 5 SECONDS", "EXISTS ", " FOLLOWEDBY ", "x", ":", ".", "[*]", "\0",
]), max_size=25).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(PIECES, st.text(max_size=60)))
def test_no_text_makes_it_raise_and_incomplete_says_why(pattern: str) -> None:
    reading = observables_in(pattern)
    assert reading.complete == (reading.reason == "")
    assert not reading.complete or reading.equalities
