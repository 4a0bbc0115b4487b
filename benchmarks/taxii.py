"""TAXII: posting and reading enterprise ATT&CK with taxii2-client; CPU seconds of the serving process alone.

Beside it, in the same run, medallion 3.0.0 (memory backend) over a part of it, for it is quadratic. It is no
dependency: ``uv pip install --target FOLDER medallion`` and name the folder in FUSIONCELL_MEDALLION; without it that
part is left out.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from bench import CORPUS, Served, report
from taxii2client.v21 import Collection, Server, as_pages

BATCH = 500
PART = 1000
"""Objects of which medallion is asked to hold: at 24,771 one read would take it three quarters of an hour."""


def run() -> None:
    """Measure all."""
    objects = json.loads(gzip.decompress((CORPUS / "stix" / "enterprise-attack.json.gz").read_bytes()))["objects"]
    with tempfile.TemporaryDirectory() as folder:
        hub = Served(Path(folder) / "hub")
        try:
            _ours(hub, objects)
        finally:
            hub.stop()
    place = os.environ.get("FUSIONCELL_MEDALLION", "")
    if place:
        with _medallion(Path(place)) as (url, cpu):
            collection = Collection(f"{url}/trustgroup1/collections/{_ID}/", user="admin", password="Password0")
            _measure("medallion 3.0.0", collection, objects[:PART], cpu, 100)


def _ours(hub: Served, objects: list[Any]) -> None:
    root = Server(f"{hub.url}/taxii2/", user="x", password=hub.keys[0]).default
    _measure("fusion cell", root.collections[0], objects, lambda: hub.cpu, 0, BATCH)
    other = Server(f"{hub.url}/taxii2/", user="x", password=hub.keys[1]).default.collections[0]
    _read("fusion cell, the next subscriber", other, len(objects), lambda: hub.cpu, 0)
    _empty(hub, other)
    report("fusion cell", rss_mb=hub.rss)


def _measure(name: str, collection: Collection, objects: list[Any], cpu: Any, size: int, batch: int = 100) -> None:
    before, began = cpu(), time.perf_counter()
    for start in range(0, len(objects), batch):
        status = collection.add_objects({"objects": objects[start : start + batch]})
        assert status.failure_count == 0, status
    spent, took = cpu() - before, time.perf_counter() - began
    report(f"{name}: POST", objects=len(objects), per_cpu_second=len(objects) / max(spent, 1e-9), seconds=took)
    _read(name, collection, len(objects), cpu, size)


def _read(name: str, collection: Collection, count: int, cpu: Any, size: int) -> None:
    before, began, found = cpu(), time.perf_counter(), 0
    for page in as_pages(collection.get_objects, per_request=size):
        found += len(page.get("objects", ()))
    spent, took = cpu() - before, time.perf_counter() - began
    assert found == count, found
    report(f"{name}: GET, paged", objects=found, per_cpu_second=found / max(spent, 1e-9), seconds=took)


def _empty(hub: Served, collection: Collection, polls: int = 2000) -> None:
    headers = {"Accept": "application/taxii+json;version=2.1"}
    with httpx.Client(auth=("x", hub.keys[1]), headers=headers) as client:
        last = client.get(collection.objects_url, params={"added_after": "2999-01-01T00:00:00Z"})
        assert last.json()["objects"] == []
        before = hub.cpu
        for _ in range(polls):
            client.get(collection.objects_url, params={"added_after": "2999-01-01T00:00:00.000000Z"})
        report("fusion cell: empty poll", cpu_ms=(hub.cpu - before) / polls * 1000)


_ID = "365fed99-08fa-fdcd-a1b3-fb247eb41d01"


@contextmanager
def _medallion(place: Path) -> Iterator[tuple[str, Any]]:
    """Serve medallion with one empty collection; give its address and what tells its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        data = {
            "/discovery": {"title": "bench", "default": "/trustgroup1/", "api_roots": ["/trustgroup1/"]},
            "trustgroup1": {
                "information": {"title": "bench", "versions": ["application/taxii+json;version=2.1"],
                                "max_content_length": 104857600},
                "status": [],
                "collections": [{"id": _ID, "title": "bench", "can_read": True, "can_write": True, "objects": [],
                                 "manifest": [], "media_types": ["application/stix+json;version=2.1"]}],
            },
        }  # fmt: skip
        (Path(folder) / "data.json").write_text(json.dumps(data))
        config = {"backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                              "filename": f"{folder}/data.json"},
                  "users": {"admin": "Password0"}, "taxii": {"max_page_size": 100}}  # fmt: skip
        (Path(folder) / "config.json").write_text(json.dumps(config))
        process = subprocess.Popen(  # noqa: S603 - this interpreter, the package that was named
            [sys.executable, "-m", "medallion.scripts.run", f"{folder}/config.json", "--port", "5055"],
            env={**os.environ, "PYTHONPATH": str(place)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        url = "http://127.0.0.1:5055"
        try:
            for _ in range(100):
                try:
                    httpx.get(url)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield url, lambda: _cpu(process.pid)
        finally:
            process.terminate()
            process.wait(10)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    run()
