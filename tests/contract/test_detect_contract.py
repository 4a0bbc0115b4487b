"""Detection exports on both databases: the same bytes, the same after a rebuild, and what was served last is kept."""

from __future__ import annotations

import json

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.detect import FORMATS, Wanted, store
from fusioncell.exchange.detect.store import Last
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp, Viewer


def viewer_of(hub: Hub, organisation: str) -> Viewer:
    found = hub.members.operator_viewer(organisation)
    assert found is not None
    return found


def indicator(number: int, pattern: str, kind: str = "stix") -> dict[str, object]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08d}-7d05-4b2f-9c3e-1d2f3a4b5c6d",
        "created": "2026-05-30T00:00:00.000Z", "modified": "2026-05-30T00:00:00.000Z", "pattern": pattern,
        "pattern_type": kind, "valid_from": "2026-05-30T00:00:00Z", "indicator_types": ["malicious-activity"],
    }  # fmt: skip


def says(hub: Hub, viewer: Viewer, tlp: Tlp, *objects: dict[str, object]) -> str:
    body = {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": objects}
    done = hub.intake.accept(viewer, json.dumps(body).encode(), "application/json", Terms(tlp))
    hub.settle()
    return done.contribution


def test_every_form_is_the_same_on_both_and_after_a_rebuild(hub: Hub) -> None:
    one, two = (viewer_of(hub, hub.members.add_organisation(name, "test", "industry").id) for name in ("One", "Two"))
    says(
        hub, one, Tlp.GREEN, indicator(1, "[domain-name:value = 'evil.example']"),
        indicator(2, "[ipv6-addr:value = '2a00:1450::7']"), indicator(3, "rule A { condition: true }", "yara"),
    )  # fmt: skip
    says(hub, two, Tlp.GREEN, indicator(4, "[domain-name:value = 'evil.example']"))
    gone = says(hub, two, Tlp.GREEN, indicator(5, "rule Gone { condition: true }", "yara"),
                indicator(6, "[domain-name:value = 'gone.example']"))  # fmt: skip
    says(hub, two, Tlp.AMBER, indicator(7, "[domain-name:value = 'own.example']"))
    hub.intake.recall(two, gone)
    hub.settle()

    def exports(viewer: Viewer) -> dict[str, bytes | None]:
        return {name: hub.feeds.serve(viewer, Wanted(name)).data for name in FORMATS}

    before = exports(one)
    rows = [json.loads(line) for line in (before["jsonl"] or b"").splitlines()]
    assert [(row["value"], row["malicious"]) for row in rows] == [("evil.example", 0.832), ("2a00:1450::7", 0.3775)]
    assert b"rule A" in (before["yara"] or b"") and b"Gone" not in (before["yara"] or b"")
    assert b"own.example" in (exports(two)["list"] or b"")
    tables = dump(hub.databases["projections"])
    rebuild(hub)
    hub.settle()
    assert dump(hub.databases["projections"]) == tables
    assert exports(one) == before


def test_what_was_served_last_is_kept_and_bounded(hub: Hub) -> None:
    vault = hub.databases["vault"]
    for number in range(5):
        with vault.write() as connection:
            store.save_served(connection, "org", f"feed{number}", Last("d", 3, 1, number, 7, "{}"), 3)
    with vault.write() as connection:
        store.save_served(connection, "org", "feed4", Last("e", 2, 2, 9, 8, '{"3": 2}'), 3)
        store.save_served(connection, "other", "feed0", Last("d", 3, 1, 0, 7, "{}"), 3)
    with vault.read() as connection:
        kept = [store.last_served(connection, "org", f"feed{number}") is not None for number in range(5)]
        assert kept == [False, False, True, True, True]
        assert store.last_served(connection, "org", "feed4") == Last("e", 2, 2, 9, 8, '{"3": 2}')
        assert store.last_served(connection, "other", "feed0") is not None
