"""TAXII: posting and reading enterprise ATT&CK with taxii2-client; CPU seconds of the serving process alone.

Beside it, in the same run, medallion 3.0.0 (memory backend) and OpenTAXII 0.10 over a part of it, and how many times
their rate ours is; medallion is quadratic. `taxii_peers.py` says how to have them; without them they are left out.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import CORPUS, Served, report
from taxii2client.v21 import Collection, Server, as_pages
from taxii_peers import Cpu, medallion, opentaxii

_NEVER = "2999-01-01T00:00:00.000000Z"

BATCH = 500
PEERS = (
    ("medallion 3.0.0", "FUSIONCELL_MEDALLION", medallion, 1000, 100, 3),
    ("OpenTAXII 0.10", "FUSIONCELL_OPENTAXII", opentaxii, 4000, BATCH, 20),
)
"""Name, variable, server, objects that it is asked to hold, objects a post, empty polls: of all 24,771 medallion, which
is quadratic, would read for three quarters of an hour."""
Measured = tuple[float, float, float]
"""Objects a CPU-second in and out, empty polls a CPU-second."""


def run() -> None:
    """Measure all."""
    objects = json.loads(gzip.decompress((CORPUS / "stix" / "enterprise-attack.json.gz").read_bytes()))["objects"]
    with tempfile.TemporaryDirectory() as folder:
        hub = Served(Path(folder) / "hub")
        try:
            ours = _ours(hub, objects)
        finally:
            hub.stop()
    for name, variable, served, part, batch, polls in PEERS:
        if place := os.environ.get(variable, ""):
            with served(Path(place)) as (collection, spent):
                theirs = _all(name, collection, objects[:part], spent, batch, polls)
            times = {key: our / their for key, our, their in zip(("post", "get", "poll"), ours, theirs, strict=True)}
            report(f"fusion cell, times {name}", **times)


def _ours(hub: Served, objects: list[Any]) -> Measured:
    collection = _default(hub, 0)
    measured = _all("fusion cell", collection, objects, lambda: hub.cpu, BATCH, polls=2000)
    _read("fusion cell, the next subscriber", _default(hub, 1), len(objects), lambda: hub.cpu)
    report("fusion cell", rss_mb=hub.rss)
    return measured


def _default(hub: Served, key: int) -> Collection:
    return Server(f"{hub.url}/taxii2/", user="x", password=hub.keys[key]).default.collections[0]


def _all(name: str, collection: Collection, objects: list[Any], cpu: Cpu, batch: int, polls: int) -> Measured:
    before, began = cpu(), time.perf_counter()
    for start in range(0, len(objects), batch):
        status = collection.add_objects({"objects": objects[start : start + batch]})
        assert status.failure_count == 0, status
    rate, took = len(objects) / max(cpu() - before, 1e-9), time.perf_counter() - began
    report(f"{name}: POST", objects=len(objects), per_cpu_second=rate, seconds=took)
    out = _read(name, collection, len(objects), cpu)
    collection.get_objects(added_after=_NEVER)
    before = cpu()
    for _ in range(polls):
        collection.get_objects(added_after=_NEVER)
    spent = max(cpu() - before, 1e-9)
    report(f"{name}: empty poll", cpu_ms=spent / polls * 1000)
    return rate, out, polls / spent


def _read(name: str, collection: Collection, count: int, cpu: Cpu) -> float:
    before, began, found = cpu(), time.perf_counter(), 0
    for page in as_pages(collection.get_objects, per_request=0):
        found += len(page.get("objects", ()))
    rate, took = count / max(cpu() - before, 1e-9), time.perf_counter() - began
    assert found == count, found
    report(f"{name}: GET, paged", objects=found, per_cpu_second=rate, seconds=took)
    return rate


if __name__ == "__main__":
    run()
