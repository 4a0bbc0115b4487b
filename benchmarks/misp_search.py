"""The MISP door: adding, looking up, exporting; CPU seconds of the serving process alone, HTTP and all.

Ten events of 10,000 attributes (domains, addresses, digests, URLs, a tag on each tenth), added by one organisation and
searched by another; then one event of 50,000 exported whole.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from bench import Served, report
from import_corpus import plain_loop

EVENTS, SIZE, EXPORTED = 10, 10_000, 50_000
if "--small" in sys.argv:
    EVENTS, SIZE, EXPORTED = 2, 5_000, 10_000
LOOK_UPS = 300


def run() -> None:
    """Measure all."""
    with tempfile.TemporaryDirectory() as folder:
        hub = Served(Path(folder) / "hub")
        try:
            _all(hub)
        finally:
            hub.stop()


def attribute(number: int) -> dict[str, Any]:
    """Make an attribute: four kinds in turn."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    type, category, value = (
        ("domain", "Network activity", f"{digest[:12]}.example"),
        ("ip-dst", "Network activity", f"198.{18 + (number >> 16 & 1)}.{number >> 8 & 255}.{number & 255}"),
        ("sha256", "Payload delivery", digest),
        ("url", "Network activity", f"http://{digest[:10]}.example/{digest[10:16]}"),
    )[number % 4]
    made = {"uuid": str(uuid.UUID(digest[:32])), "type": type, "category": category, "value": value, "to_ids": True,
            "timestamp": "1760000000", "comment": "" if number % 3 else "of a benchmark",
            "distribution": "5"}  # fmt: skip
    if number % 10 == 0:
        made["Tag"] = [{"name": "kill-chain:Delivery"}]
    return made


def event(start: int, size: int) -> dict[str, Any]:
    """Make a published event of attributes."""
    return {"Event": {
        "uuid": str(uuid.UUID(int=start + (1 << 100), version=4)), "info": f"Benchmark {start}", "date": "2026-11-01",
        "distribution": "1", "threat_level_id": "2", "analysis": "1", "published": True,
        "publish_timestamp": "1760000100", "timestamp": "1760000100", "Tag": [{"name": "tlp:green"}],
        "Attribute": [attribute(number) for number in range(start, start + size)],
    }}  # fmt: skip


def _all(hub: Served) -> None:
    writer = httpx.Client(base_url=f"{hub.url}/misp/", headers={"authorization": hub.keys[0]}, timeout=600)
    reader = httpx.Client(base_url=f"{hub.url}/misp/", headers={"authorization": hub.keys[1]}, timeout=600)
    spent = []
    for number in range(EVENTS):
        spent.append(_cpu(hub, lambda: _add(writer, event(number * SIZE, SIZE))))  # noqa: B023 - called at once
    report("a plain loop's step", ns=plain_loop())
    report("add an event of 10,000", first=spent[0], median=sorted(spent)[EVENTS // 2])
    _settle(hub)
    for scope in ("attributes", "events"):
        _look_up(hub, reader, scope)
    values = [attribute(number)["value"] for number in range(0, EVENTS * SIZE, EVENTS * SIZE // 1000)]
    asked = {"returnFormat": "json", "value": values}
    found: list[int] = []
    cost = _cpu(hub, lambda: found.extend(_count(reader, asked) for _ in range(10)))
    report("1,000 values in a request", found=found[0], cpu_ms=100 * cost)
    cost = _cpu(hub, lambda: _count(reader, {"value": "%a1b2%"}))
    report("a pattern over 100,000", cpu_ms=1000 * cost)
    _cpu(hub, lambda: _add(writer, event(1 << 20, EXPORTED)))
    _settle(hub)
    given = str(uuid.UUID(int=(1 << 20) + (1 << 100), version=4))
    for form in ("json", "csv", "text", "suricata", "stix2"):
        asked = {"returnFormat": form, "eventid": given}
        size: list[int] = []
        cost = min(_cpu(hub, lambda: size.append(_fetch(reader, "attributes", asked))) for _ in range(3))  # noqa: B023
        report(f"export 50,000 as {form}", mb=size[0] / 1e6, cpu_s=cost)
    cost = _cpu(hub, lambda: _fetch(reader, "events", {"returnFormat": "json", "eventid": given}))
    report("events/restSearch of 50,000", cpu_s=cost)
    report("a plain loop's step", ns=plain_loop())
    report("memory", rss_mb=hub.rss)


def _look_up(hub: Served, reader: httpx.Client, scope: str) -> None:
    wanted = [attribute(number * 331 + 7)["value"] for number in range(LOOK_UPS)]

    def ask() -> None:
        for value in wanted:
            answer = reader.post(f"{scope}/restSearch", json={"returnFormat": "json", "value": value, "limit": 100,
                                                             "metadata": 1})  # fmt: skip
            assert answer.status_code == 200, answer.text

    idle = _cpu(hub, lambda: [reader.get("servers/getVersion") for _ in range(LOOK_UPS)])
    cost = _cpu(hub, ask)
    report(f"{scope}: one value of 100,000", cpu_ms=1000 * cost / LOOK_UPS, of_which_http=1000 * idle / LOOK_UPS)


def _add(client: httpx.Client, whole: dict[str, Any]) -> None:
    answer = client.post("events/add", json=whole)
    assert answer.status_code == 200, answer.text[:500]


def _fetch(client: httpx.Client, scope: str, asked: dict[str, Any]) -> int:
    answer = client.post(f"{scope}/restSearch", json=asked)
    assert answer.status_code == 200, answer.text[:500]
    return len(answer.content)


def _count(client: httpx.Client, asked: dict[str, Any]) -> int:
    return len(client.post("attributes/restSearch", json=asked).json()["response"]["Attribute"])


def _cpu(hub: Served, action: Any) -> float:
    before = hub.cpu
    action()
    return hub.cpu - before


def _settle(hub: Served) -> None:
    """Wait until the process is idle, so that what follows is not billed for what came before."""
    before = -1.0
    while hub.cpu - before > 0.02:
        before = hub.cpu
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(run())
