"""What labels, tags and STIX objects refer to."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion.entities.refer import MAX_REFS, refs_in, refs_of_label, related_by, said_of
from fusioncell.intake import extract_entry
from fusioncell.intake.model import Extract
from fusioncell.kernel.entry import Entry, Payload

ID = "12345678-1234-4234-8234-123456789abc"
OTHER = "12345678-1234-4234-8234-123456789abd"


def _entry(subject: str, body: Mapping[str, object] | bytes, kind: str = "stix") -> Entry:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Entry(1, 1, 0, "o", kind, 1, "c", b"", b"", Payload("", subject, 0, "", raw))


@pytest.mark.parametrize(("label", "refs"), [
    ('misp-galaxy:threat-actor="APT29"', ("threat-actor=apt29",)),
    ('MISP-Galaxy:Threat-Actor="APT 29 "', ("threat-actor=apt 29",)),
    ('misp-galaxy:mitre-attack-pattern="Phishing - T1566"', ("T1566",)),
    ('misp-galaxy:mitre-intrusion-set="APT29 - G0016"', ("G0016",)),
    ('misp-galaxy:mitre-malware="T1000 is no technique here"', ("mitre-malware=t1000 is no technique here",)),
    (f'misp-galaxy:my-own="{ID}"', (ID,)),
    ("T1566.001", ("T1566.001",)),
    ("cve-2021-44228", ("CVE-2021-44228",)),
    ("Emotet", ("~emotet",)),
    ("tlp:green", ()),
    ("mitre:T1059 and T1059.001", ("T1059", "T1059.001")),
    ("x", ()),
    ("T15661", ("~t15661",)),
])  # fmt: skip
def test_labels(label: str, refs: tuple[str, ...]) -> None:
    assert refs_of_label(label) == refs


def test_a_relationship_names_both_ends_that_are_entities() -> None:
    body = {"type": "relationship", "source_ref": f"malware--{ID}", "target_ref": f"attack-pattern--{OTHER}",
            "relationship_type": "uses"}  # fmt: skip
    entry = _entry(f"relationship--{ID}", body)
    assert refs_in(entry, extract_entry(entry)) == (ID, OTHER)
    assert related_by(entry, extract_entry(entry)) == (ID, OTHER, "uses")
    towards = _entry(f"relationship--{ID}", body | {"source_ref": f"indicator--{ID}"})
    assert refs_in(towards, extract_entry(towards)) == (OTHER,)
    assert related_by(towards, extract_entry(towards)) is None
    revoked = _entry(f"relationship--{ID}", body | {"revoked": True})
    assert related_by(revoked, extract_entry(revoked)) is None and refs_in(revoked, extract_entry(revoked)) == ()
    for key, value in (("relationship_type", None), ("source_ref", 5), ("labels", "no list"), ("name", ["x"])):
        odd = _entry(f"relationship--{ID}", body | {key: value})
        said = None if key in ("relationship_type", "source_ref") else (ID, OTHER, "uses")
        assert related_by(odd, extract_entry(odd)) == related_by(odd, Extract()) == said, "as its bytes say"


def test_an_object_says_what_it_is() -> None:
    body = {"name": "Storm", "aliases": ["Storm", "Thunder  Cat"], "external_references": [
        {"source_name": "mitre-attack", "external_id": "G9999"}], "description": "x"}  # fmt: skip
    said = said_of(_entry(f"intrusion-set--{ID}", body))
    assert said is not None
    assert (said.entity, said.kind, said.names, said.external) == (ID, "actor", ("Storm", "Thunder Cat"), "G9999")
    assert said_of(_entry(f"intrusion-set--{ID}", b"{broken")) is None
    assert said_of(_entry(f"indicator--{ID}", body)) is None


@given(st.text(max_size=300))
def test_any_label_is_read(label: str) -> None:
    for ref in refs_of_label(label):
        assert 0 < len(ref) <= 240
        assert refs_of_label(label) == refs_of_label(label)


@given(st.lists(st.text(min_size=3, max_size=20), max_size=400))
def test_references_are_bounded_ordered_and_each_once(labels: list[str]) -> None:
    entry = _entry(f"report--{ID}", {"type": "report", "name": "r", "labels": labels})
    refs = refs_in(entry, extract_entry(entry))
    assert len(refs) <= MAX_REFS
    assert list(refs) == sorted(set(refs))


def test_a_report_names_what_it_lists() -> None:
    entry = _entry(f"report--{ID}", {"type": "report", "name": "r", "object_refs": [
        f"malware--{OTHER}", f"indicator--{ID}", 'broken']})  # fmt: skip
    assert refs_in(entry, extract_entry(entry)) == (OTHER,)
    assert refs_in(msgspec.structs.replace(entry, payload=None), extract_entry(entry)) == ("~broken",)[:0]
