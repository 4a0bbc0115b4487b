"""The shapes in which feeds and platforms hand out their indicators; the values are made up."""

from __future__ import annotations

import json

import pytest

from fusioncell.intake.extract import EXTRACTORS
from fusioncell.intake.formats import split_body
from fusioncell.intake.model import Limits
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.errors import UnsupportedMedia
from fusioncell.kernel.marking import Tlp

LIMITS = Limits()
BAD = (Role.ATTACKER, Stance.MALICIOUS)
SEEN = (Role.CONTEXT, Stance.NONE)
HOST = (Role.COMPROMISED, Stance.NONE)
MD5, SHA1, SHA256 = "0123456789abcdef" * 2, "01234abcde" * 4, "fedcba9876543210" * 4
Said = list[tuple[str, Role, Stance]]


def claims(body: bytes | str, filename: str = "") -> tuple[str, list[Claim]]:
    """The format's name, and what the items claim."""
    name, found = split_body("", body.encode() if isinstance(body, str) else body, filename, LIMITS)
    said = [EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body) for item in found.items]
    return name, [claim for one in said for claim in one.claims]


def said(body: bytes | str, filename: str = "") -> tuple[str, Said]:
    name, found = claims(body, filename)
    return name, [(claim.observable.value, claim.role, claim.stance) for claim in found]


PULSE = {"id": "1", "name": "A pulse", "author_name": "A lab", "tags": ["apt", "kitten"], "TLP": "green",
         "references": ["https://vendor.example/report"], "indicators": [
             {"indicator": "evil.example", "type": "domain", "created": "2026-01-02T03:04:05", "role": None},
             {"indicator": SHA1, "type": "FileHash-SHA1"}, {"indicator": "CVE-2026-1234", "type": "CVE"}]}
JSON: dict[str, tuple[object, Said]] = {
    "a list of objects": ([{"Indicator": "evil.example", "Description": ""}, {"Indicator": MD5}],
                          [("evil.example", *BAD), (MD5, *BAD)]),
    "by id, as ThreatFox exports": (
        {"12": [{"ioc_value": "192.0.2.1:443", "ioc_type": "ip:port", "tags": None}],
         "11": [{"ioc_value": "evil.example", "ioc_type": "domain"}]}, [("192.0.2.1", *BAD), ("evil.example", *BAD)]),
    "in data, as its API answers": ({"query_status": "ok", "data": [{"id": "1", "ioc": "evil.example"}]},
                                    [("evil.example", *BAD)]),
    "an OTX pulse": (PULSE, [("evil.example", *BAD), (SHA1, *BAD), ("CVE-2026-1234", *SEEN)]),
    "a page of pulses": ({"count": 1, "results": [PULSE]},
                         [("evil.example", *BAD), (SHA1, *BAD), ("CVE-2026-1234", *SEEN)]),
    "a controller and its reverse name": (
        [{"ip_address": "192.0.2.1", "port": 443, "hostname": "h1.cloud.example", "malware": "X"}],
        [("192.0.2.1", *BAD), ("h1.cloud.example", *SEEN)]),
    "PhishTank": ([{"phish_id": 1, "url": "https://evil.example/x", "details": [{"ip_address": "192.0.2.1"}]}],
                  [("https://evil.example/x", *BAD)]),
    "IntelMQ, an infected host": ([{"source.ip": "192.0.2.1", "classification.type": "infected-system",
                                    "time.source": "2026-01-02T03:04:05+00:00"}], [("192.0.2.1", *HOST)]),
    "IntelMQ, phishing": ([{"source.url": "http://evil.example/x", "classification.type": "phishing"}],
                          [("http://evil.example/x", *BAD)]),
    "IntelMQ, of no kind": ([{"source.ip": "192.0.2.1", "time.source": "2026-01-02T03:04:05+00:00"}],
                            [("192.0.2.1", *HOST)]),
    "CTIP": ([{"networksourceipv4": "192.0.2.1", "networkdestinationipv4": "198.51.100.1", "hostname": "s.example"}],
             [("192.0.2.1", *HOST)]),
    "numbers as ids, types of one's own": ([{"id": 1, "type": "ban", "scope": "Ip", "value": "192.0.2.1"}],
                                           [("192.0.2.1", *BAD)]),
    "whitelisted": ([{"domain": "good.example", "whitelisted": True}], [("good.example", Role.CONTEXT, Stance.BENIGN)]),
}


@pytest.mark.parametrize("name", JSON)
def test_json_of_rows(name: str) -> None:
    body, expected = JSON[name]
    assert said(json.dumps(body, indent=1), "feed.json") == ("json", expected)


