"""Entities and vulnerabilities on both databases: the same answers, and a rebuild gives the same bytes."""

from __future__ import annotations

import json

import pytest

import fusioncell.river
from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.fusion.entities import Kind
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.marking import Tlp, Viewer

APT29 = "b2056ff0-00b9-482e-b11c-c771daa5f28a"
STORM = "5a0c0000-0000-4000-8000-000000000001"
STATES = ((Tlp.GREEN, "one"), (Tlp.AMBER_STRICT, "two"), (Tlp.CLEAR, "three"))


def _viewer(hub: Hub, name: str, sector: str) -> Viewer:
    found = hub.members.operator_viewer(hub.members.add_organisation(name, sector, "industry").id)
    assert found is not None
    return found


def _bundle(number: int, name: str) -> bytes:
    stamp = "2026-05-30T08:00:00Z"
    objects: list[dict[str, object]] = [
        {"type": "intrusion-set", "id": f"intrusion-set--{STORM}", "name": name, "aliases": ["100%_sure", name]},
        {"type": "relationship", "id": f"relationship--5a0c0000-0000-4000-8000-00000000000{number}",
         "relationship_type": "uses", "source_ref": f"intrusion-set--{STORM}",
         "target_ref": "attack-pattern--2e34237d-8574-43f6-aace-ae2915de8597"},
        {"type": "vulnerability", "id": f"vulnerability--5a0c0000-0000-4000-8000-00000000010{number}",
         "name": "CVE-2024-3400", "description": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"},
        {"type": "report", "id": f"report--5a0c0000-0000-4000-8000-00000000020{number}", "name": "T1059 and more",
         "labels": ['misp-galaxy:threat-actor="APT29"', "Emotet"], "published": stamp, "object_refs": [
             f"intrusion-set--{STORM}"]},
    ]  # fmt: skip
    return json.dumps({"type": "bundle", "id": f"bundle--5a0c0000-0000-4000-8000-00000000030{number}", "objects": [
        {"spec_version": "2.1", "created": stamp, "modified": stamp, **one} for one in objects]}).encode()  # fmt: skip


def test_the_answers_are_the_same_on_both_and_after_a_rebuild(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = _viewer(hub, "Alpha Works", "energy"), _viewer(hub, "Beta Works", "finance")
    entities = hub.entities
    given = [hub.intake.accept(who, _bundle(number, f"Storm {word}"), "application/json", Terms(tlp)).contribution
             for number, (who, (tlp, word)) in enumerate(zip((one, one, two), STATES, strict=True))]  # fmt: skip
    hub.settle()
    for who, count in ((one, 3), (two, 2)):
        apt = entities.one(who, APT29)
        seen = entities.seen(who, apt)
        assert seen is not None
        assert seen.count == count
        assert len(entities.reports(who, apt)) == count
        assert entities.weeks(who, apt)[-1] == count
        assert entities.counts(who, ["T1059"], since=START - DAY) == {"T1059": count}
        assert [row.id for row in entities.find(who, "100%_sure").rows] == [STORM], "no wildcard"
        assert entities.find(who, "100%xsure").rows == ()
        storm = entities.one(who, STORM)
        assert [row.external for row, *_ in entities.relations(who, storm)] == ["T1566.001"]
        assert {row.kind for row in entities.mentioned(who).rows} >= {Kind.ACTOR, Kind.TECHNIQUE}
        assert [(row[0], row[1]) for row in entities.cves(who, 0, 9)] == [("CVE-2024-3400", count)]
        assert entities.of_contribution(who, given[0])
    assert entities.of_contribution(two, given[1]) == []
    assert entities.counts(one, ["T1059"], since=START - DAY, orgs=[two.org or ""]) == {"T1059": 1}
    assert len(hub.vulns.one(two, "CVE-2024-3400").rated) == 2
    link = entities.link(one, STORM, APT29, "same", "One operator.")
    hub.settle()
    entities.take_back(one, link, "Two.")
    hub.intake.recall(two, given[2])
    hub.settle()
    table = json.dumps({"catalogVersion": "2026.05.30", "dateReleased": "2026-05-30", "vulnerabilities": [
        {"cveID": "CVE-2024-3400", "dateAdded": "2026-05-20", "dueDate": "2026-05-27"}]}).encode()  # fmt: skip
    hub.vulns.import_file(one, table)
    hub.settle()
    found = hub.vulns.one(two, "CVE-2024-3400")
    assert (found.count, found.overdue, len(found.rated)) == (1, True, 1)
    assert hub.matrix.show(two, days=30).cells["T1059"].count == 1
    standing = dump(hub.databases["projections"])
    assert standing["fusion_entities_mention"] and standing["fusion_entities_link"] and standing["fusion_vulns_kev"]
    for blocks in (1, 100_000):
        monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
        rebuild(hub)
        hub.river.run_dry()
        after = dump(hub.databases["projections"])
        assert [name for name, rows in standing.items() if rows != after[name]] == []
    for each in given[:2]:
        hub.intake.recall(one, each)
    hub.settle()
    after = dump(hub.databases["projections"])
    kept = [name for name in after if name.startswith("fusion_entities_") and name != "fusion_entities_link"]
    assert len(kept) == 5 and not any(after[name] for name in kept), "what nobody refers to leaves no text behind"
