"""From a contribution's answer to it being searchable and fused, while a feed keeps the hub busy."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx
from bench import Served, bundle, indicators, report

PROBES = 150


async def load(url: str, key: str, stop: asyncio.Event) -> int:
    """Post bundles of 500 objects, four a second, until told to stop."""
    sent = 0
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        while not stop.is_set():
            body = bundle(indicators(sent * 500, 500, stated="2026-11-01T00:00:00.000Z"), sent)
            await client.post("/api/contributions", content=body, headers={"Content-Type": "application/json"})
            sent += 1
            await asyncio.sleep(0.25)
    return sent * 500


async def probe(url: str, key: str) -> list[float]:
    """Post one name after another and ask until it is fused and found."""
    late = []
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for number in range(PROBES):
            name = f"probe{number}.latency.example"
            await client.post("/api/contributions?tlp=green", content=f"seen {name.replace('.', '[.]')} today",
                              headers={"Content-Type": "text/plain"})  # fmt: skip
            start = time.perf_counter()
            while (await client.get(f"/api/observables/domain-name/{name}")).status_code != 200:
                await asyncio.sleep(0.003)
            late.append(time.perf_counter() - start)
            found = (await client.get("/api/search", params={"q": f"seen probe{number}"})).json()
            assert found["hits"], name
            await asyncio.sleep(0.02)
    return late


async def run(served: Served) -> None:
    """Load and probe together."""
    stop = asyncio.Event()
    loading = asyncio.create_task(load(served.url, served.keys[0], stop))
    await asyncio.sleep(0.5)
    before, start = served.cpu, time.perf_counter()
    late = sorted(await probe(served.url, served.keys[1]))
    stop.set()
    objects = await loading
    report("contribution to fused, under load", probes=len(late), objects_beside=objects,
           p50_ms=late[len(late) // 2] * 1e3, p99_ms=late[int(len(late) * 0.99)] * 1e3,
           server_cpu_share=(served.cpu - before) / (time.perf_counter() - start))  # fmt: skip


def main() -> None:
    """Serve and measure."""
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder) / "hub")
        try:
            asyncio.run(run(served))
        finally:
            served.stop()


if __name__ == "__main__":
    main()
