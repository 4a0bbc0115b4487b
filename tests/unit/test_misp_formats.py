"""The MISP door's return formats: MISP's shapes, and nothing that a contributor writes leaves its field."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import msgspec
import pytest

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.search import (
    write_context,
    write_csv,
    write_feed,
    write_lists,
    write_rules,
    write_stix2,
    write_xml,
    write_yara,
    write_zone,
)
from fusioncell.exchange.misp.search.formats import FORMATS
from fusioncell.exchange.misp.search.model import About, Hit
from fusioncell.exchange.misp.stix.read_stix2 import read_stix2
from fusioncell.intake.model import Limits

ABOUT = About(base="https://hub.example", now=1_763_743_560, instance="hub")
EVENT: dict[str, Any] = {
    "id": "7", "uuid": "5e36b0a2-0000-4000-8000-000000000001", "info": 'a "title"', "date": "2025-11-01",
    "threat_level_id": "2", "analysis": "1", "distribution": "1", "timestamp": "1763000000", "published": True,
    "Orgc": {"name": "CERT", "uuid": "5e36b0a2-0000-4000-8000-000000000009"}, "Org": {"name": "Hub"},
    "Tag": [{"name": "tlp:green"}, {"name": 'misp-galaxy:mitre-attack-pattern="Phishing - T1566"'}],
}  # fmt: skip


def hit(type: str, value: str, **more: Any) -> Hit:
    of = {"id": "12", "event_id": "7", "uuid": "5e36b0a2-0000-4000-8000-00000000000a", "type": type, "value": value,
          "category": "Network activity", "to_ids": True, "comment": "", "timestamp": "1763000001", **more}  # fmt: skip
    return Hit(of, EVENT)


EVIL = ['evil.example"; sid:1;)\nalert ip any any', "evil.example\nCNAME .", 'a"b', "a\tb", "=1+1", "<x>&amp;",
        "a|b|c", "'); DROP", "\x00", "\u2028"]  # fmt: skip
"""What contributors may write to get out of the field that holds it."""


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("type", ["domain", "ip-dst", "url", "text", "md5", "snort", "yara", "user-agent", "hostname",
                                  "email-subject", "filename|md5", "domain|ip", "ip-dst|port"])  # fmt: skip
def test_no_value_gets_out_of_its_field(name: str, type: str) -> None:
    form = FORMATS[name]
    for evil in EVIL:
        try:
            body = (form.hits([hit(type, evil)], ABOUT) if form.hits else
                    form.events([{**EVENT, "Attribute": [dict(hit(type, evil).attribute)]}], ABOUT))  # type: ignore[misc]
        except MispRefused:
            continue
        text = body.decode()
        if form.media == "application/xml":
            ElementTree.fromstring(text)
        elif form.media == "application/json":
            msgspec.json.decode(body)
        elif name == "csv":
            rows = list(csv.reader(io.StringIO(text)))
            assert {len(row) for row in rows if row} == {13}
        elif name in ("suricata", "snort"):
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            assert all(line.startswith("alert ") and line.endswith(";)") and line.count("sid:") == 1 for line in lines)
        elif name in ("rpz", "hosts", "netfilter"):
            assert "evil.example\"" not in text
            assert "DROP TABLE" not in text
            assert all(line.count("CNAME") <= 1 for line in text.splitlines())


def test_csv_is_misps() -> None:
    one = hit("domain", 'e"vil.example', comment="x,y", Tag=[{"name": "a"}, {"name": "b"}])
    body = write_csv.write_csv([one], ABOUT)
    first, row, *_ = body.decode().split("\n")
    assert first == ("uuid,event_id,category,type,value,comment,to_ids,date,object_relation,attribute_tag,object_uuid,"
                     "object_name,object_meta_category")  # fmt: skip
    assert row == ('"5e36b0a2-0000-4000-8000-00000000000a",7,"Network activity","domain","e""vil.example","x,y",1,'
                   '1763000001,"","a,b","","",""')  # fmt: skip


def test_csv_of_chosen_columns_and_with_context() -> None:
    about = About(requested=("value", "event_id"), flags=frozenset(("headerless",)))
    assert write_csv.write_csv([hit("domain", "evil.example")], about).decode() == '"evil.example",7\n\n'
    about = About(flags=frozenset(("includecontext",)))
    rows = list(csv.DictReader(io.StringIO(write_csv.write_csv([hit("domain", "evil.example")], about).decode())))
    assert rows[0]["event_info"] == 'a "title"'
    assert rows[0]["event_threat_level_id"] == "Medium"
    assert rows[0]["event_source_org"] == "CERT"
    assert rows[0]["event_tag"].startswith("tlp:green,")


def test_csv_usual_and_general_rows_agree() -> None:
    one = hit("domain", "evil.example", object_relation="domain")
    one = Hit(one.attribute, EVENT, {"uuid": "u", "name": "domain-ip", "meta-category": "network"})
    usual = write_csv.write_csv([one], ABOUT).decode().split("\n")[1]
    general = write_csv.write_csv([one], About(requested=(*write_csv.COLUMNS, *write_csv.OBJECT)))
    assert usual in general.decode()


def test_lists() -> None:
    hits = [hit("ip-dst", "192.0.2.1"), hit("domain|ip", "evil.example|192.0.2.7"), hit("domain", "EVIL.example"),
            hit("md5", "d41d8cd98f00b204e9800998ecf8427e"), hit("filename|sha1", "a.exe|" + "a" * 40),
            hit("ip-src", "2001:db8::1"), hit("domain", "two.example")]  # fmt: skip
    assert write_lists.write_text(hits[:1] * 2, ABOUT) == b"192.0.2.1\n"
    assert write_lists.write_hashes(hits, ABOUT).decode() == "d41d8cd98f00b204e9800998ecf8427e\n" + "a" * 40 + "\n"
    assert b"0.0.0.0 evil.example\n0.0.0.0 two.example\n" in write_lists.write_hosts(hits, ABOUT)
    said = write_lists.write_netfilter(hits, ABOUT).decode()
    assert "iptables -A INPUT -s 192.0.2.1 -j DROP\n" in said
    assert "ip6tables -A INPUT -s 2001:db8::1 -j DROP\n" in said
    assert write_lists.write_cache([hit("text", "a")], ABOUT) == b"0cc175b9c0f1b6a831c399e269772661\n"
    assert msgspec.json.decode(write_lists.write_kunai(hits[:2], ABOUT))[1]["value"] == "192.0.2.7"
    zeek = write_lists.write_zeek("all", hits, ABOUT).decode()
    assert "evil.example\tIntel:DOMAIN\tMISP\thttps://hub.example/events/view/7\tT\t-\n" in zeek
    assert "192.0.2.7\tIntel:ADDR\t" in zeek
    with pytest.raises(MispRefused):
        write_lists.write_netfilter(hits, About(options={"netfilteraction": "DROP; rm -rf /"}))


def test_rpz_with_all_its_parameters() -> None:
    hits = [hit("domain", "evil.example"), hit("hostname", "www.two.example"), hit("ip-src", "192.0.2.0/24"),
            hit("ip-dst", "2001:db8::1"), hit("domain|ip", "three.example|192.0.2.9")]  # fmt: skip
    said = write_zone.write_rpz(hits, ABOUT).decode()
    assert "@               SOA localhost. root.localhost (2025112100 2h 30m 30d 1h)" in said
    for line in ("evil.example CNAME .", "*.evil.example CNAME .", "www.two.example CNAME .",
                 "24.0.2.0.192.rpz-ip CNAME .", "128.1.zz.db8.2001.rpz-ip CNAME .", "32.9.2.0.192.rpz-ip CNAME ."
                 ):  # fmt: skip
        assert line + "\n" in said
    assert "*.www.two.example" not in said
    told = write_zone.write_rpz(hits, About(now=1_763_743_560, options={
        "policy": "walled-garden", "walledgarden": "garden.example.", "ns": "ns1.example.", "email": "soc.example.",
        "serial": "$time", "ttl": "5m", "refresh": "1h", "retry": "10m", "expiry": "7d", "minimumttl": "60",
        "nsalt": "ns2.example."})).decode()  # fmt: skip
    assert "$TTL 5m;" in told
    assert "SOA ns1.example. soc.example. (1763743560 1h 10m 7d 60)" in told
    assert "NS ns2.example." in told
    assert "evil.example CNAME garden.example." in told
    bad = write_zone.write_rpz(hits, About(options={"ns": "a\nb", "policy": "nonsense", "ttl": "x", "serial": "-1"}))
    assert b"SOA localhost." in bad
    assert b"CNAME .\n" in bad


@pytest.mark.parametrize(("policy", "target"), [("DROP", "rpz-drop."), ("NODATA", "*."), ("PASSTHRU", "rpz-passthru."),
                                               ("TCP-only", "rpz-tcp-only."), (0, "rpz-drop.")])  # fmt: skip
def test_rpz_policies(policy: object, target: str) -> None:
    assert f"evil.example CNAME {target}\n" in write_zone.write_rpz(
        [hit("domain", "evil.example")], About(options={"policy": policy})).decode()  # fmt: skip


def test_rules_hold_and_their_numbers_stay() -> None:
    hits = [hit("domain", "evil.example"), hit("ip-dst|port", "192.0.2.1|443"), hit("url", "http://e.example/a;b?c=%22")]
    first, again = (write_rules.write_suricata(hits, ABOUT).decode() for _ in range(2))
    assert first == again
    assert 'dns.query; content:"evil.example"; nocase; endswith; pcre:"/(?:^|\\.)evil\\.example$/i";' in first
    assert "alert tcp $HOME_NET any -> 192.0.2.1 443 " in first
    assert "|3B|" in first
    numbers = [part.partition(";")[0] for part in first.split("sid:")[1:]]
    assert len(set(numbers)) == len(numbers)
    assert all(4_000_000 < int(number) < 2**32 for number in numbers)
    given = hit("snort", 'alert tcp any any -> any 80 (msg:"x"; content:"y"; sid:1; rev:2;)')
    snort = write_rules.write_snort([given], ABOUT).decode()
    assert 'content:"y";' in snort
    assert "sid:1;" not in snort


def test_openioc_and_yara() -> None:
    said = write_xml.write_openioc([hit("domain", "a&b.example"), hit("filename|md5", "x|" + "a" * 32)], ABOUT)
    assert b"a&amp;b.example" in said
    rule = hit("yara", "rule x { condition: true }")
    said = write_yara.write_yara([hit("md5", "d41d8cd98f00b204e9800998ecf8427e"), rule], ABOUT)
    assert b"rule x { condition: true }" in said
    assert b'hash.md5(0, filesize) == "d41d8cd98f00b204e9800998ecf8427e"' in said
    parts = msgspec.json.decode(write_yara.write_yara_json([rule], ABOUT))
    assert parts["as-is"][0]["value"] == "rule x { condition: true }"


def test_stix2_is_laid_out_as_misp_stix_lays_it_out() -> None:
    attributes = [dict(hit("text", "note", to_ids=False, uuid="5e36b0a2-0000-4000-8000-00000000000b").attribute),
                  dict(hit("ip-src", "8.8.8.8").attribute)]  # fmt: skip
    bundle = msgspec.json.decode(write_stix2.write_stix2([{**EVENT, "Attribute": attributes}], ABOUT))
    *_, address, indicator, _ = bundle["objects"]
    assert address["value"] == "8.8.8.8"
    assert indicator["pattern"] == (
        "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '8.8.8.8']")  # fmt: skip
    ids = [each["id"] for each in bundle["objects"]]
    assert len(set(ids)) == len(ids)
    refs = {ref for each in bundle["objects"] for ref in each.get("object_refs", ())}
    assert refs <= set(ids)
    assert [each["type"] for each in bundle["objects"]].index("report") == 2


@pytest.mark.parametrize(
    ("type", "value", "pattern"),
    [
        ("domain", "evil.example", "[domain-name:value = 'evil.example']"),
        ("md5", "d41d8cd98f00b204e9800998ecf8427e", "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"),
        ("ip-dst|port", "192.0.2.1|443", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value"
                                         " = '192.0.2.1' AND network-traffic:dst_port = 443]"),
        ("domain|ip", "e.example|192.0.2.1", "[domain-name:value = 'e.example' AND "
                                             "domain-name:resolves_to_refs[*].value = '192.0.2.1']"),
        ("filename", "it's", "[file:name = 'it\\'s']"),
        ("hostname|port", "h.example|8443", "[domain-name:value = 'h.example' AND network-traffic:dst_port = 8443]"),
        ("imphash", "a" * 32, "[file:hashes.IMPHASH = '" + "a" * 32 + "']"),
        ("yara", "rule x { condition: true }", "rule x { condition: true }"),
    ],
)  # fmt: skip
def test_patterns(type: str, value: str, pattern: str) -> None:
    bundle = msgspec.json.decode(
        write_stix2.write_stix2([{**EVENT, "Attribute": [dict(hit(type, value).attribute)]}], ABOUT)
    )
    assert [each["pattern"] for each in bundle["objects"] if each["type"] == "indicator"] == [pattern]


def in_stix2(type: str, value: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Write an event of one attribute; return its objects by type."""
    event = {**EVENT, "Attribute": [dict(hit(type, value, **more).attribute)]}
    objects = msgspec.json.decode(write_stix2.write_stix2([event], ABOUT))["objects"]
    return {each["type"]: each for each in objects}


