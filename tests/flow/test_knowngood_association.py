"""Nothing is guilty by association: not a platform by its tenants, not a scanner by those who list it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp, Uses
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield.model import State

PLATFORM, SCANNER = "duckdns.org", "71.6.135.131"


@pytest.fixture
def hub(tmp_path: Path) -> Any:
    Folder(tmp_path / "hub").make("hub")
    made = open_hub(tmp_path / "hub", clock=ManualClock(parse_instant("2026-11-20T09:00:00Z")))
    yield made
    made.close()


def _say(hub: Any, type: str, values: list[str]) -> None:
    """Let eight organisations call the values malicious, each in an event of its own."""
    for number in range(8):
        org = hub.members.add_organisation(f"Member {number} of {type}", "energy", "industry").id
        event = {"Event": {
            "uuid": f"5a0c0000-1111-4000-8000-00{len(type):02}{number:08}", "info": "Seen", "date": "2026-11-19",
            "timestamp": "1795000000", "Attribute": [
                {"uuid": f"5a0c0000-2222-4000-8000-{len(type):02}{number:04}{at:06}", "type": type, "value": value,
                 "category": "Network activity", "to_ids": True, "timestamp": "1795000000"}
                for at, value in enumerate(values)]}}  # fmt: skip
        viewer = hub.members.operator_viewer(org)
        hub.intake.accept(viewer, json.dumps(event).encode(), "application/json",
                          Terms(Tlp.GREEN, uses=Uses.ANALYSIS | Uses.BLOCKING))  # fmt: skip
    hub.settle()


def test_a_platform_is_not_guilty_of_its_tenants(hub: Any) -> None:
    _say(hub, "url", [f"http://evil{n}.{PLATFORM}/login" for n in range(20)])
    viewer = hub.members.operator_viewer(hub.members.organisations()[0].id)
    sight = hub.record.visible_to(viewer)
    tenant = hub.fusion.look_up(Observable(ObservableType.URL, f"http://evil1.{PLATFORM}/login"), sight)
    assert tenant is not None
    assert tenant.malicious > 0.5
    for name in (PLATFORM, f"evil1.{PLATFORM}", f"good.{PLATFORM}"):
        found = hub.fusion.look_up(Observable(ObservableType.DOMAIN, name), sight)
        assert found is None or not found.origins, name


def test_a_scanner_that_all_list_is_shown_as_one_and_never_blocked_by_rule(hub: Any) -> None:
    _say(hub, "ip-dst", [SCANNER])
    one = Observable(ObservableType.IPV4, SCANNER)
    assert {hit.sort.value for hit in hub.fusion.known_good.hits(one)} >= {"scanner"}
    viewer = hub.members.operator_viewer(hub.members.organisations()[0].id)
    decisions = hub.shield.decisions(viewer, [State.PUBLISHED], limit=50)
    assert [each for each in decisions if each.name == SCANNER] == []
    standing = hub.fusion.standing(hub.record.visible_to(viewer))
    assert hub.fusion.ids_of([one])[0] not in standing.ids.tolist(), "no feed that blocks holds it"
