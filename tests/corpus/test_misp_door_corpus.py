"""Real events (ESET's) go in through the MISP door and come out of it with all that they said."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fusioncell.exchange.misp.show import _OF_INSTANCE
from served import ServedHub, new_hub

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
EVENTS = CORPUS / "misp" / "eset"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not EVENTS.is_dir(), reason=f"no events at {EVENTS} (FUSIONCELL_CORPUS names another place)"),
]
GIVEN_ANEW = _OF_INSTANCE | {"sharing_group_id", "orgc_id", "Tag", "Orgc"}
"""What this instance says itself: ids, and what is compared apart."""


def plain(value: Any) -> str:
    return "1" if value is True else "0" if value is False else "" if value is None else str(value)


def lost(given: dict[str, Any], shown: dict[str, Any]) -> list[str]:
    """Return the fields of a thing that came out otherwise, tags included."""
    found = [name for name, value in given.items() if name not in GIVEN_ANEW and not isinstance(value, (list, dict))
             and plain(value) != plain(shown.get(name))]  # fmt: skip
    tags = [{tag["name"] for tag in one.get("Tag", [])} for one in (given, shown)]
    return found + (["Tag"] if tags[0] != tags[1] else [])


def test_events_come_out_as_they_went_in(tmp_path: Path) -> None:
    attributes = 0
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        party = served.party("Alpha", "admin")
        for file in sorted(EVENTS.glob("*.json")):
            event = json.loads(file.read_bytes()).get("Event")
            if not event:
                continue
            answer = party.http.post("/misp/events/add", json=event, timeout=100)
            assert answer.status_code == 200, (file.name, answer.text[:300])
            shown = party.http.get(f"/misp/events/view/{event['uuid']}/deleted:1").json()["Event"]
            # Who publishes says when; the rest is as it was.
            assert set(lost(event, shown)) <= {"published", "publish_timestamp"}, file.name
            for one, out in _pairs(event, shown):
                attributes += "value" in one
                assert lost(one, out) == [], (file.name, one)
    assert attributes > 200


def _pairs(event: dict[str, Any], shown: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return each attribute and object with what came out under its uuid; {} where nothing did."""
    objects = {one["uuid"]: one for one in shown["Object"]}
    inside = [one for thing in shown["Object"] for one in thing["Attribute"]]
    known = {one["uuid"]: one for one in [*shown["Attribute"], *inside]} | objects
    given = [*event.get("Attribute", []), *event.get("Object", [])]
    given += [one for thing in event.get("Object", []) for one in thing.get("Attribute", [])]
    return [(one, known.get(one["uuid"], {})) for one in given]
