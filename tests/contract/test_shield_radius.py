"""The blast radius: names below, names beside, lists, what is blocked already, each as the viewer may know it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.shield.radius.model import MOST_ADDRESSES, Host, Near, Said

NAME, ADDRESS = "evil.example", "203.0.113.58"
DOMAIN_ID, ADDRESS_ID = (
    "domain-name--0aae5cb6-4d53-4c36-8f1c-3a1fd5a0a1ba", "ipv4-addr--9f8f54dd-3bb2-4c31-a0f1-5b1a3f1c7a11")


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    for name in ("Gov", "Bank"):
        hub.members.add_organisation(name, name.lower(), "government")
    return viewer_of(hub, "Gov")


def viewer_of(hub: Hub, name: str) -> Viewer:
    found = hub.members.operator_viewer(name)
    assert found is not None
    return found


def give(hub: Hub, who: str, body: str | bytes, kind: str = "text/csv", tlp: Tlp = Tlp.GREEN) -> str:
    sent = hub.intake.accept(viewer_of(hub, who), body if isinstance(body, bytes) else body.encode(), kind,
                             Terms(tlp=tlp))  # fmt: skip
    hub.settle()
    return sent.contribution


def event(number: int, attributes: list[Any], objects: list[Any]) -> bytes:
    return json.dumps({"Event": {
        "uuid": f"5f1f0c1e-0000-4000-8000-00000000000{number}", "info": "hosts", "date": "2026-01-01",
        "timestamp": "1767225600", "Attribute": attributes, "Object": objects}}).encode()  # fmt: skip


def said(type: str, value: str, n: int, **more: Any) -> dict[str, Any]:
    return {"uuid": f"5f1f0c1e-0000-4000-8001-{n:012d}", "type": type, "value": value, "to_ids": False,
            "timestamp": "1767225600", **more}  # fmt: skip


def domain_ip(name: str, address: str, n: int) -> dict[str, Any]:
    return {"uuid": f"5f1f0c1e-0000-4000-8002-{n:012d}", "name": "domain-ip", "timestamp": "1767225600", "Attribute": [
        said("domain", name, 2 * n, object_relation="domain"),
        said("ip-dst", address, 2 * n + 1, object_relation="ip")]}  # fmt: skip


def test_what_stands_below_a_name_is_counted_by_what_is_said_of_it(hub: Hub, gov: Viewer) -> None:
    give(hub, "Bank", f"domain,comment\na.{NAME},phishing\nb.{NAME},phishing\n{NAME},phishing\nno{NAME},phishing\n")
    give(hub, "Gov", f"domain,benign\nb.{NAME},yes\nc.{NAME},yes\n")
    give(hub, "Gov", event(1, [said("domain", f"d.{NAME}", 1)], []), "application/json")
    found = hub.shielding.radii.of(gov, f"{NAME.upper()}.")
    assert [(one.name, one.said) for one in found.below.named] == [
        (f"c.{NAME}", Said.BENIGN), (f"b.{NAME}", Said.BOTH), (f"d.{NAME}", Said.NOTHING),
        (f"a.{NAME}", Said.MALICIOUS)]  # fmt: skip
    assert (found.below.count, found.below.accused, found.below.more) == (4, 2, False)
    assert (found.lists, found.others, found.registered, found.ground, found.asked) == ((), (), "", None, None)
    [glance] = hub.shielding.radii.glances(gov, [NAME])
    assert glance == found, "nothing stands beside it"


@pytest.mark.parametrize("way", ["attribute", "object", "row", "relationship", "references"])
def test_names_on_its_addresses_are_found_however_that_was_said(hub: Hub, gov: Viewer, way: str) -> None:
    other = "shop.example"
    if way == "attribute":
        give(hub, "Gov", event(1, [said("domain|ip", f"{NAME}|{ADDRESS}", 1)], []), "application/json")
    elif way == "object":
        give(hub, "Gov", event(1, [], [domain_ip(NAME, ADDRESS, 1)]), "application/json")
    elif way == "row":
        give(hub, "Gov", f"domain,ip\n{NAME},{ADDRESS}\n")
    else:
        refs = {"resolves_to_refs": [ADDRESS_ID]} if way == "references" else {}
        objects: list[dict[str, Any]] = [
            {"type": "domain-name", "spec_version": "2.1", "id": DOMAIN_ID, "value": NAME, **refs},
            {"type": "ipv4-addr", "spec_version": "2.1", "id": ADDRESS_ID, "value": ADDRESS}]
        if way == "relationship":
            objects.insert(0, {"type": "relationship", "spec_version": "2.1", "relationship_type": "resolves-to",
                               "id": "relationship--1f8f54dd-3bb2-4c31-a0f1-5b1a3f1c7a11", "source_ref": DOMAIN_ID,
                               "target_ref": ADDRESS_ID, "created": "2026-01-01T00:00:00Z",
                               "modified": "2026-01-01T00:00:00Z"})
        give(hub, "Gov", json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}), "application/json")
    give(hub, "Bank", event(2, [], [domain_ip(other, ADDRESS, 7), domain_ip(f"www.{NAME}", ADDRESS, 8)]),
         "application/json")
    found = hub.shielding.radii.of(gov, NAME)
    assert found.hosts == (Host(ADDRESS, 1),)
    assert found.beside.named == (Near(other),) and not found.shared
    assert [one.name for one in found.below.named] == [f"www.{NAME}"], "what is below it stands there, not beside"
    assert hub.shielding.radii.of(gov, other).beside.count == 2


def test_what_was_recalled_or_said_in_prose_states_nothing(hub: Hub, gov: Viewer) -> None:
    give(hub, "Gov", f"{NAME} and {ADDRESS} and shop.example were seen together", "text/plain")
    assert hub.shielding.radii.of(gov, NAME).hosts == ()
    sent = give(hub, "Gov", event(1, [], [domain_ip(NAME, ADDRESS, 1), domain_ip("shop.example", ADDRESS, 2)]),
                "application/json")
    assert hub.shielding.radii.of(gov, NAME).beside.count == 1
    hub.intake.recall(gov, sent, "a mistake")
    hub.settle()
    assert hub.shielding.radii.of(gov, NAME).hosts == ()


def test_a_host_of_many_whom_nobody_accuses_is_shared(hub: Hub, gov: Viewer) -> None:
    give(hub, "Gov", f"domain,ip\n{NAME},{ADDRESS}\n")
    for n in range(9):
        give(hub, "Bank", event(1, [], [domain_ip(f"shop{m}.example", ADDRESS, m) for m in range(n + 1)]),
             "application/json")
    assert not hub.shielding.radii.of(gov, NAME).shared
    give(hub, "Bank", event(2, [said("domain|ip", f"more.example|{ADDRESS}", 99)], []), "application/json")
    found = hub.shielding.radii.of(gov, NAME)
    assert found.shared and (found.beside.count, found.beside.spared) == (10, 10)


def test_only_so_many_addresses_are_followed(hub: Hub, gov: Viewer) -> None:
    give(hub, "Gov", "domain,ip\n" + "".join(f"{NAME},203.0.113.{n}\n" for n in range(MOST_ADDRESSES + 2)))
    found = hub.shielding.radii.of(gov, NAME)
    assert len(found.hosts) == MOST_ADDRESSES and found.more_hosts


def test_what_the_viewer_does_not_see_is_not_there(hub: Hub, gov: Viewer) -> None:
    give(hub, "Gov", f"domain,ip\n{NAME},{ADDRESS}\n")
    before = hub.shielding.radii.of(gov, NAME)
    give(hub, "Bank", f"domain,comment\nsecret.{NAME},phishing\n", tlp=Tlp.AMBER_STRICT)
    give(hub, "Bank", f"domain,ip\nhidden.example,{ADDRESS}\n{NAME},198.51.100.9\n", tlp=Tlp.AMBER_STRICT)
    assert hub.shielding.radii.of(gov, NAME) == before
    assert hub.shielding.radii.glances(gov, [NAME]) == [replace(before, hosts=())]
    bank = hub.shielding.radii.of(viewer_of(hub, "Bank"), NAME)
    assert (bank.below.count, bank.beside.count, len(bank.hosts)) == (1, 1, 2)


def test_what_is_blocked_already_is_said(hub: Hub, gov: Viewer) -> None:
    give(hub, "Bank", f"domain,ip\na.{NAME},192.0.2.9\n{NAME},{ADDRESS}\nbeside.example,{ADDRESS}\n")
    for name in (f"a.{NAME}", "beside.example"):
        decision = hub.shield.propose(gov, name, "phishing", "seen")
        hub.settle()
        hub.shield.approve(gov, decision)
        hub.settle()
    found = hub.shielding.radii.of(gov, NAME)
    assert (found.blocked, found.covered) == (1, "")
    assert [one.blocked for one in (*found.below.named, *found.beside.named)] == [True, True]
    assert hub.shielding.radii.of(gov, f"x.a.{NAME}").covered == f"a.{NAME}"
    assert (hub.shielding.radii.of(PUBLIC, NAME).blocked, hub.shielding.radii.of(PUBLIC, f"x.a.{NAME}").covered) == (
        0, ""), "blocks are released to members"  # fmt: skip


def test_a_rebuild_gives_the_same_edges(hub: Hub, gov: Viewer) -> None:
    give(hub, "Gov", f"domain,ip\n{NAME},{ADDRESS}\nshop.example,{ADDRESS}\n")
    sent = give(hub, "Gov", event(1, [], [domain_ip("gone.example", ADDRESS, 2)]), "application/json")
    hub.intake.recall(gov, sent, "a mistake")
    hub.settle()
    before = dump(hub.databases["projections"])["shield_radius_stated"]
    assert [(row[0], row[1]) for row in before] == [(NAME, ADDRESS), ("shop.example", ADDRESS)], "and none that is gone"
    rebuild(hub)
    hub.settle()
    assert dump(hub.databases["projections"])["shield_radius_stated"] == before


def test_what_is_no_name_is_refused(hub: Hub, gov: Viewer) -> None:
    with pytest.raises(BadInput):
        hub.shielding.radii.of(gov, "not a name")
