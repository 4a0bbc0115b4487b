"""STIX: what is taken, what is a fault, what is claimed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fusioncell.intake import stix
from fusioncell.intake.model import Extract, Limits, Split
from fusioncell.intake.pap import may_say_passive, says_passive
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import parse_instant
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.kernel.marking import Tlp

LIMITS = Limits()
ID = "00000000-0000-4000-8000-00000000000{}"
WHITE = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
AMBER_STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
RED = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
OWN_MARK = "marking-definition--" + ID.format(9)


def indicator(number: int = 1, **more: Any) -> dict[str, object]:
    return {"type": "indicator", "spec_version": "2.1", "id": "indicator--" + ID.format(number),
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z",
            "pattern": "[domain-name:value = 'evil.example']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z", **more}


def cut(*objects: object) -> Split:
    return stix.split(json.dumps({"type": "bundle", "id": "bundle--" + ID.format(0), "objects": objects}).encode(),
                      limits=LIMITS)


def read(made: dict[str, object]) -> Extract:
    return stix.extract("stix", str(made["id"]), 0, {}, json.dumps(made).encode())


@pytest.mark.parametrize("body", [
    {"type": "bundle", "id": "bundle--x", "objects": [indicator()]},
    {"more": False, "objects": [indicator()]},
    {"objects": [indicator()]},
    [indicator()],
    indicator(),
], ids=["bundle", "envelope", "bare envelope", "list", "single object"])
def test_every_envelope_gives_the_object_with_its_exact_bytes(body: object) -> None:
    found = stix.split(json.dumps(body).encode(), limits=LIMITS)
    assert [json.loads(item.body) for item in found.items] == [indicator()]
    assert found.items[0].subject == indicator()["id"]
    assert found.items[0].version == parse_instant("2026-01-02T00:00:00Z")
    assert not found.faults


def test_bytes_are_never_rebuilt() -> None:
    odd = b'{ "type":"note" ,\n "id":"note--' + ID.format(1).encode() + b'", "x_\\u0041": 1.50, "n": 1e999}'
    found = stix.split(b'{"type":"bundle","objects":[' + odd + b"]}", limits=LIMITS)
    assert found.items[0].body == odd


@pytest.mark.parametrize("bad, reason", [
    ({"id": "indicator--" + ID.format(2)}, "type"),
    ({"type": "indicator"}, "id"),
    ({"type": "indicator", "id": "malware--" + ID.format(2)}, "2.9"),
    ({"type": "indicator", "id": "indicator--7"}, "2.9"),
    ({"type": "indicator", "id": 7}, "Expected `str`"),
    (indicator(2, modified="last week"), "RFC 3339"),
    (indicator(2, object_marking_refs="none"), "Expected `array`"),
    (7, "Expected `object`"),
], ids=lambda value: str(value)[:40])
def test_one_bad_object_is_a_fault_and_the_others_are_kept(bad: object, reason: str) -> None:
    found = cut(indicator(1), bad, indicator(3))
    assert [item.place for item in found.items] == ["objects[0]", "objects[2]"]
    assert [(fault.place, reason in fault.reason) for fault in found.faults] == [("objects[1]", True)]
    assert json.loads(found.faults[0].body) == bad


def nested(levels: int) -> bytes:
    return b'{"type":"note","id":"note--' + ID.format(1).encode() + b'","x":' + b"[" * levels + b"]" * levels + b"}"


def test_nesting_is_bounded_to_the_level() -> None:
    for levels, faults in ((63, 0), (64, 1), (900, 1)):
        found = stix.split(b"[" + nested(levels) + b"," + nested(3) + b"]", limits=LIMITS)
        assert (len(found.faults), len(found.items)) == (faults, 2 - faults), levels
    for levels in (5_000, 200_000):
        with pytest.raises(BadInput, match="nested too deep"):
            stix.split(b"[" + nested(levels) + b"]", limits=LIMITS)


def test_nesting_is_seen_wherever_in_the_body_it_stands() -> None:
    for pad in range((1 << 18) - 200, (1 << 18) + 40, 16):
        found = stix.split(b"[" + b" " * pad + nested(64) + b"," + nested(3) + b"]", limits=LIMITS)
        assert len(found.faults) == 1, pad


def test_brackets_in_strings_are_no_nesting() -> None:
    found = cut(indicator(1, description='[{"' * 500), indicator(2, labels=["["] * 200))
    assert len(found.items) == 2


@pytest.mark.parametrize("body, reason, place", [
    (b'{"type":"bundle",\n"objects":[{"a" 1}]}', "malformed", "line 2, column 17"),
    (b'{"objects":[', "too early", "byte 12"),
    (b'{"objects":["\xff"]}', "UTF-8", "byte 13"),
    (b'{"objects":["\\ud800"]}', "surrogate", "byte 13"),
    (b'{"objects":7}', "envelope", ""),
    (b'{"id":"x"}', "type", ""),
    (b"", "too early", "byte 0"),
    (b"nonsense", "malformed", "byte 4"),
], ids=lambda value: str(value)[:30])
def test_malformed_bodies_say_where(body: bytes, reason: str, place: str) -> None:
    with pytest.raises(BadInput) as caught:
        stix.split(body, limits=LIMITS)
    assert reason in caught.value.detail
    assert place in caught.value.place


def test_bounds() -> None:
    body = json.dumps([indicator(1), indicator(2)]).encode()
    with pytest.raises(TooLarge, match="bytes"):
        stix.split(body, limits=Limits(max_body=10))
    with pytest.raises(TooLarge, match="items"):
        stix.split(body, limits=Limits(max_items=1))
    assert len(stix.split(body, limits=Limits(max_item=100)).faults) == 2


@pytest.mark.parametrize("refs, tlp", [
    ([], None),
    ([WHITE], Tlp.CLEAR),
    ([WHITE, AMBER_STRICT], Tlp.AMBER_STRICT),
    ([OWN_MARK], Tlp.GREEN),
    ([RED], Tlp.RED),
])
def test_markings(refs: list[str], tlp: Tlp | None) -> None:
    marks = [{"type": "marking-definition", "id": OWN_MARK, "definition_type": "tlp", "definition": {"tlp": "green"}},
             {"type": "marking-definition", "id": RED, "definition_type": "tlp", "definition": {"tlp": "clear"}},
             {"type": "marking-definition", "id": WHITE, "definition_type": "tlp", "definition": {"tlp": "red"}}]
    found = cut(indicator(1, object_marking_refs=refs), *marks)
    assert found.items[0].tlp is tlp
    assert found.items[0].meta == {}


def test_a_marked_part_withholds_the_whole_and_unknown_markings_are_recorded() -> None:
    found = cut(indicator(1, granular_markings=[{"marking_ref": RED, "selectors": ["name"]}]),
                indicator(2, object_marking_refs=[OWN_MARK]))
    assert found.items[0].tlp is Tlp.RED
    assert found.items[1].meta == {"markings": [OWN_MARK]}


@pytest.mark.parametrize("mark", [
    {"name": "TLP:AMBER+STRICT"},
    {"extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"tlp_2_0": "amber+strict"}}},
], ids=["name", "extension"])
def test_tlp_2_definitions_of_others(mark: dict[str, object]) -> None:
    found = cut(indicator(1, object_marking_refs=[OWN_MARK]), {"type": "marking-definition", "id": OWN_MARK, **mark})
    assert found.items[0].tlp is Tlp.AMBER_STRICT


@pytest.mark.parametrize("more, role, stance", [
    ({}, Role.ATTACKER, Stance.MALICIOUS),
    ({"indicator_types": ["malicious-activity"]}, Role.ATTACKER, Stance.MALICIOUS),
    ({"indicator_types": ["benign"]}, Role.CONTEXT, Stance.BENIGN),
    ({"labels": ["benign"], "pattern_type": None}, Role.CONTEXT, Stance.BENIGN),
    ({"indicator_types": ["anomalous-activity"]}, Role.ATTACKER, Stance.SUSPICIOUS),
    ({"indicator_types": ["compromised"]}, Role.COMPROMISED, Stance.NONE),
    ({"revoked": True}, Role.ATTACKER, Stance.END),
], ids=lambda value: str(value)[:40])
def test_an_indicator_says(more: dict[str, Any], role: Role, stance: Stance) -> None:
    claims = read(indicator(**more)).claims
    assert [(claim.observable.value, claim.role, claim.stance) for claim in claims] == [("evil.example", role, stance)]


def test_an_indicator_carries_its_dates_source_and_context() -> None:
    made = indicator(valid_until="2026-03-01T00:00:00Z", confidence=75, created_by_ref="identity--" + ID.format(5),
                     labels=["phish"], kill_chain_phases=[{"kill_chain_name": "lm", "phase_name": "delivery"}],
                     external_references=[{"source_name": "x", "url": "https://report.example/1"}])
    claim = read(made).claims[0]
    assert claim.stated == parse_instant("2026-01-01T00:00:00Z")
    assert claim.until == parse_instant("2026-03-01T00:00:00Z")
    assert (claim.credibility, claim.creator) == (2, "identity--" + ID.format(5))
    assert claim.keys == (made["id"], "https://report.example/1")
    assert claim.context == ("phish", "lm:delivery")


@pytest.mark.parametrize("confidence, grade", [(None, 6), (0, 5), (19, 5), (20, 4), (50, 3), (70, 2), (80, 1), (100, 1),
                                               (101, 6), (-1, 6)])
def test_confidence_to_credibility(confidence: int | None, grade: int) -> None:
    assert read(indicator(confidence=confidence)).claims[0].credibility == grade


def test_a_pattern_that_is_more_than_equalities_is_context_with_a_note() -> None:
    found = read(indicator(pattern="[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']"))
    assert {(claim.role, claim.stance) for claim in found.claims} == {(Role.CONTEXT, Stance.NONE)}
    assert found.notes


def test_other_pattern_languages_are_kept_and_noted() -> None:
    found = read(indicator(pattern_type="yara", pattern="rule x { condition: true }"))
    assert found.claims == () and "yara" in found.notes[0]


@pytest.mark.parametrize("made, values", [
    ({"type": "ipv4-addr", "value": "192.0.2.1"}, ["192.0.2.1"]),
    ({"type": "autonomous-system", "number": 64512}, ["64512"]),
    ({"type": "file", "name": "x.exe", "hashes": {"MD5": "D" * 32, "SHA-256": "a" * 64, "X": "y"}},
     ["x.exe", "d" * 32, "a" * 64]),
    ({"type": "vulnerability", "name": "CVE-2026-12345"}, ["CVE-2026-12345"]),
    ({"type": "network-traffic", "protocols": ["tcp"]}, []),
], ids=lambda value: str(value)[:30])
def test_observables_are_context(made: dict[str, object], values: list[str]) -> None:
    made["id"] = f"{made['type']}--{ID.format(1)}"
    claims = read(made).claims
    assert [claim.observable.value for claim in claims] == values
    assert {claim.stance for claim in claims} <= {Stance.NONE}


def test_stix_20_observed_data_is_read_and_its_faults_placed() -> None:
    found = read({"type": "observed-data", "id": "observed-data--" + ID.format(1),
                  "last_observed": "2026-01-01T00:00:00Z",
                  "objects": {"0": {"type": "domain-name", "value": "evil.example"},
                              "1": {"type": "ipv4-addr", "value": "not one"}}})
    assert [(claim.observable.value, claim.role) for claim in found.claims] == [("evil.example", Role.CONTEXT)]
    assert found.claims[0].stated == parse_instant("2026-01-01T00:00:00Z")
    assert [fault.place for fault in found.faults] == ["objects.1.value"]


def test_a_sighting_refreshes_what_it_sights() -> None:
    made: dict[str, object] = {"type": "sighting", "id": "sighting--" + ID.format(1), "count": 3,
                               "sighting_of_ref": "indicator--" + ID.format(2), "last_seen": "2026-01-05T00:00:00Z"}
    seen = read(made).sightings
    assert [(one.subject, one.stance, one.stated, one.count) for one in seen] == [
        ("indicator--" + ID.format(2), Stance.MALICIOUS, parse_instant("2026-01-05T00:00:00Z"), 3)]
    assert read({**made, "count": 0}).sightings == ()
    assert read({**made, "revoked": True}).sightings == ()


@pytest.mark.parametrize("more, place", [
    ({"name": 5}, "name"),
    ({"labels": [1]}, "labels"),
    ({"confidence": "high"}, "confidence"),
    ({"valid_until": "soon"}, "valid_until"),
    ({"kill_chain_phases": {}}, "kill_chain_phases"),
])
def test_a_property_of_a_wrong_type_costs_that_property(more: dict[str, Any], place: str) -> None:
    found = read(indicator(**more))
    assert [fault.place for fault in found.faults] == [place]
    assert len(found.claims) == 1


def test_a_label_over_63_octets_is_a_fault() -> None:
    found = read({"type": "domain-name", "id": "domain-name--" + ID.format(1), "value": "a" * 64 + ".example"})
    assert found.claims == () and "63" in found.faults[0].reason


def test_clocks_in_the_future_are_kept() -> None:
    assert read(indicator(valid_from="2099-01-01T00:00:00Z")).claims[0].stated == parse_instant("2099-01-01T00:00:00Z")


def test_search_words() -> None:
    found = read({"type": "attack-pattern", "id": "attack-pattern--" + ID.format(1), "name": "VNC",
                  "description": "d" * 30_000,
                  "external_references": [{"source_name": "mitre-attack", "external_id": "T1021.005"}]})
    assert found.title == "VNC" and "T1021.005" in found.labels and len(found.text) == 20_000


def test_assemble_gives_back_the_objects() -> None:
    made = [indicator(1), indicator(2, x_own={"a": [1, None]})]
    bundle = json.loads(stix.assemble([item.body for item in cut(*made).items], bundle_id="bundle--" + ID.format(0)))
    assert bundle == {"type": "bundle", "id": "bundle--" + ID.format(0), "objects": made}


@pytest.mark.parametrize("said", ['"PAP:RED"', '"pap:amber"', '" Pap = red"', '"pap:green"', '"papaya"', '"a pap"'])
@pytest.mark.parametrize("before", [0, (1 << 18) - 3, (1 << 18) - 2, (1 << 18) - 1, 1 << 18])
def test_what_could_carry_a_pap_is_never_passed_over(said: str, before: int) -> None:
    body = b'{"description":"' + b"x" * (before - 29) + b'","labels":[' + said.encode() + b"]}"
    assert may_say_passive(body) or not says_passive(body)
    assert says_passive(body) == any(word in said for word in ("RED", "amber", "red"))
    assert not may_say_passive(b"x" * before + b"paper")
