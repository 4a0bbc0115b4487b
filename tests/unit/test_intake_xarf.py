"""Abuse reports in X-ARF 4: what they say, of whom, and what is not taken. All reports are made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fusioncell.intake import export_native
from fusioncell.intake.extract import extract_entry
from fusioncell.intake.formats import split_body
from fusioncell.intake.model import Extract, Limits, Split
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import BadInput, UnsupportedMedia

LIMITS = Limits()
BAD, DOUBTFUL = (Role.ATTACKER, Stance.MALICIOUS), (Role.ATTACKER, Stance.SUSPICIOUS)
HIT, HOST, NAMED, VICTIM = [(role, Stance.NONE)
                            for role in (Role.COMPROMISED, Role.ABUSED, Role.CONTEXT, Role.VICTIM)]
PERSON = {"org": "Made-up Abuse Desk", "contact": "jo.bloggs@desk.example", "domain": "desk.example"}


def report(**fields: Any) -> dict[str, Any]:
    """A whole report; a field given as None is left out."""
    made = {"xarf_version": "4.2.0", "report_id": "6a8a9d1e-2f0b-4d55-9d0c-1b9f3f1f7a01",
            "timestamp": "2026-01-11T12:17:20Z", "reporter": PERSON, "sender": PERSON,
            "source_identifier": "192.0.2.7", "source_port": 45621, "category": "connection", "type": "login_attack",
            "evidence_source": "honeypot", "tags": ["attack:brute_force"], **fields}  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def cut(body: object, media: str = "application/json", filename: str = "") -> Split:
    """Cut a body, which must be taken for X-ARF."""
    name, found = split_body(media, json.dumps(body).encode(), filename, LIMITS)
    assert name == "xarf"
    return found


def entries(found: Split) -> list[Entry]:
    return [
        Entry(seq=1, commit_seq=1, at=0, org="o", kind=item.kind, audience=1, contribution="c", digest=b"", chain=b"",
              payload=Payload("", item.subject, item.version, item.place, item.body, item.meta))
        for item in found.items
    ]  # fmt: skip


def read(body: object) -> Extract:
    """What one report says, through the door that fusion uses."""
    return extract_entry(entries(cut(body))[0])


SAYS: dict[str, tuple[dict[str, Any], dict[str, tuple[Role, Stance]]]] = {
    "an attack": ({"destination_ip": "198.51.100.9", "destination_port": 22},
                  {"192.0.2.7": BAD, "198.51.100.9": VICTIM}),
    "a scan": ({"type": "port_scan"}, {"192.0.2.7": DOUBTFUL}),
    "an infected host": ({"type": "infected_host"}, {"192.0.2.7": HIT}),
    "spam, and whom it went to": ({"category": "messaging", "type": "spam", "smtp_from": "a@evil.example",
                                   "smtp_to": "victim@people.example"},
                                  {"192.0.2.7": DOUBTFUL, "a@evil.example": NAMED}),
    "a page, and who hosts it": ({"category": "content", "type": "phishing", "url": "http://evil.example/login",
                                  "submission_url": "http://drop.example/post"},
                                 {"http://evil.example/login": BAD, "http://drop.example/post": BAD,
                                  "192.0.2.7": HOST}),
    "a hacked site": ({"category": "content", "type": "remote_compromise", "url": "http://hacked.example/x"},
                      {"http://hacked.example/x": HIT, "192.0.2.7": HIT}),
    "malware": ({"category": "content", "type": "malware", "url": "http://evil.example/a",
                 "file_hashes": {"md5": "ab" * 16, "ssdeep": "3:a:b"}, "c2_servers": [{"address": "c2.example"}]},
                {"http://evil.example/a": BAD, "ab" * 16: BAD, "c2.example": BAD, "192.0.2.7": HOST}),
    "a doubtful name": ({"category": "content", "type": "suspicious_registration", "source_identifier": "g00d.example",
                         "url": "http://g00d.example/", "domain": "g00d.example",
                         "related_domains": [{"domain": "g000d.example"}]},
                        {"g00d.example": DOUBTFUL, "http://g00d.example/": NAMED, "g000d.example": NAMED}),
    "a bot and its controller": ({"category": "infrastructure", "type": "botnet", "c2_server": "c2.example:8080"},
                                 {"192.0.2.7": HIT, "c2.example": BAD}),
    "a block list": ({"category": "reputation", "type": "blocklist"}, {"192.0.2.7": BAD}),
    "an open service": ({"category": "vulnerability", "type": "open_service"}, {"192.0.2.7": NAMED}),
    "somebody's film": ({"category": "copyright", "type": "p2p"}, {"192.0.2.7": NAMED}),
    "a category to come": ({"category": "new", "type": "newer"}, {"192.0.2.7": NAMED}),
}


@pytest.mark.parametrize("name", SAYS)
def test_what_a_report_says(name: str) -> None:
    fields, expected = SAYS[name]
    assert {claim.observable.value: (claim.role, claim.stance) for claim in read(report(**fields)).claims} == expected


def test_when_by_whom_and_how_surely() -> None:
    """The latest instant counts; the reporter's organisation and the report's id tell a relay; people are left out."""
    said = read(report(last_seen="2026-02-01T00:00:00Z", confidence=0.9, description="Guesses names of users",
                       _internal={"note": "customer-number"}))  # fmt: skip
    claim = said.claims[0]
    assert claim.stated == parse_instant("2026-02-01T00:00:00Z")
    assert claim.creator == "Made-up Abuse Desk"
    assert claim.keys == ("6a8a9d1e-2f0b-4d55-9d0c-1b9f3f1f7a01",)
    assert claim.credibility < 3
    assert claim.context == said.labels == ('xarf:connection="login_attack"', "attack:brute_force")
    assert "Guesses names" in said.text
    assert not any(word in said.text + said.title for word in ("bloggs", "desk.example", "customer-number"))


def test_it_is_known_by_its_keys_wherever_they_stand() -> None:
    """``type`` is STIX's word too, and may come first."""
    late = {"category": "connection", **{k: v for k, v in report().items() if k != "category"}}
    assert cut(late).items
    assert cut(report(xarf_version=None, report_id=None)).items
    assert cut(report(), "application/xarf+json").items
    assert cut(report(), "text/plain").items