@pytest.mark.parametrize("type, value, side, port", [
    ("ip-dst|port", "192.0.2.1|443", "dst", 443), ("ip-src|port", "2001:db8::1|53", "src", 53),
    ("hostname|port", "h.example|8443", "dst", 8443), ("ip-dst", "192.0.2.1", "dst", None),
])  # fmt: skip
def test_a_port_stands_in_the_traffic_that_misp_stix_reads(type: str, value: str, side: str, port: int | None) -> None:
    traffic = in_stix2(type, value)["network-traffic"]
    assert traffic.get(f"{side}_port") == port
    assert traffic["id"] in in_stix2(type, value)["observed-data"]["object_refs"]


def test_pairs_and_accounts_stand_as_misp_stix_takes_them_apart() -> None:
    """It reads the first two of a ``hostname|port``, the data of a ``regkey|value``, and GitHub's accounts alone."""
    pair = in_stix2("hostname|port", "h.example|80")["observed-data"]["object_refs"]
    assert [one.partition("--")[0] for one in pair] == ["domain-name", "network-traffic"]
    key = in_stix2("regkey|value", "HKLM\\Run\\x|y.exe")
    assert key["windows-registry-key"]["values"] == [{"data": "y.exe"}]
    assert key["indicator"]["pattern"].endswith(" AND windows-registry-key:values.data = 'y.exe']")
    account = in_stix2("github-username", "gh")["user-account"]
    assert (account["account_type"], account["account_login"]) == ("github", "gh")
    assert in_stix2("target-user", "bob")["x-misp-attribute"]["x_misp_value"] == "bob"


