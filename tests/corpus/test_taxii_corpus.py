"""All that the TAXII door serves of the corpus is valid by the OASIS JSON schemas; neutral versions are too."""

from __future__ import annotations

import gzip
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from databases import hub_in
from fusioncell.bootstrap import Hub
from fusioncell.exchange.taxii.dress import _NEUTRAL, built_in, withdrawn
from fusioncell.exchange.taxii.model import Ask
from fusioncell.intake import BUILT_IN_MARKINGS
from fusioncell.intake.service import Terms
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
SCHEMAS = CORPUS / "stix-schemas"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"no schemas at {SCHEMAS} (FUSIONCELL_CORPUS names another place)"),
]
FILES = ("stix/enterprise-attack.json.gz", "stix/ics-attack.json")


def validators() -> dict[str, Any]:
    """By type; what has no schema of its own is held to the common properties (``core``)."""
    texts = [json.loads(path.read_bytes()) for path in sorted(SCHEMAS.rglob("*.json"))]
    registry = jsonschema_rs.Registry([(text["$id"], text) for text in texts])
    return {text["$id"].rpartition("/")[2].removesuffix(".json"): jsonschema_rs.validator_for(text, registry=registry)
            for text in texts}  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    made = hub_in(tmp_path_factory.mktemp("taxii") / "hub", "", randomness=SeededRandomness(3))
    yield made
    made.close()


@pytest.fixture(scope="module")
def viewer(hub: Hub) -> Viewer:
    org = hub.members.add_organisation("Corpus", "test", "government")
    found = hub.members.viewer_for_key(hub.members.make_key(org.id)[1].reveal())
    assert found is not None
    return found


def give(hub: Hub, viewer: Viewer, name: str, media: str = "") -> str:
    data = (CORPUS / name).read_bytes()
    body = gzip.decompress(data) if name.endswith(".gz") else data
    return hub.intake.accept(viewer, body, media, Terms(Tlp.GREEN, filename=Path(name).name)).contribution


def served(hub: Hub, viewer: Viewer) -> Iterator[dict[str, Any]]:
    place, after = hub.taxii.place(viewer, "partnership", "partnership"), 0
    while True:
        page = hub.taxii.page(place, "objects", Ask(after=after))
        read = json.loads(page.body)
        yield from read["objects"]
        if not read["more"]:
            return
        after = page.last


def faults(hub: Hub, viewer: Viewer) -> tuple[Counter[str], list[str]]:
    known = validators()
    counted: Counter[str] = Counter()
    found = []
    for one in served(hub, viewer):
        counted[one["type"]] += 1
        check = known.get(one["type"]) or known["core"]
        found += [f"{one['id']}: {error.message[:200]}" for error in check.iter_errors(one)]
        assert one["spec_version"] in ("2.0", "2.1")
    return counted, found


def test_all_that_is_served_of_the_corpus_is_valid(hub: Hub, viewer: Viewer) -> None:
    for name in FILES:
        give(hub, viewer, name)
    for path in [*sorted((CORPUS / "misp").rglob("*.json"))[:40]]:
        give(hub, viewer, str(path.relative_to(CORPUS)))
    hub.settle()
    counted, found = faults(hub, viewer)
    assert counted["attack-pattern"] > 800 and counted["relationship"] > 20_000 and counted["indicator"] > 100, counted
    assert found == [], (len(found), found[:5])


@pytest.mark.parametrize("type", sorted(_NEUTRAL))
def test_the_neutral_version_of_each_type_is_valid(type: str) -> None:
    oid, at = f"{type}--{uuid.UUID(int=1, version=4)}", "2026-02-01T00:00:00.000Z"
    made = json.loads(withdrawn(b'{"created":"2026-01-01T00:00:00.000Z"}', type, oid, 21, at, Tlp.GREEN))
    assert [error.message[:300] for error in validators()[type].iter_errors(made)] == []


@pytest.mark.parametrize("oid", sorted(BUILT_IN_MARKINGS))
def test_the_built_in_markings_are_valid(oid: str) -> None:
    assert [error.message for error in validators()["marking-definition"].iter_errors(json.loads(built_in(oid)))] == []
