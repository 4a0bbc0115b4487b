"""MISP: what is taken, what is a fault, what is claimed, and that nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fusioncell.intake import misp
from fusioncell.intake.model import Extract, Limits, Split
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import DAY, SECOND, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp

LIMITS = Limits()
UUID = "00000000-0000-4000-8000-00000000000{}"
DAY_END = parse_instant("2026-01-02") + DAY - SECOND


def attribute(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"uuid": UUID.format(number), "type": "domain", "category": "Network activity", "to_ids": True,
            "value": "evil.example", "timestamp": "1767300000", "distribution": "5", "comment": "seen", **more}


def event(*attributes: object, **more: object) -> dict[str, Any]:
    return {"uuid": UUID.format(0), "info": "A wave", "date": "2026-01-02", "timestamp": "1767312345",
            "distribution": "3", "published": True, "Orgc": {"uuid": UUID.format("a"), "name": "Org"},
            "Attribute": list(attributes), **more}


def cut(body: object) -> Split:
    return misp.split(json.dumps(body).encode(), limits=LIMITS)


def read(made: dict[str, Any], **more: object) -> Extract:
    items = cut({"Event": event(made, **more)}).items
    item = next(item for item in items if item.kind == "misp.attribute")
    return misp.extract(item.kind, item.subject, item.version, item.meta, item.body)


@pytest.mark.parametrize("body, places", [
    ({"Event": event(attribute())}, ["Event", "Event.Attribute[0]"]),
    ({"response": [{"Event": event(attribute())}]}, ["response[0].Event", "response[0].Event.Attribute[0]"]),
    ([{"Event": event(attribute())}], ["[0].Event", "[0].Event.Attribute[0]"]),
    ({"Event": event(Object=[{"uuid": UUID.format(5), "name": "file", "Attribute": [attribute()]}])},
     ["Event", "Event.Object[0]", "Event.Object[0].Attribute[0]"]),
    ({"response": []}, []),
    (event(attribute()), ["$", "$.Attribute[0]"]),
    ([event(attribute()), {"Event": event()}], ["[0]", "[0].Attribute[0]", "[1].Event"]),
], ids=["event", "response", "list", "object", "empty", "bare, as PyMISP's to_json writes it", "bare in a list"])
def test_every_envelope(body: object, places: list[str]) -> None:
    found = cut(body)
    assert [item.place for item in found.items] == places
    assert not found.faults


@pytest.mark.parametrize("made", [
    event(),
    event(attribute(1), attribute(2, Tag=[{"name": "x"}])),
    event(attribute(1), Object=[{"uuid": UUID.format(5), "b": 1, "Attribute": [attribute(2), attribute(3)], "a": None},
                                {"uuid": UUID.format(6), "Attribute": []}, {"uuid": UUID.format(7)}]),
    {**event(), "Attribute": None},
    {key: value for key, value in event().items() if key != "Attribute"},
    event(x_own={"Attribute": [1]}, EventReport=[{"content": "# é"}]),
], ids=["empty", "attributes", "objects", "null list", "no list", "unknown fields"])
def test_shell_and_children_make_the_event_again(made: dict[str, Any]) -> None:
    items = cut({"Event": made}).items
    whole = json.loads(misp.assemble(items[0].body, [(item.place, item.body) for item in reversed(items[1:])]))
    assert whole == made
    assert list(whole) == list(made)


def test_the_shell_holds_no_children() -> None:
    shell = json.loads(cut({"Event": event(attribute())}).items[0].body)
    assert shell["Attribute"] == [] and shell["info"] == "A wave"


@pytest.mark.parametrize("bad, reason", [
    ({"uuid": UUID.format(2), "value": "x"}, "type"),
    (attribute(2, uuid="seven"), "no uuid"),
    (attribute(2, value=["a"]), "Expected"),
    (attribute(2, timestamp=[]), "Expected"),
    (attribute(2, Tag=["x"]), "Expected"),
    ("text", "Expected `object`"),
], ids=lambda value: str(value)[:30])
def test_one_bad_attribute_is_a_fault_and_the_others_are_kept(bad: object, reason: str) -> None:
    found = cut({"Event": event(attribute(1), bad, attribute(3))})
    assert [item.place for item in found.items] == ["Event", "Event.Attribute[0]", "Event.Attribute[2]"]
    assert [(fault.place, reason in fault.reason) for fault in found.faults] == [("Event.Attribute[1]", True)]


def test_one_bad_event_does_not_sink_the_others() -> None:
    found = cut({"response": [{"Event": event()}, {"Event": 5}, {"X": 1}, {"Event": event(uuid="7")},
                              {"Event": event(Attribute=5)}]})
    assert [fault.place for fault in found.faults] == ["response[1]", "response[2]", "response[3].Event",
                                                       "response[4].Event.Attribute"]
    assert len(found.items) == 2


def test_what_has_no_uuid_gets_one_of_its_content() -> None:
    made = attribute()
    del made["uuid"]
    first, again = (cut({"Event": event(made)}).items[1].subject for _ in range(2))
    other = cut({"Event": event({**made, "value": "other.example"})}).items[1].subject
    assert first == again != other


@pytest.mark.parametrize("body", [
    json.dumps({UUID.format(1): {"info": "x", "Orgc": {}, "timestamp": 1}}).encode(),
    b"d41d8cd98f00b204e9800998ecf8427e," + UUID.format(1).encode() + b"\n",
], ids=["manifest.json", "hashes.csv"])
def test_the_index_of_a_feed_is_left_out_with_a_note(body: bytes) -> None:
    found = misp.split(body, limits=LIMITS)
    assert found.items == () and found.faults == () and "feed" in found.notes[0]


@pytest.mark.parametrize("body", [b"{}", b'{"response":{"Attribute":[]}}', b'{"Event":[]}', b'{"Event"'])
def test_other_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        misp.split(body, limits=LIMITS)


@pytest.mark.parametrize("event_tags, own_tags, tlp", [
    ([], [], None),
    (["tlp:green"], [], Tlp.GREEN),
    (["tlp:green"], ["tlp:red"], Tlp.RED),
    (["tlp:amber"], ["tlp:white"], Tlp.AMBER),
    ([], ["TLP:Amber+Strict", "tlp:clear"], Tlp.AMBER_STRICT),
    (["tlp:unclear"], [], None),
    (["tlp:ambre"], [], Tlp.AMBER_STRICT),
    (["tlp:green", "TLP:amber+strickt"], [], Tlp.AMBER_STRICT),
    (["tlp:rde", "tlp:red"], [], Tlp.RED),
])
def test_the_strictest_tag_counts(event_tags: list[str], own_tags: list[str], tlp: Tlp | None) -> None:
    made = attribute(Tag=[{"name": name} for name in own_tags])
    items = cut({"Event": event(made, Tag=[{"name": name} for name in event_tags])}).items
    assert items[1].tlp is tlp


@pytest.mark.parametrize("of_event, of_object, of_attribute, level", [
    ("3", None, "5", 3), ("3", None, "0", 0), ("0", None, "3", 0), (1, "5", 5, 1),
    ("3", "0", "5", 0), ("3", "4", "1", 4),
])
def test_the_most_restrictive_distribution_counts(of_event: object, of_object: object, of_attribute: object,
                                                  level: int) -> None:
    made = attribute(distribution=of_attribute)
    inside = {"Object": [{"uuid": UUID.format(5), "distribution": of_object, "Attribute": [made]}]}
    found = cut({"Event": event(distribution=of_event, **inside) if of_object else event(made, distribution=of_event)})
    meta = found.items[-1].meta
    assert meta["distribution"] == level
    assert meta.get("own_organisation_only", False) is (level == 0)


@pytest.mark.parametrize("more, role, stance", [
    ({}, Role.ATTACKER, Stance.MALICIOUS),
    ({"to_ids": "1"}, Role.ATTACKER, Stance.MALICIOUS),
    ({"to_ids": False}, Role.CONTEXT, Stance.NONE),
    ({"to_ids": "0"}, Role.CONTEXT, Stance.NONE),
    ({"deleted": True}, Role.ATTACKER, Stance.END),
    ({"category": "Targeting data"}, Role.VICTIM, Stance.NONE),
], ids=lambda value: str(value)[:30])
def test_an_attribute_says(more: dict[str, Any], role: Role, stance: Stance) -> None:
    assert [(claim.role, claim.stance) for claim in read(attribute(**more)).claims] == [(role, stance)]


def test_an_attribute_carries_its_source_and_context() -> None:
    found = read(attribute(Tag=[{"name": "phishing"}, {"name": "tlp:green"}]), Tag=[{"name": "osint"}])
    claim = found.claims[0]
    assert (claim.observable.value, claim.creator, claim.keys) == ("evil.example", UUID.format("a"), (UUID.format(1),))
    assert claim.context == ("phishing", "osint", "Network activity")
    assert (found.title, found.text, found.labels) == ("evil.example", "seen", ("phishing",))


@pytest.mark.parametrize("more, date, stated", [
    ({}, "2026-01-02", 1767300000 * SECOND),
    ({"timestamp": "1800000000"}, "2026-01-02", DAY_END),
    ({"timestamp": 1800000000}, "2026-01-02", DAY_END),
    ({"timestamp": "0"}, "2026-01-02", DAY_END),
    ({"timestamp": "0"}, "", None),
    ({}, "no date", 1767300000 * SECOND),
    ({"last_seen": "2025-05-05T00:00:00+00:00"}, "2026-01-02", parse_instant("2025-05-05")),
    ({"last_seen": "1700000000"}, "2026-01-02", 1700000000 * SECOND),
    ({"first_seen": "2020-01-01T00:00:00Z"}, "2026-01-02", 1767300000 * SECOND),
], ids=lambda value: str(value)[:40])
def test_old_news_is_history(more: dict[str, Any], date: str, stated: int | None) -> None:
    assert read(attribute(**more), date=date).claims[0].stated == stated


@pytest.mark.parametrize("sighting, role, stance", [
    ({"type": "0"}, Role.ATTACKER, Stance.MALICIOUS),
    ({"type": 1}, Role.CONTEXT, Stance.BENIGN),
    ({"type": "2"}, Role.ATTACKER, Stance.END),
    ({"type": "3"}, Role.ATTACKER, Stance.MALICIOUS),
])
def test_sightings(sighting: dict[str, object], role: Role, stance: Stance) -> None:
    claims = read(attribute(Sighting=[{**sighting, "date_sighting": "1767400000"}])).claims
    assert [(claim.role, claim.stance, claim.stated) for claim in claims[1:]] == [(role, stance, 1767400000 * SECOND)]


@pytest.mark.parametrize("seen, expired, accuses", [
    (None, "1767400000", False),
    ("1767500000", "1767400000", True),
    (None, None, False),
    (None, "1700000000", True),
], ids=["ended", "seen again since", "undated ends", "edited since"])
def test_an_expiration_ends_the_claim_of_its_own_attribute(
    seen: str | None, expired: str | None, accuses: bool
) -> None:
    sightings = [{"type": "2", "date_sighting": expired}]
    if seen is not None:
        sightings.append({"type": "0", "date_sighting": seen})
    claims = read(attribute(Sighting=sightings)).claims
    assert any(claim.stance is Stance.MALICIOUS for claim in claims) is accuses
    assert any(claim.stance is Stance.END for claim in claims)


def test_a_composite_value_is_a_claim_for_each_part() -> None:
    claims = read(attribute(type="domain|ip", value="evil.example|192.0.2.1")).claims
    assert [claim.observable.value for claim in claims] == ["evil.example", "192.0.2.1"]


@pytest.mark.parametrize("tags, grade", [([], 6), (['admiralty-scale:information-credibility="2"'], 2),
                                         (['admiralty-scale:information-credibility="9"'], 6)])
def test_credibility(tags: list[str], grade: int) -> None:
    named = [{"name": name} for name in tags]
    assert read(attribute(Tag=named)).claims[0].credibility == grade
    assert read(attribute(), Tag=named).claims[0].credibility == grade


def test_a_bad_value_is_a_fault_of_the_attribute() -> None:
    found = read(attribute(value="a" * 64 + ".example"))
    assert found.claims == () and found.faults[0].place == "value"


def test_an_events_shell_is_found_by_its_title_tags_and_reports() -> None:
    item = cut({"Event": event(Tag=[{"name": "apt"}], EventReport=[{"name": "r", "content": "the story"}])}).items[0]
    found = misp.extract(item.kind, item.subject, item.version, item.meta, item.body)
    assert found.title == "A wave" and "the story" in found.text and found.labels == ("apt",)