@pytest.mark.parametrize("type, value", [
    ("domain", "a.example"), ("ip-dst|port", "192.0.2.1|443"), ("hostname|port", "h.example|80"), ("AS", "65000"),
    ("regkey|value", "HKEY_LOCAL_MACHINE\\Run\\x|y.exe"), ("filename|sha256", "it's.exe|" + "a" * 64),
    ("domain|ip", "d.example|192.0.2.3"), ("github-username", "gh"), ("text", "note"), ("email-src", "a@b.example"),
    ("yara", "rule x { condition: true }"), ("vulnerability", "CVE-2024-0001"), ("mutex", "m"), ("port", "443"),
])  # fmt: skip
@pytest.mark.parametrize("to_ids", [True, False])
def test_what_is_written_is_read_back(type: str, value: str, to_ids: bool) -> None:
    event = {**EVENT, "Attribute": [dict(hit(type, value, to_ids=to_ids).attribute)]}
    read = read_stix2(write_stix2.write_stix2([event], ABOUT), Limits())
    whole = f"AS{value}" if type == "AS" else value
    assert [(one["type"], one["value"], one["to_ids"]) for one in read["Attribute"]] == [(type, whole, to_ids)]


@pytest.mark.parametrize("type", ["yara", "sigma", "snort"])
def test_a_rule_is_an_indicator_in_its_own_language(type: str) -> None:
    ruled = in_stix2(type, "rule x { condition: true }")["indicator"]
    assert (ruled["pattern_type"], ruled["pattern"]) == (type, "rule x { condition: true }")
    assert "pattern_version" not in ruled
    assert in_stix2(type, "a note on rules", to_ids=False)["x-misp-attribute"]["x_misp_value"] == "a note on rules"


