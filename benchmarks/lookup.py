"""Single look-ups and bulk match over HTTP, against a hub that knows 1 M observables."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from bench import Cpu, Served, fill, report

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.fusion.knowngood import KnownGood


def main() -> None:
    """Fill, serve, ask."""
    observables = 100_000 if "--quick" in sys.argv else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hub"
        Folder(folder).make("hub")
        hub = open_hub(folder, known_good=KnownGood.nothing())
        hub.members.add_organisation("Bench", "test", "government")
        with Cpu() as filling:
            fill(hub, observables)
        hub.close()
        size = sum(f.stat().st_size for f in folder.glob("*.db*"))
        report("fill", observables=observables, bytes_each=size // observables, cpu_s=filling.seconds)
        served = Served(folder)
        try:
            report("memory after start", rss_mb=served.rss)
            with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.keys[0]}"}) as client:
                one_by_one(served, observables)
                in_bulk(served, client, observables)
            report("memory at the end", rss_mb=served.rss)
        finally:
            served.stop()


def one_by_one(served: Served, observables: int) -> None:
    """5,000 look-ups of known values, one after another on one connection, then on sixteen at once."""
    chance = random.Random(1)  # noqa: S311 - which values to ask
    names = [_name(10_000_000 + chance.randrange(observables)) for _ in range(5_000)]
    for connections in (1, 16):
        asyncio.run(_ask(served, names[:200], connections))
        before = served.cpu
        asyncio.run(_ask(served, names, connections))
        spent = served.cpu - before
        report(f"single look-up, {connections} connections", cpu_ms_each=spent / len(names) * 1e3)


async def _ask(served: Served, names: list[str], connections: int) -> None:
    waiting = iter(names)
    address = urlsplit(served.url)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for name in waiting:
            writer.write(
                f"GET /api/observables/domain-name/{name} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {served.keys[0]}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
        writer.close()

    await asyncio.gather(*[client() for _ in range(connections)])


def in_bulk(served: Served, client: httpx.Client, observables: int) -> None:
    """500,000 values a request: one in two hundred known, then all known."""
    chance = random.Random(2)  # noqa: S311 - which values to ask
    rows = [f"www{i}.clean{i % 5003}.example" for i in range(500_000)]
    for i in range(0, len(rows), 200):
        rows[i] = _name(10_000_000 + chance.randrange(observables))
    known = [_name(10_000_000 + chance.randrange(observables)) for _ in range(100_000)]
    first = known[:10_000]  # enough to be answered from memory, which is read in for it
    for name, values in (("bulk match, the first: index read in", first), ("bulk match, 0.5 % known", rows),
                         ("bulk match, all known", known)):  # fmt: skip
        body = "\n".join(values).encode()
        before = served.cpu
        answer = client.post("/api/match", content=body, headers={"Content-Type": "text/plain"}, timeout=300)
        spent = served.cpu - before
        hits = answer.content.count(b'"known":true')
        report(name, values=len(values), hits=hits, values_per_cpu_second=int(len(values) / max(spent, 0.01)))


def _name(number: int) -> str:
    return f"host{number}.phish{number % 977}.example"


if __name__ == "__main__":
    main()
