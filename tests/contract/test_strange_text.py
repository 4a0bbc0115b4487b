"""Text that a database may choke on goes in and comes out on both: a batch that fails would stop the river for good."""

from __future__ import annotations

import json
import uuid

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Tlp

STRANGE = {
    "zero byte": "a\\u0000b",
    "lone surrogate": "a\\ud800b",
    "control characters": "a\\u0001\\u001b[31mb",
    "right-to-left override": "a\\u202eb",
    "beyond the basic plane": "\\ud83d\\ude00",
    "not a character": "a\\ufffeb",
    "percent signs": "100%s %(x)s ?",
    "quotes": "a'b\\\"c\\\\",
    "very long": "x" * 5000,
}


def bodies(text: str) -> list[tuple[str, bytes]]:
    """Bodies of each format with the text wherever text may stand."""
    stix = {
        "type": "bundle",
        "id": "bundle--TEXT",
        "objects": [
            {
                "type": "indicator",
                "spec_version": "2.1",
                "id": f"indicator--{uuid.uuid4()}",
                "name": "TEXT",
                "labels": ["TEXT"],
                "created": "2026-01-01T00:00:00Z",
                "modified": "2026-01-01T00:00:00Z",
                "description": "TEXT T1566",
                "pattern_type": "stix",
                "pattern": "[domain-name:value = 'strange.example']",
                "valid_from": "2026-01-01T00:00:00Z",
                "created_by_ref": "TEXT",
                "external_references": [{"source_name": "TEXT", "external_id": "TEXT"}],
            },
            {"type": "file", "id": f"file--{uuid.uuid4()}", "name": "TEXT"},
            {"type": "user-account", "id": f"user-account--{uuid.uuid4()}", "account_login": "TEXT"},
            {"type": "domain-name", "id": f"domain-name--{uuid.uuid4()}", "value": "TEXT"},
            {"type": "x-own", "id": "x-own--TEXT", "name": "TEXT"},
            {"type": "TEXT", "id": "TEXT"},
        ],
    }
    misp = {
        "Event": {
            "uuid": str(uuid.uuid4()),
            "info": "TEXT",
            "date": "2026-01-01",
            "Orgc": {"name": "TEXT", "uuid": "TEXT"},
            "Tag": [{"name": "TEXT"}],
            "Attribute": [
                {
                    "uuid": str(uuid.uuid4()),
                    "type": kind,
                    "value": "TEXT",
                    "to_ids": True,
                    "timestamp": "1767225600",
                    "comment": "TEXT",
                    "category": "TEXT",
                }
                for kind in ("domain", "filename", "text", "TEXT", "url", "mutex", "target-user")
            ],
        }
    }
    raw = json.loads(f'"{text}"').encode("utf-8", "surrogatepass")
    return [
        ("application/json", json.dumps(stix).replace("TEXT", text).encode()),
        ("application/json", json.dumps(misp).replace("TEXT", text).encode()),
        ("text/csv", b"domain,comment,tags\nstrange.example," + raw + b"," + raw + b"\n" + raw + b",x,y\n"),
        ("text/plain", b"Seen " + raw + b" at hxxp://strange[.]example/" + raw + b" today"),
    ]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_text_passes_or_is_refused(hub: Hub, name: str) -> None:
    viewer = hub.members.operator_viewer(hub.members.add_organisation("Strange", "test", "industry").id)
    assert viewer is not None
    kept = []
    for media, body in bodies(STRANGE[name]):
        try:
            kept.append(hub.intake.accept(viewer, body, media, Terms(Tlp.GREEN, filename="a\x00b")).contribution)
        except FusionCellError as refused:
            assert refused.detail
    hub.settle()
    assert hub.river.position == hub.record.head()[0]
    for contribution in kept:
        assert hub.intake.status(viewer, contribution).projected
        assert hub.picture.contribution(viewer, contribution).items
        hub.picture.entries(viewer, contribution)
    found = hub.picture.search(viewer, json.loads(f'"{STRANGE[name]}"')[:200] or "x")
    assert found is not None
    for contribution in kept[:1]:
        hub.intake.recall(viewer, contribution, "strange \x00")
    hub.settle()
    assert hub.river.position == hub.record.head()[0]
