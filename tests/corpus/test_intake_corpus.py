"""Real data that no one here wrote: all of it is taken, counted right, and comes out as it went in."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.intake import misp, stix
from fusioncell.intake.extract import EXTRACTORS
from fusioncell.intake.formats import Limits, split_body
from fusioncell.intake.model import Fault, Item, Split
from fusioncell.kernel.claim import Role, Stance

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
LIMITS = Limits()

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS} (FUSIONCELL_CORPUS names another place)"),
]

EXPLAINED = {"qph3s8p27pfg2lxgpzqmdel25tsmlryatyhxwzx3x5"}
"""Values that are not of the type that their attribute names: a Bitcoin Cash address without its prefix, as ``btc``."""


def read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def misp_files() -> list[Path]:
    return sorted((CORPUS / "misp").glob("*/*.json"))


def events(items: tuple[Item, ...]) -> Iterator[list[Item]]:
    """Cut the items of a body at its events."""
    group: list[Item] = []
    for item in items:
        if item.kind == "misp.event" and group:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def plain_events(body: bytes) -> list[dict[str, Any]]:
    """The events by plain json: the count made another way."""
    data = json.loads(body)
    if "Event" in data:
        return [data["Event"]]
    return [one["Event"] for one in data.get("response", ())]


def extract_faults(found: Split) -> list[Fault]:
    return [fault for item in found.items for fault in
            EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body).faults]


@pytest.mark.parametrize("name, count", [("enterprise-attack.json.gz", 24_771), ("ics-attack.json", 1_826)])
def test_attack_comes_out_as_it_went_in(name: str, count: int) -> None:
    body = read(CORPUS / "stix" / name)
    format_name, found = split_body("application/json", body, name, LIMITS)
    plain = json.loads(body)
    assert (format_name, len(found.items), found.faults) == ("stix", count, ())
    made = stix.assemble([item.body for item in found.items], bundle_id=plain["id"])
    assert json.loads(made) == plain
    assert extract_faults(found) == []
    assert [item.subject for item in found.items] == [one["id"] for one in plain["objects"]]


def test_every_misp_event_comes_out_as_it_went_in() -> None:
    kinds: Counter[str] = Counter()
    plain_counts: Counter[str] = Counter()
    skipped = []
    faults: list[Fault] = []
    for path in misp_files():
        body = read(path)
        format_name, found = split_body("application/json", body, path.name, LIMITS)
        assert (format_name, found.faults) == ("misp", ()), path.name
        plain = plain_events(body)
        for one, group in zip(plain, events(found.items), strict=True):
            whole = misp.assemble(group[0].body, [(item.place, item.body) for item in group[1:]])
            assert json.loads(whole) == one, path.name
            objects = one.get("Object", [])
            plain_counts["misp.object"] += len(objects)
            plain_counts["misp.attribute"] += len(one["Attribute"]) + sum(len(made["Attribute"]) for made in objects)
        plain_counts["misp.event"] += len(plain)
        kinds.update(item.kind for item in found.items)
        faults += extract_faults(found)
        if found.notes:
            skipped.append(path.name)
    assert kinds == plain_counts
    assert kinds == {"misp.event": 253, "misp.object": 376, "misp.attribute": 63_084}
    assert skipped == ["manifest.json"]
    assert {fault.body.decode() for fault in faults} == EXPLAINED


def test_only_to_ids_accuses() -> None:
    """Mentioned is not guilty, over every attribute of the corpus."""
    for path in misp_files():
        for item in split_body("application/json", read(path), path.name, LIMITS)[1].items:
            if item.kind == "misp.attribute":
                claims = EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body).claims
                accused = any(claim.role is Role.ATTACKER and claim.stance is Stance.MALICIOUS for claim in claims)
                assert not accused or json.loads(item.body)["to_ids"] is True


def test_shadowserver_samples_accuse_no_host() -> None:
    rows = 0
    for path in sorted((CORPUS / "shadowserver" / "samples").glob("*.csv")):
        format_name, found = split_body("text/csv", read(path), path.name, LIMITS)
        assert (format_name, found.faults) == ("csv", ()), path.name
        assert extract_faults(found) == [], path.name
        rows += len(found.items)
        if path.stem == "sandbox_dns":  # a list of malware hashes, not of hosts
            continue
        for item in found.items:
            claims = EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body).claims
            assert {claim.stance for claim in claims} == {Stance.NONE}, path.name
            assert claims[0].role in (Role.COMPROMISED, Role.VICTIM)
    assert rows == 291
