"""Abuse notices on both databases: in order, a page ends with an entry, and who joins a group is told of its past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import START, fresh_url, hub_in
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.errors import BadInput, NotSignedIn
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer

INDICATOR = json.dumps({
    "type": "bundle", "id": "bundle--6f1d2c3a-5b6e-4f70-8a91-2b3c4d5e6f70", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": "indicator--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061",
        "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "valid_from": "2026-01-01T00:00:00Z",
        "pattern_type": "stix", "indicator_types": ["malicious-activity"], "pattern":
        " OR ".join(f"[ipv4-addr:value = '{value}']" for value in ("45.10.1.1", "8.8.8.8", "45.10.1.2", "45.10.1.3")),
    }]}).encode()  # fmt: skip
"""One entry that speaks of several addresses."""


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    with fresh_url(request.param) as url:
        made = hub_in(tmp_path / "hub", url, clock=ManualClock(START))
        made.abuse.assets_of = lambda _: ["45.10.0.0/16", "2a00:1450::/32"]
        try:
            yield made
        finally:
            made.close()


def organisation(hub: Hub, name: str) -> Viewer:
    viewer = hub.members.operator_viewer(hub.members.add_organisation(name, "telecoms", "isp").id)
    assert viewer is not None
    return viewer


def tell(hub: Hub, who: Viewer, *values: str, tlp: Tlp = Tlp.GREEN) -> None:
    body = "value,type,verdict\n" + "".join(f"{value},,malicious\n" for value in values)
    hub.intake.accept(who, body.encode(), "text/csv", Terms(tlp, ()))
    hub.settle()


def test_pages_end_with_an_entry_and_miss_nothing(hub: Hub) -> None:
    isp, other = organisation(hub, "North"), organisation(hub, "East")
    tell(hub, other, "45.10.0.1", "9.9.9.9", "2a00:1450::1", "45.10.8.0/24", "45.0.0.0/8", "http://45.10.0.2:81/x")
    hub.intake.accept(other, INDICATOR, "application/stix+json", Terms(Tlp.GREEN, ()))
    tell(hub, other, "45.10.0.1")
    seen, cursor = [], ""
    for _ in range(20):
        page = hub.abuse.since(isp, cursor, limit=2)
        seen += [one.address for one in page.found]
        cursor = page.cursor
        if not page.more:
            break
    whole = hub.abuse.since(isp)
    assert seen == [one.address for one in whole.found] and not whole.more
    assert [one for one in seen if one.startswith("45.10.1.")] == ["45.10.1.1", "45.10.1.2", "45.10.1.3"]
    assert seen[:4] == ["45.10.0.1", "2a00:1450::1", "45.10.8.0/24", "45.10.0.2"] and seen[-1] == "45.10.0.1"
    assert [one.address for one in hub.abuse.newest(isp, 1).found] == ["45.10.0.1"]
    assert hub.abuse.since(isp, cursor).found == ()
    assert whole.found[0].count == 2 and whole.found[3].url == "http://45.10.0.2:81/x"


def test_who_may_see_more_is_told_from_the_beginning(hub: Hub) -> None:
    isp, other = organisation(hub, "North"), organisation(hub, "East")
    tell(hub, other, "45.10.0.1")
    tell(hub, other, "45.10.0.2", tlp=Tlp.AMBER_STRICT)
    tell(hub, other, "45.10.0.3")
    before = hub.abuse.since(isp)
    assert [one.address for one in before.found] == ["45.10.0.1", "45.10.0.3"]
    # A new audience without a past begins nothing anew.
    tell(hub, other, "45.10.0.4", tlp=Tlp.CLEAR)
    after = hub.abuse.since(isp, before.cursor)
    assert [one.address for one in after.found] == ["45.10.0.4"] and not after.again
    wider = hub.abuse.since(Viewer(org=isp.org, member=True, parties=isp.parties | other.parties), after.cursor)
    assert wider.again and [one.address for one in wider.found] == [f"45.10.0.{n}" for n in (1, 2, 3, 4)]


def test_a_visitor_has_no_networks_and_cursors_are_ours(hub: Hub) -> None:
    with pytest.raises(NotSignedIn):
        hub.abuse.since(PUBLIC)
    isp = organisation(hub, "North")
    for wrong in ("x", "0b8ad5c2-7d05-4b2f-9c3e-000000000000.x", hub.seal.entry_id(1)):
        with pytest.raises(BadInput):
            hub.abuse.since(isp, wrong)
    cursor = hub.abuse.since(isp).cursor
    hub.abuse.assets_of = lambda _: []
    assert hub.abuse.since(isp, cursor).found == ()