def test_what_stands_around_a_list_is_said_of_its_rows() -> None:
    found = split_body("application/json", json.dumps([PULSE]).encode(), "", LIMITS)[1]
    _, (first, *_) = claims(json.dumps([PULSE]))
    assert {item.tlp for item in found.items} == {Tlp.GREEN}
    assert (first.context, first.creator, first.stated) == (("apt", "kitten"), "A lab",
                                                            parse_instant("2026-01-02T03:04:05Z"))
    assert "https://vendor.example/report" in first.keys


def test_the_marking_of_a_json_row_is_kept_or_the_row_is_not() -> None:
    rows = [{"domain": "a.example", "tlp": "red"}, {"domain": "b.example", "tags": ["x", "tlp:amber"]},
            {"domain": "c.example", "tlp": "purple"}]
    for body in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        _, found = split_body("", body.encode(), "", LIMITS)
        assert [item.tlp for item in found.items] == [Tlp.RED, Tlp.AMBER] and len(found.faults) == 1


@pytest.mark.parametrize("body", [
    {"data": [{"id": SHA256, "type": "file", "attributes": {"md5": MD5}}]},
    {"dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2026-1234"}},
    {"name": "known resolvers", "type": "string", "list": ["192.0.2.1"]},
    {"hosts": {"a": {"ip": "192.0.2.1"}}},
])
def test_other_json_accuses_nobody(body: object) -> None:
    with pytest.raises(UnsupportedMedia):
        split_body("application/json", json.dumps(body).encode(), "", LIMITS)


def test_json_lines_are_known_whatever_they_are_called() -> None:
    rows = ('{"cidr":"192.0.2.0/24","sblid":"SBL1"}\n{"cidr":"198.51.100.0/24","sblid":"SBL2"}\n'
            '{"type":"metadata","records":2}\n')
    assert said(rows, "drop_v4.json") == ("jsonl", [("192.0.2.0/24", *BAD), ("198.51.100.0/24", *BAD)])
    assert split_body("", rows.encode(), "drop.txt", LIMITS)[1].faults == ()
    networks = '{"asn":64496,"domain":"isp.example","asname":"ISP"}\n{"asn":64497,"domain":"i2.example","asname":"I"}'
    assert said(networks)[1] == [("64496", *BAD), ("64497", *BAD)]


def test_a_log_accuses_nobody() -> None:
    line = b'{"event_type":"dns","src_ip":"192.0.2.1","dest_ip":"198.51.100.1"}\n'
    _, found = split_body("", line * 2, "eve.json", LIMITS)
    assert not found.items and "log" in found.faults[0].reason


def test_the_attributes_of_a_search_of_misps() -> None:
    def attribute(number: int, event: int, value: str) -> dict[str, object]:
        return {"type": "ip-dst", "value": value, "to_ids": True, "timestamp": "1700000000",
                "uuid": f"00000000-0000-4000-8000-00000000000{number}",
                "Event": {"uuid": f"00000000-0000-4000-9000-00000000000{event}", "info": f"event {event}"}}

    body = {"response": {"Attribute": [attribute(1, 1, "192.0.2.1"), attribute(2, 2, "192.0.2.2"),
                                       attribute(3, 1, "192.0.2.3")]}}
    name, found = split_body("application/json", json.dumps(body).encode(), "", LIMITS)
    assert name == "misp" and [item.kind for item in found.items] == [
        "misp.event", "misp.attribute", "misp.attribute", "misp.event", "misp.attribute"]
    assert [value for value, *_ in said(json.dumps(body))[1]] == ["192.0.2.1", "192.0.2.3", "192.0.2.2"]