def test_a_cve_is_a_vulnerability() -> None:
    found = in_stix2("vulnerability", "CVE-2024-1234", to_ids=False)
    assert found["vulnerability"]["external_references"] == [{"source_name": "cve", "external_id": "CVE-2024-1234"}]
    assert found["vulnerability"]["id"] in found["report"]["object_refs"]


def test_context() -> None:
    found = msgspec.json.decode(write_context.write_context([EVENT, EVENT], ABOUT))
    assert list(found["tags"]) == ["tlp"]
    assert found["attackData"]["scores"] == {'misp-galaxy:mitre-attack-pattern="Phishing - T1566"': 2}
    assert b"tlp:green" in write_context.write_markdown([EVENT], ABOUT)
    rows = msgspec.json.decode(write_context.write_attack_sightings([EVENT], ABOUT))
    assert rows[0]["techniques"] == [{"techniqueID": "T1566"}]


def test_a_feed_leaves_out_what_is_the_instances_own() -> None:
    event = {**EVENT, "Tag": [*EVENT["Tag"], {"name": "mine", "local": True}], "Attribute": [
        dict(hit("domain", "evil.example", distribution="5").attribute)]}  # fmt: skip
    kept = write_feed.event_file(event)["Event"]
    assert not {"id", "Org", "distribution"} & kept.keys()
    assert not {"id", "event_id", "distribution"} & kept["Attribute"][0].keys()
    assert [tag["name"] for tag in kept["Tag"]] == [tag["name"] for tag in EVENT["Tag"]]
    assert write_feed.hash_lines("u", [("domain|ip", "a|b"), ("md5", "a")]) == [
        "0cc175b9c0f1b6a831c399e269772661,u", "92eb5ffee6ae2fec3ad71c777531578f,u"]  # fmt: skip