def test_it_comes_back_as_it_came() -> None:
    one = [report(unknown={"kept": [1.50]})]
    assert json.loads(export_native(entries(cut(one)))[1]) == one[0]
    two = [report(), report(source_identifier="192.0.2.8")]
    assert export_native(entries(cut(two)))[0] == "application/json"
    assert json.loads(export_native(entries(cut(two)))[1]) == two


def test_a_line_of_json_lines_may_be_a_report() -> None:
    body = b"\n".join(json.dumps(report(type=kind)).encode() for kind in ("login_attack", "ddos"))
    name, found = split_body("application/x-ndjson", body, "", LIMITS)
    assert name == "jsonl"
    assert [item.meta["format"] for item in found.items] == ["xarf", "xarf"]


def test_the_same_report_is_the_same_item_and_another_is_another() -> None:
    first, again, other = cut([report(), report(), report(source_port=1)]).items
    assert (first.subject, first.version) == (again.subject, again.version)
    assert first.subject != other.subject


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no category": ({"category": None}, "lacks category"),
    "nothing required": ({"category": None, "type": 7, "source_identifier": ""},
                         "lacks category, type, source_identifier"),
    "no source that is one": ({"source_identifier": "the third rack"}, "no address"),
    "too deep": ({"evidence": json.loads("[" * 80 + "]" * 80)}, "nested deeper"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_report_is_a_fault_with_its_place(name: str) -> None:
    """The others are kept."""
    fields, reason = BROKEN[name]
    found = cut([report(), report(**fields)])
    assert len(found.items) == 1
    assert [fault.place for fault in found.faults] == ["[1]"]
    assert reason in found.faults[0].reason


ODD: list[dict[str, Any]] = [
    {"reporter": "a string"}, {"reporter": None}, {"tags": {"a": 1}}, {"tags": [1, None, ""]}, {"timestamp": 5},
    {"timestamp": "yesterday"}, {"confidence": "high"}, {"confidence": 7}, {"confidence": True}, {"url": 5},
    {"c2_servers": [1, {}, {"address": 2}, None]}, {"category": "content", "type": "malware", "file_hashes": [1]},
    {"destination_ip": ["198.51.100.9", {}]}, {"report_id": 3}, {"source_port": "x"},
]  # fmt: skip


@pytest.mark.parametrize("fields", ODD, ids=str)
def test_an_odd_field_is_passed_over(fields: dict[str, Any]) -> None:
    assert "192.0.2.7" in {claim.observable.value for claim in read(report(**fields)).claims}


@pytest.mark.parametrize("kind", ["csam", "csem", "CSAM"])
def test_nothing_is_kept_of_reports_of_child_abuse(kind: str) -> None:
    """Alone they are refused; among others each is a fault without its bytes."""
    bad = report(category="content", type=kind, url="http://evil.example/x")
    with pytest.raises(UnsupportedMedia, match="hotline"):
        cut(bad)
    found = cut([bad, report()])
    assert len(found.items) == 1
    assert [(fault.place, fault.body) for fault in found.faults] == [("[0]", b"")]


@pytest.mark.parametrize("body", [b'{"xarf_version": "4.2.0", ', b'[{"xarf_version": "4.2.0"}, 5'])
def test_what_is_no_json_says_where(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        split_body("application/json", body, "", LIMITS)
    assert caught.value.place.startswith("line 1")
