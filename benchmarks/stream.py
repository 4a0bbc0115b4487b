"""The live stream with 1,000 subscribers: publish → receive, CPU a delivery; at rates, and while importing."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from bench import CORPUS, Served, report

SUBSCRIBERS = 1_000
POSTS = 100
"""Posts a second at most: what is due goes out in one list, as a busy feed sends it. Without a bound a faster machine
would post in smaller lists, and the figures would hold more of what a post costs."""


class Counter:
    """What the subscribers received: how often, and for marked events how late."""

    def __init__(self) -> None:
        self.events = 0
        self.late: list[float] = []


class Subscriber(asyncio.Protocol):
    """A raw HTTP client that counts events and notes the delay of those that carry a time."""

    def __init__(self, key: str, counter: Counter) -> None:
        self._key, self._counter, self._rest = key, counter, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(
            b"GET /api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self._key.encode() + b"\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Count, and look at the first marked event of a piece."""
        self._counter.events += data.count(b"event: entry")
        found = data.find(b"sent-")
        if found >= 0:
            self._counter.late.append(time.time() - int(data[found + 5 : found + 21]) / 1e6)


async def publish(url: str, key: str, rate: int, seconds: float) -> tuple[int, int]:
    """Post names at a rate, each line an entry of its own; return how many, and in how many posts."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        start, sent, posts = time.perf_counter(), 0, 0
        while sent < int(rate * seconds):
            due = min(int((time.perf_counter() - start) * rate) + 1, int(rate * seconds)) - sent
            if due > 0:
                stamp = f"{int(time.time() * 1e6):016d}"
                body = "\n".join(f"sent-{stamp}.n{sent + i}.example" for i in range(due))
                await client.post("/api/contributions?tlp=green", content=body, headers={"Content-Type": "text/plain"})
                sent, posts = sent + due, posts + 1
            passed = time.perf_counter() - start
            await asyncio.sleep(1 / POSTS - passed % (1 / POSTS))
    return sent, posts


async def measure(served: Served, rate: int, counter: Counter, alone: float = 0.0) -> float:
    """Publish at a rate for 8 seconds and report; ``alone``: CPU seconds of the same with no subscriber."""
    counter.events, counter.late = 0, []
    before = served.cpu
    sent, posts = await publish(served.url, served.keys[0], rate, 8)
    await asyncio.sleep(1.0)
    spent = served.cpu - before
    late = sorted(counter.late)
    if late:
        report(
            f"stream, {rate}/s to {SUBSCRIBERS}",
            sent=sent,
            posts=posts,
            deliveries=counter.events,
            cpu_us_a_delivery=spent / counter.events * 1e6,
            posting_alone=alone / counter.events * 1e6,
            p50_ms=late[len(late) // 2] * 1e3,
            p99_ms=late[int(len(late) * 0.99)] * 1e3,
            server_cpu_s=spent,
        )
    return spent


async def run(served: Served) -> None:
    """Publish to no one, then to the subscribers at several rates, then once more while a corpus is imported."""
    counter = Counter()
    parts = urlsplit(served.url)
    loop = asyncio.get_running_loop()
    alone = {rate: await measure(served, rate, counter) for rate in (5, 100, 300)}
    for _ in range(SUBSCRIBERS):
        await loop.create_connection(lambda: Subscriber(served.keys[1], counter), parts.hostname, parts.port)
    await asyncio.sleep(1.5)
    report("memory, 1,000 subscribers", rss_mb=served.rss)
    for rate, posting in alone.items():
        await measure(served, rate, counter, posting)
    if CORPUS.exists() and "--quick" not in sys.argv:
        importing = asyncio.create_task(import_corpus(served))
        await asyncio.sleep(0.5)
        print("while importing:")
        await measure(served, 5, counter)
        await importing


async def import_corpus(served: Served) -> None:
    """Import the MISP corpus over HTTP."""
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {served.keys[0]}"}) as client:
        for path in sorted(CORPUS.glob("misp/*/*.json")):
            await client.post(
                "/api/contributions",
                content=path.read_bytes(),
                timeout=60,
                headers={"Content-Type": "application/json"},
            )


def main() -> None:
    """Serve and measure."""
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder) / "hub")
        try:
            time.sleep(1)
            report("idle memory", rss_mb=served.rss)
            asyncio.run(run(served))
        finally:
            served.stop()


if __name__ == "__main__":
    main()
