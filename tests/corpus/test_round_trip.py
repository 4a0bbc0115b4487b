"""All of the corpus through a whole hub: every object and event comes out as it went in, nothing of it is news.

STIX 2.1 and MISP as others wrote them; counts are made a second way, by plain ``json``. What is old notifies no one,
starts no trend and proposes no block (issue 2, checks 2 and 7).
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from databases import hub_in
from fusioncell.bootstrap import Hub
from fusioncell.edges.system import SystemClock
from fusioncell.intake.export import export_native
from fusioncell.intake.service import Accepted, Status, Terms
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Viewer

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
EXPECTED = {"enterprise-attack": 24_771, "ics-attack": 1_826, "events": 253, "attributes": 63_084}
EXPLAINED = "qph3s8p27pfg2lxgpzqmdel25tsmlryatyhxwzx3x5"
"""A Bitcoin Cash address without its prefix, given as ``btc``: kept, and listed as a fault."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS} (FUSIONCELL_CORPUS names another place)"),
]


def read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def files() -> list[Path]:
    return sorted(path for folder in ("stix", "misp") for path in (CORPUS / folder).rglob("*.json*") if path.is_file())


@dataclass
class Corpus:
    """The hub that took it all, and what it answered."""

    hub: Hub
    viewer: Viewer
    accepted: dict[Path, Accepted] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)


def take(corpus: Corpus) -> dict[Path, Accepted]:
    """Contribute every file, and project all of it."""
    taken = {}
    for path in files():
        try:
            taken[path] = corpus.hub.intake.accept(corpus.viewer, read(path), "", Terms(filename=path.name))
        except Exception as fault:  # noqa: BLE001 - shown by the test that wants none
            corpus.refused[path] = repr(fault)
    corpus.hub.settle()
    return taken


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    hub = hub_in(tmp_path_factory.mktemp("corpus") / "hub", "", clock=SystemClock(), randomness=SeededRandomness(1))
    organisation = hub.members.add_organisation("Corpus", "research", "academia")
    viewer = hub.members.operator_viewer(organisation.id)
    assert viewer is not None
    made = Corpus(hub, viewer)
    made.accepted = take(made)
    yield made
    hub.close()


def status(corpus: Corpus, accepted: Accepted) -> Status:
    return corpus.hub.intake.status(corpus.viewer, accepted.contribution)


def plain_objects(body: bytes) -> list[dict[str, Any]] | None:
    """The objects of a STIX bundle, by plain json; None where the body is none."""
    data = json.loads(body)
    return data["objects"] if isinstance(data, dict) and "objects" in data else None


def plain_events(body: bytes) -> list[dict[str, Any]]:
    """The events of a MISP body, by plain json."""
    data = json.loads(body)
    rows = data if isinstance(data, list) else data.get("response", [data]) if isinstance(data, dict) else []
    return [row["Event"] for row in rows if isinstance(row, dict) and "Event" in row]


def attributes_of(event: dict[str, Any]) -> int:
    return len(event.get("Attribute", [])) + sum(len(o.get("Attribute", [])) for o in event.get("Object", []))


def exported(corpus: Corpus, accepted: Accepted) -> bytes:
    entries = corpus.hub.picture.entries(corpus.viewer, accepted.contribution)
    return export_native(entries)[1]


def test_everything_is_taken(corpus: Corpus) -> None:
    """A feed's manifest alone holds nothing to take: it lists the events, which are files of their own."""
    assert {path.name for path in corpus.refused} == {"manifest.json"}
    assert {path: a.shell.faults for path, a in corpus.accepted.items() if a.shell.fault_count} == {}
    closer = [fault for a in corpus.accepted.values() for fault in status(corpus, a).faults]
    assert len(closer) == 1
    assert EXPLAINED in closer[0][1]


def test_the_counts_are_right(corpus: Corpus) -> None:
    """By plain json, by the answers, and by what the data's own README says."""
    plain: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for path, accepted in corpus.accepted.items():
        body = read(path)
        objects = plain_objects(body)
        if objects is not None:
            name = path.name.partition(".")[0]
            plain[name] += len(objects)
            told[name] += accepted.shell.objects
        else:
            events = plain_events(body)
            plain["events"] += len(events)
            plain["attributes"] += sum(map(attributes_of, events))
            told["attributes"] += accepted.shell.attributes
            told["events"] += sum(
                entry.kind == "misp.event" for entry in corpus.hub.picture.entries(corpus.viewer, accepted.contribution)
            )
    assert dict(plain) == dict(told) == EXPECTED


def test_each_file_comes_out_as_it_went_in(corpus: Corpus) -> None:
    """As JSON values, in order, unknown fields included; objects and events, each of them.

    Compared as texts: in Python 1, 1.0 and True are equal values, and the order of keys does not count.
    """
    compared: Counter[str] = Counter()
    for path, accepted in corpus.accepted.items():
        body, back = read(path), exported(corpus, accepted)
        objects = plain_objects(body)
        if objects is not None:
            again = plain_objects(back)
            assert json.dumps(again) == json.dumps(objects), path.name
            compared["objects"] += len(objects)
        else:
            events = plain_events(body)
            assert json.dumps(plain_events(back)) == json.dumps(events), path.name
            compared["events"] += len(events)
    assert compared == {"objects": 24_771 + 1_826, "events": 253}


def test_new_and_duplicates_are_all_that_was_kept(corpus: Corpus) -> None:
    for path, accepted in corpus.accepted.items():
        found = status(corpus, accepted)
        assert found.projected, path.name
        assert found.new + found.duplicates == accepted.shell.items, path.name


def test_old_news_is_history(corpus: Corpus) -> None:
    """No fresh mention, nothing due, no decision, no zone; yet it is searchable and weighed."""
    hub = corpus.hub
    with hub.databases["projections"].read() as connection:
        counted = {
            table: connection.rows(f"SELECT count(*) FROM {table}")[0][0]
            for table in ("picture_recent", "picture_count", "shield_due", "shield_decision", "shield_change")
        }
        claims = connection.rows("SELECT count(*) FROM fusion_claim WHERE stance IN (1, 2)")[0][0]
    assert counted == dict.fromkeys(counted, 0)
    assert claims > 10_000
    kinds: Counter[str] = Counter()
    position = 0
    while page := hub.record.read_after(position, blocks=500):
        kinds.update(entry.kind for entry in page)
        position = page[-1].seq
    assert not [kind for kind in kinds if kind.startswith("decision")]
    assert hub.picture.search(corpus.viewer, "T1566").hits
    assert not hub.picture.rising(corpus.viewer)


def test_a_second_time_adds_nothing(corpus: Corpus) -> None:
    """Runs last: all of it is repeats, and no table of what is known grows."""
    tables = ("intake_item", "fusion_claim", "fusion_observable", "picture_text", "picture_recent", "shield_due")

    def sizes() -> list[int]:
        with corpus.hub.databases["projections"].read() as connection:
            return [connection.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]

    before = sizes()
    for path, accepted in take(corpus).items():
        found = status(corpus, accepted)
        assert (found.new, found.duplicates) == (0, accepted.shell.items), path.name
    assert sizes() == before
