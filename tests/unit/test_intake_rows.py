"""Tables, lists and free text."""

from __future__ import annotations

import pytest

from fusioncell.intake import csvfile, freetext, plainlist
from fusioncell.intake.extract import extract_entry
from fusioncell.intake.formats import split_body
from fusioncell.intake.model import Limits, Split
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.kernel.marking import Tlp

LIMITS = Limits()
Said = list[tuple[str, Role, Stance]]
BAD = (Role.ATTACKER, Stance.MALICIOUS)


def said(found: Split) -> Said:
    """What the items claim, through the door that fusion uses."""
    claims: Said = []
    for item in found.items:
        payload = Payload("", item.subject, item.version, item.place, item.body, item.meta)
        entry = Entry(seq=1, commit_seq=1, at=0, org="o", kind=item.kind, audience=1, contribution="c", digest=b"",
                      chain=b"", payload=payload)
        claims += [(claim.observable.value, claim.role, claim.stance) for claim in extract_entry(entry).claims]
    return claims


TABLES = {
    "header": (b"value,type\nevil.example,domain\n192.0.2.1,ip-dst\n", [("evil.example", *BAD), ("192.0.2.1", *BAD)]),
    "semicolons": (b"id;domain\n1;evil.example\n", [("evil.example", *BAD)]),
    "tabs": (b"id\tdomain\n1\tevil.example\n", [("evil.example", *BAD)]),
    "no header": (b"1,evil.com\n2,bad.com\n", [("evil.com", *BAD), ("bad.com", *BAD)]),
    "header in a comment": (b'# list\n# "id","url","threat"\n"1", "http://evil.example/x", "malware"\n',
                            [("http://evil.example/x", *BAD)]),
    "comments and blanks": (b"domain\n# x\n\nevil.example\n", [("evil.example", *BAD)]),
    "quoted line break": (b'domain,comment\nevil.example,"a\nb"\nbad.example,c\n',
                          [("evil.example", *BAD), ("bad.example", *BAD)]),
    "crlf and byte order mark": (b"\xef\xbb\xbfdomain,comment\r\nevil.example,x\r\n", [("evil.example", *BAD)]),
    "defanged": (b"domain\nevil[.]example\n", [("evil.example", *BAD)]),
    "address and port": (b"ioc_value,ioc_type\n192.0.2.1:443,ip:port\n", [("192.0.2.1", *BAD)]),
    "hashes of one file": (b"md5,sha1\n" + b"ab" * 16 + b"," + b"cd" * 20 + b"\n",
                           [("ab" * 16, *BAD), ("cd" * 20, *BAD)]),
    "the address of a url's host is only mentioned": (b"url,ip\nhttp://evil.example/,192.0.2.1\n",
                                                      [("http://evil.example/", *BAD),
                                                       ("192.0.2.1", Role.CONTEXT, Stance.NONE)]),
    "benign by verdict": (b"domain,verdict\nevil.example,Benign\n", [("evil.example", Role.CONTEXT, Stance.BENIGN)]),
    "whitelisted": (b"domain,whitelisted\na.example,true\nb.example,false\n",
                    [("a.example", Role.CONTEXT, Stance.BENIGN), ("b.example", *BAD)]),
    "a sinkhole": (b"domain,verdict\nseized.example,Sinkholed\n", [("seized.example", Role.SINKHOLE, Stance.NONE)]),
    "suspicious": (b"domain,verdict\nevil.example,suspicious\n", [("evil.example", Role.ATTACKER, Stance.SUSPICIOUS)]),
    "compromised site": (b"domain,is_compromised\nevil.example,True\n",
                         [("evil.example", Role.ABUSED, Stance.MALICIOUS)]),
    "report on hosts": (b'"timestamp","ip","asn","geo","tag"\n"2026-01-02 03:04:05",192.0.2.1,64512,ZZ,ntp\n',
                        [("192.0.2.1", Role.COMPROMISED, Stance.NONE)]),
    "report on victims": (b'"timestamp","dst_ip","dst_asn","dst_geo"\n"2026-01-02 03:04:05",192.0.2.1,64512,ZZ\n',
                          [("192.0.2.1", Role.VICTIM, Stance.NONE)]),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    body, wanted = TABLES[name]
    found = csvfile.split(body, limits=LIMITS)
    assert said(found) == wanted
    assert found.faults == ()


def test_a_row_is_taken_with_its_exact_bytes_place_and_date() -> None:
    body = b'domain,last_seen,x\n"evil.example" ,2026-01-02 03:04:05,"a\n b"\r\nbad.example,,\r\n'
    first, second = csvfile.split(body, limits=LIMITS).items
    assert first.body == b'"evil.example" ,2026-01-02 03:04:05,"a\n b"'
    assert (first.place, second.place) == ("line 2", "line 4")
    assert (first.version, second.version) == (parse_instant("2026-01-02T03:04:05Z"), 0)
    assert first.meta is second.meta


BAD_ROWS = {
    "no value": (b",x", "line 3", "no value"),
    "bad value": (b"not a name,x", "line 3", "character"),
    "label over 63": (b"a" * 64 + b".example,x", "line 3", "63"),
    "bad utf-8": (b"\xff.example,x", "line 3", "UTF-8"),
    "open quote": (b'"evil.example,x', "line 3", "not closed"),
    "too many columns": (b"a.example" + b"," * 2000, "line 3", "columns"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_one_bad_row_is_a_fault_with_its_line_and_the_others_are_kept(name: str) -> None:
    row, place, reason = BAD_ROWS[name]
    found = csvfile.split(b"domain,x\na.example,1\n" + row + b"\nb.example,2\n", limits=LIMITS)
    assert [value for value, *_ in said(found)] == ["a.example", "b.example"]
    assert found.faults[0].place == place and reason in found.faults[0].reason


def test_a_row_carries_its_own_marking_and_an_unreadable_one_is_a_fault() -> None:
    table = b"domain,TLP\na.example,red\nb.example,\nc.example,TLP:CLEAR\nd.example,ours\n"
    found = csvfile.split(table, limits=LIMITS)
    assert [item.tlp for item in found.items] == [Tlp.RED, None, Tlp.CLEAR]
    assert [(fault.place, fault.reason) for fault in found.faults] == [("line 5", "'ours' is no TLP label")]


def test_a_quote_that_never_closes_costs_its_own_row() -> None:
    good = b"".join(b"h%d.example,x\n" % number for number in range(300))
    found = csvfile.split(b'domain,x\nevil.example,"open\n' + good, limits=LIMITS)
    assert [(fault.place, fault.reason) for fault in found.faults] == [
        ("line 2", "a quotation mark is not closed within 64 lines")]
    assert len(found.items) == 300


@pytest.mark.parametrize("body, reason", [
    (b"", "no rows"), (b"# only\n", "no rows"), (b"a,b\n1,2\n", "no column"), (b"\xff\xfed\0", "UTF-16"),
    (b"domain\na\0b\n", "NUL"),
])
def test_what_is_no_table(body: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        csvfile.split(body, limits=LIMITS)


def test_a_row_says_where_it_is_from() -> None:
    body = b"url,tags,confidence,reference,reporter\nhttp://evil.example/,\"a,b\",85,https://r.example/1,abuse\n"
    item = csvfile.split(body, limits=LIMITS).items[0]
    claim = csvfile.extract(item.kind, item.subject, item.version, item.meta, item.body).claims[0]
    assert (claim.context, claim.credibility, claim.creator) == (("a", "b"), 1, "abuse")
    assert claim.keys == (item.subject, "https://r.example/1")


LISTS = {
    "plain": (b"evil.com\n192.0.2.1\nhttp://bad.com/x\n", ["evil.com", "192.0.2.1", "http://bad.com/x"]),
    "defanged": (b"evil[.]com\r\nhxxp://bad[.]com/x\r\n", ["evil.com", "http://bad.com/x"]),
    "comments": (b"# a\n; b\n// c\n\nevil.com # d\n192.0.2.0/24 ; SBL1\n", ["evil.com", "192.0.2.0/24"]),
    "hosts": (b"127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 evil.com\n127.0.0.1\tbad.com # x\n",
              ["evil.com", "bad.com"]),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists(name: str) -> None:
    body, wanted = LISTS[name]
    found = plainlist.split(body, limits=LIMITS)
    assert said(found) == [(value, *BAD) for value in wanted]
    assert found.faults == ()


def test_a_line_that_is_no_indicator_is_a_fault() -> None:
    found = plainlist.split(b"evil.com\nhello world\n\xff\xfe\nbad.com\n", limits=LIMITS)
    assert [item.place for item in found.items] == ["line 1", "line 4"]
    assert {fault.place for fault in found.faults} == {"line 2", "line 3"}


def test_free_text_is_one_item_and_defanged_values_are_the_attackers() -> None:
    body = b"Phishing wave\nhxxps://evil[.]com/login imitates bank.com; evil[.]com again"
    found = freetext.split(body, limits=LIMITS)
    assert found.title == "Phishing wave" and found.items[0].body == body
    claims = said(found)
    assert ("bank.com", Role.CONTEXT, Stance.NONE) in claims
    assert ("https://evil.com/login", *BAD) in claims and ("evil.com", *BAD) in claims


def test_bad_utf8_in_text_is_replaced_and_listed() -> None:
    found = freetext.split(b"one\ntwo \xff hxxp://evil[.]com/\n", limits=LIMITS)
    assert found.faults[0].place == "line 2" and len(said(found)) == 1


def test_bounds() -> None:
    with pytest.raises(TooLarge):
        csvfile.split(b"domain\na.com\nb.com\n", limits=Limits(max_items=1))
    with pytest.raises(TooLarge):
        plainlist.split(b"a.com\nb.com\n", limits=Limits(max_items=1))
    with pytest.raises(TooLarge):
        freetext.split(b"x" * 100, limits=Limits(max_item=10))
    with pytest.raises(TooLarge):
        split_body("text/plain", b"x" * 100, "", Limits(max_body=10))
