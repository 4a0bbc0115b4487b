"""The places of versions in collections, on both databases: strictly increasing, the same after a rebuild, recalled."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

import fusioncell.river
from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.taxii.filters import OBJECTS as KNOWN
from fusioncell.exchange.taxii.filters import read_ask, read_query
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import SECOND, ManualClock
from fusioncell.kernel.marking import Tlp, Viewer

TABLES = [f"exchange_taxii_{name}" for name in ("collection", "run", "name", "revoked")]
AT = "2026-01-0{}T00:00:00.000Z"


def viewer(hub: Hub, name: str) -> Viewer:
    known = hub.members.organisation_named(name) or hub.members.add_organisation(name, "test", "industry")
    found = hub.members.viewer_for_key(hub.members.make_key(known.id)[1].reveal())
    assert found is not None
    return found


def item(what: str, day: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid5(uuid.NAMESPACE_URL, what)}",
        "created": AT.format(1), "modified": AT.format(day), "pattern": f"[domain-name:value = '{what}.example']",
        "pattern_type": "stix", "valid_from": AT.format(1), **more,
    }  # fmt: skip


def give(hub: Hub, who: Viewer, *objects: dict[str, Any], tlp: Tlp = Tlp.GREEN) -> str:
    body = json.dumps({"type": "bundle", "id": f"bundle--{uuid.UUID(int=1)}", "objects": objects}).encode()
    given = hub.intake.accept(who, body, "application/json", Terms(tlp)).contribution
    hub.settle()
    return given


def ask(hub: Hub, who: Viewer, query: str = "", *, which: str = "partnership", kind: str = "objects") -> dict[str, Any]:
    place = hub.taxii.place(who, "partnership", which)
    found: dict[str, Any] = json.loads(hub.taxii.page(place, kind, read_ask(read_query(query.encode(), KNOWN))).body)
    return found


def shown(hub: Hub, who: Viewer, query: str = "", **more: str) -> list[tuple[str, str, bool]]:
    """(what, day, revoked) of each object."""
    found = []
    for one in ask(hub, who, query, **more)["objects"]:
        gone = one.get("revoked", False)
        found.append(("" if gone else one["pattern"].split("'")[1].removesuffix(".example"),
                      "" if gone else one["modified"][9:10], gone))  # fmt: skip
    return found


def places(hub: Hub, who: Viewer, query: str = "match[version]=all") -> list[str]:
    return [one["date_added"] for one in ask(hub, who, query, kind="manifest")["objects"]]


def test_each_version_has_its_own_place_and_a_rebuild_gives_the_same(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = viewer(hub, "One"), viewer(hub, "Two")
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    first = give(hub, one, item("a", 1), item("b", 2), item("b", 1), item("b", 3))
    give(hub, two, item("a", 1, name="a copy"), item("c"))
    give(hub, one, item("a", 1), item("secret"), tlp=Tlp.AMBER)
    give(hub, one, item("d"), tlp=Tlp.CLEAR)
    found = places(hub, one)
    assert len(found) == 6 and found == sorted(set(found)), "the clock stood still"
    assert shown(hub, one) == [("a", "1", False), ("b", "3", False), ("c", "1", False), ("d", "1", False)]
    clock.advance(SECOND)
    hub.intake.recall(one, first)
    hub.settle()
    assert shown(hub, one) == [("a", "1", False), ("c", "1", False), ("d", "1", False), ("", "", True)]
    give(hub, one, item("b", 4))
    rows = hub.intake.accept(two, b"domain\nx.example\ny.example\n", "text/csv", Terms(Tlp.GREEN)).contribution
    hub.settle()
    hub.intake.recall(two, rows, "", hub.intake.entries_of(hub.record.visible_to(two), rows)[0].seq)
    hub.settle()
    assert [name for name, _, _ in shown(hub, one)] == ["a", "c", "d", "b", "y", ""]
    before = dump(hub.databases["projections"])
    for blocks in (1, 96):
        monkeypatch.setattr(fusioncell.river, "BLOCKS", blocks)
        rebuild(hub)
        hub.settle()
        after = dump(hub.databases["projections"])
        for table in TABLES:
            assert after[table] == before[table], f"{table} with {blocks} blocks a batch"


def test_what_one_may_not_see_moves_no_place(hub: Hub) -> None:
    one, two = viewer(hub, "One"), viewer(hub, "Two")
    give(hub, two, *[item(f"hidden {n}") for n in range(50)], tlp=Tlp.AMBER)
    give(hub, one, item("a"), item("b"))
    first, second = (int(text[-7:-1]) for text in places(hub, one))
    assert second == first + 1 and first == 0, "the instant of acceptance, and the next"


def test_versions_are_compared_as_instants_and_given_back_as_they_were_written(hub: Hub) -> None:
    one = viewer(hub, "One")
    texts = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-01T01:00:00.5+01:00")
    for text in texts:
        give(hub, one, {**item("a"), "modified": text})
    versions = [one["version"] for one in ask(hub, one, "match[version]=all", kind="manifest")["objects"]]
    assert versions == list(texts)
    last = ask(hub, one, "match[version]=last", kind="manifest")["objects"]
    assert [one["version"] for one in last] == [texts[2]]
    assert len(ask(hub, one, "match[version]=2026-01-01T00:00:00.500Z")["objects"]) == 1


def test_what_has_no_version_is_listed_by_its_place(hub: Hub) -> None:
    one = viewer(hub, "One")
    address = {"type": "domain-name", "spec_version": "2.1", "value": "a.example"}
    give(hub, one, item("a"), {**address, "id": f"domain-name--{uuid.UUID(int=7)}"})
    record = ask(hub, one, "match[type]=domain-name", kind="manifest")["objects"][0]
    assert record["version"] == record["date_added"]
    assert len(ask(hub, one, f"match[version]={record['version']}")["objects"]) == 1


def test_a_narrowed_one_is_revoked_for_those_who_lose_it_and_goes_on_for_the_others(hub: Hub) -> None:
    one, two = viewer(hub, "One"), viewer(hub, "Two")
    given = give(hub, one, item("a"))
    hub.intake.narrow(one, given, Terms(Tlp.AMBER))
    hub.settle()
    assert shown(hub, two) == [("", "", True)]
    assert shown(hub, one, which="own-amber") == [("a", "1", False)]


def test_a_widened_one_is_not_called_revoked_where_all_see_it_go_on(hub: Hub) -> None:
    one, two = viewer(hub, "One"), viewer(hub, "Two")
    given = give(hub, one, item("a"), tlp=Tlp.AMBER)
    assert shown(hub, one, which="own-amber") == [("a", "1", False)]
    hub.intake.widen(one, given, Terms(Tlp.GREEN))
    hub.settle()
    assert shown(hub, one, which="own-amber") == [] and shown(hub, two) == [("a", "1", False)]


def test_what_was_erased_is_shown_no_more_and_moves_no_other(hub: Hub) -> None:
    one = viewer(hub, "One")
    given = give(hub, one, item("a"), item("b", 1), item("b", 2), item("c"))
    before = places(hub, one)
    entries = hub.intake.entries_of(hub.record.visible_to(one), given)
    erased = [entries[0].seq, entries[2].seq]
    for seq in erased:
        hub.record.erase(seq)
    for again in (False, True):
        if again:
            rebuild(hub)
            hub.settle()
        # Only at rest are items erased, so no page that was made before is there any more: ask for others.
        limit = f"limit={10 + again}"
        assert shown(hub, one, limit) == [("b", "1", False)][: int(again)] + [("c", "1", False)]
        assert places(hub, one, f"match[version]=all&{limit}") == [before[1], before[3]]


def test_a_page_ends_at_its_bytes_and_goes_on(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusioncell.exchange.taxii.store.MAX_PAGE_BYTES", 700)
    one = viewer(hub, "One")
    give(hub, one, *[item(f"n{number}") for number in range(7)])
    found, query = [], ""
    for _ in range(7):
        page = ask(hub, one, query)
        assert page["objects"]
        found += [each["id"] for each in page["objects"]]
        if not page["more"]:
            break
        query = f"next={page['next']}"
    assert len(found) == len(set(found)) == 7 and query