TABLES = {
    "types of its own, a reference, paths": (
        f"Indicator_type,Data,Note\nDescription,https://vendor.example/a,about\ndomain,evil.example,c2\n"
        f"file_path,C:\\temp\\*.exe,x\nsha256,{SHA256} ,x\n",
        [("https://vendor.example/a", *SEEN), ("evil.example", *BAD), ("C:\\temp\\*.exe", *BAD), (SHA256, *BAD)]),
    "several hashes in a cell": (f'value,entity_type\nevil.example,hostname\n"{SHA256},{MD5},{SHA1}",file\n',
                                 [("evil.example", *BAD), (SHA256, *BAD), (MD5, *BAD), (SHA1, *BAD)]),
    "MISP's own CSV": (
        f"uuid,event_id,type,value,to_ids\n1,1,ip-dst|port,192.0.2.1|80,1\n2,1,filename|md5,a.exe|{MD5},1\n"
        "3,1,link,https://vendor.example/a,0\n4,1,domain,mentioned.example,0\n",
        [("192.0.2.1", *BAD), ("a.exe", *BAD), (MD5, *BAD), ("https://vendor.example/a", *SEEN),
         ("mentioned.example", *SEEN)]),
    "the value in whichever column": ("domain,ip,md5\nevil.example,,\n,192.0.2.1,-\n,," + MD5 + "\n",
                                      [("evil.example", *BAD), ("192.0.2.1", *BAD), (MD5, *BAD)]),
    "names run together": ("# Firstseen,DstIP,DstPort,Malware\n2026-01-02 03:04:05,192.0.2.1,80,X\n",
                           [("192.0.2.1", *BAD)]),
    "certificates": (f"# Listingdate,SHA1,Listingreason\n2026-01-02 03:04:05,{SHA1},C&C\n", [(SHA1, *BAD)]),
    "no header, a date": ("# a list, of addresses\n192.0.2.1,used by X,2026-01-02 03:04,http://feed.example/a\n"
                          "192.0.2.2,used by Y,2026-01-02 03:04,http://feed.example/b\n",
                          [("192.0.2.1", *BAD), ("192.0.2.2", *BAD)]),
    "pipes, a header far up": (
        "# ASN  |  ASname  |  saddr  |  utc  |  category\n#\n# Each field is described below, with words.\n"
        "NA  |  NA  |  192.0.2.1  |  2026-01-02 03:04:05  |  ssh\n"
        "NA  |  NA  |  192.0.2.2  |  2026-01-02 03:04:05  |  ssh\n", [("192.0.2.1", *BAD), ("192.0.2.2", *BAD)]),
    "Zeek's intelligence": (
        "#fields\tindicator\tindicator_type\tmeta.source\tmeta.url\n192.0.2.1\tIntel::ADDR\tx\thttp://feed.example/a\n"
        "evil.example/a.exe\tIntel::URL\tx\t-\n", [("192.0.2.1", *BAD), ("http://evil.example/a.exe", *BAD)]),
    "exploited, not guilty": ("cve,comment\nCVE-2026-1234,exploited\n", [("CVE-2026-1234", *SEEN)]),
    "hosts that a botnet holds": ("; ip, asn, lastseen, botname, domain\n192.0.2.1,AS64496,1441008970,x,sink.example\n"
                                  "192.0.2.2,AS64496,1441008970,x,\n", [("192.0.2.1", *HOST), ("192.0.2.2", *HOST)]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    body, expected = TABLES[name]
    got = said(body)
    assert got[0] == "csv"
    assert [one for one in got[1] if one in expected] == expected
    assert {one for one in got[1] if one[2] is not Stance.NONE} <= set(expected)


def test_the_marking_of_a_row_in_its_tags() -> None:
    _, found = split_body("text/csv", b"value,attribute_tag\na.example,tlp:red\nb.example,x\n", "", LIMITS)
    assert [item.tlp for item in found.items] == [Tlp.RED, None]


def test_a_table_of_exploited_vulnerabilities_is_read_elsewhere() -> None:
    with pytest.raises(UnsupportedMedia, match="vulnerabilities"):
        split_body("text/csv", b"cveID,vendorProject,dateAdded\nCVE-2026-1234,X,2026-01-02\n", "", LIMITS)


@pytest.mark.parametrize("date, meant", [
    ("2026/01/02 03:04", "2026-01-02T03:04:00Z"), ("02.01.2026", "2026-01-02T00:00:00Z"),
    ("Fri, 02 Jan 2026 03:04:05 +0000", "2026-01-02T03:04:05Z"), ("01/02/2026", ""), ("soon", ""), ("99.99.2026", "")])
def test_dates_as_tables_spell_them(date: str, meant: str) -> None:
    _, (first, *_) = claims(f'domain,date\nevil.example,"{date}"\n')
    assert first.stated == (parse_instant(meant) if meant else None)


def test_rows_without_a_header_are_dated() -> None:
    _, found = claims("192.0.2.1,used by X,2026-01-02 03:04\n192.0.2.2,used by Y,2026-01-02 03:04\n")
    assert found[0].stated == parse_instant("2026-01-02T03:04:00Z")


LISTS = {
    "AdGuard": ("! Title: a filter\n||evil.example^\n||192.0.2.1^$all\n@@||good.example^\nshop.example##.banner\n",
                ["evil.example", "192.0.2.1"]),
    "Adblock Plus": ("[Adblock Plus]\n||evil.example^\n", ["evil.example"]),
    "dnsmasq": ("# x\naddress=/a.example/\naddress=/b.example/0.0.0.0\nlocal=/c.example/\nserver=/d.example/#\n",
                ["a.example", "b.example", "c.example", "d.example"]),
    "Unbound": ('server:\nlocal-zone: "a.example." always_nxdomain\nlocal-zone: b.example refuse\n'
                'local-data: "c.example A 0.0.0.0"\nlocal-zone: "good.example" transparent\n',
                ["a.example", "b.example", "c.example"]),
    "response policy zone": (
        "$TTL 30\n@ SOA ns.feed.example. x.feed.example. 1 300 1800 604800 30\n NS localhost.\n; about\n"
        "testentry.rpz.feed.example CNAME . ; a test\nevil.example CNAME . ; see https://feed.example/1\n"
        "*.evil.example 60 IN CNAME .\n32.1.2.0.192.rpz-ip CNAME .\ngood.example CNAME rpz-passthru.\n",
        ["evil.example", "evil.example", "192.0.2.1"]),
    "wildcards": ("*.evil.example\n.bad.example\n", ["evil.example", "bad.example"]),
    "hosts": ("127.0.0.1 localhost\n255.255.255.255 broadcasthost\nff00::0 ip6-localnet\nfe80::1%lo0 localhost\n"
              "0.0.0.0 a.example b.example\n0.0.0.0 c.example # x\n", ["a.example", "b.example", "c.example"]),
    "digests of files": (f"{SHA256}  a file.exe\n{MD5} *b.dll\n", [SHA256, MD5]),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists(name: str) -> None:
    body, expected = LISTS[name]
    assert said(body) == ("list", [(value, *BAD) for value in expected])
    assert split_body("", body.encode(), "", LIMITS)[1].faults == ()


@pytest.mark.parametrize("line", ["server=/corp.example/192.0.2.53", "address=/site.example/192.0.2.80",
                                  "evil.example.rpz.feed.example. CNAME .", "site.example CNAME other.example."])
def test_what_resolvers_only_forward_or_rewrite_accuses_nobody(line: str) -> None:
    assert said(line, "x.list")[1] == [] or all(stance is Stance.NONE for _, _, stance in said(line, "x.list")[1])


def test_an_ending_alone_makes_no_list() -> None:
    assert said("192.0.2.1,C2,100\n192.0.2.2,C2,50\n", "reputation.list") == (
        "csv", [("192.0.2.1", *BAD), ("192.0.2.2", *BAD)])


def test_a_listed_cve_is_only_mentioned() -> None:
    assert said("CVE-2026-1234\nevil.example\n") == ("list", [("CVE-2026-1234", *SEEN), ("evil.example", *BAD)])


def test_hashes_of_a_text_that_defangs_are_its_indicators() -> None:
    report = f"About X\n{SHA256} loader.exe\nSee https://vendor.example/report\n"
    assert said(report)[1] == [(SHA256, *SEEN), ("https://vendor.example/report", *SEEN)]
    assert said(report + "C2: evil[.]example\n")[1] == [
        (SHA256, *BAD), ("https://vendor.example/report", *SEEN), ("evil.example", *BAD)]


@pytest.mark.parametrize("text", [
    "Mozilla/5.0 Chrome/120.0.0.0 Safari", 'version = "1.2.3.4"', "see Section 3.1.2.4 of it", "uses System.IO here",
    'http.host; content:"x"'])
def test_what_only_looks_like_a_value_in_a_text(text: str) -> None:
    assert said("A report says:\n" + text)[1] == []


def test_a_hash_of_imports_is_not_a_files() -> None:
    _, found = claims(f'condition: pe.imphash() == "{MD5}"')
    assert [claim.observable.type.value for claim in found] == ["imphash"]


@pytest.mark.parametrize("body", [
    b'<?xml version="1.0"?>\n<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1">',
    b'<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition/></ioc>',
    b'<?xml version="1.0"?><IODEF-Document xmlns="urn:ietf:params:xml:ns:iodef-2.0"/>'])
def test_older_xml_is_told_what_to_do(body: bytes) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        split_body("", body, "x.ioc", LIMITS)
    assert "STIX 2" in refused.value.hint


def test_a_text_is_called_by_its_first_words() -> None:
    assert split_body("", b"######\n## Feed of X ##\n", "", LIMITS)[1].title == "Feed of X"
