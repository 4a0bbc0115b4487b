"""What the RPZ primary takes: build, AXFR over a real socket, one-name change, IXFR. Synthetic names, made here.

Run: ``PYTHONPATH=src python benchmarks/dns_primary.py [names …]`` (default 100000 1000000). The reader is a bare loop
on the same machine; CPU seconds are this process's, so reader and server together.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterator

from fusioncell.edges.dns_server import DnsServer, TsigKey, start_dns_server
from fusioncell.edges.dns_tsig import Signer
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.transfer import zone_question
from fusioncell.shield.zone import ZoneImage


def _names(count: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    for number in range(count):
        yield f"{rng.getrandbits(rng.choice((24, 40, 56))):x}-{number:x}.example{rng.choice(('.com', '.net', '.org'))}"


def _resident() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


async def _transfer(server: DnsServer, request: bytes, end: bytes) -> tuple[int, int, int]:
    """Take a transfer whose last message ends its answer with ``end``; return messages, records and bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20)
    writer.write(len(request).to_bytes(2, "big") + request)
    messages = records = size = 0
    while True:
        message = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        messages += 1
        count = int.from_bytes(message[6:8], "big")
        records += count
        size += len(message) + 2
        if messages > 1 and count == 1 and end in message:
            break
    writer.close()
    return messages, records, size


async def _measure(count: int) -> None:
    before, start = _resident(), time.process_time()
    zone = LiveZone(ZoneImage.build(_names(count, 1), 1))
    made = time.process_time() - start
    start = time.process_time()
    sum(1 for _ in _names(count, 1))
    made -= time.process_time() - start
    image = zone.image()
    print(
        f"{count:>9,} names: built in {made:.2f} CPU-s, {image.size / 1e6:.1f} MB of wire in {len(image.buckets):,} "
        f"buckets, resident +{_resident() - before:.0f} MB"
    )
    key = TsigKey("bench", b"0" * 32)
    server = await start_dns_server(zone, "127.0.0.1", 0, keys=[key])
    question = zone_question(image, 252)
    request = b"\x12\x34\0\0\0\x01\0\0\0\0\0\0" + question
    for label, wire in (("plain", request), ("TSIG", Signer(key, b"").sign(request))):
        wall, cpu = time.perf_counter(), time.process_time()
        messages, records, size = await _transfer(server, wire, image.soa())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{'':9} AXFR {label}: {records:,} records, {messages:,} messages, {size / 1e6:.1f} MB in {wall:.2f} s "
            f"wall, {cpu:.2f} CPU-s = {records / wall:,.0f} records/s ({records / cpu:,.0f} a CPU-s)"
        )
    times = []
    for number in range(300):
        start_us = time.perf_counter()
        zone.change([f"new-{number}.example.net"], [f"new-{number - 1}.example.net"] if number % 2 else [])
        times.append((time.perf_counter() - start_us) * 1e6)
    times.sort()
    print(f"{'':9} one-name change: median {statistics.median(times):.0f} µs, p99 {times[296]:.0f} µs")
    start = time.process_time()
    zone.change(_names(10_000, 2))
    print(f"{'':9} 10,000 names added at once: {time.process_time() - start:.2f} CPU-s")
    start = time.process_time()
    size = sum(map(len, zone.ixfr(1, 1, question)[1]))
    print(
        f"{'':9} IXFR of {len(zone.deltas(1) or ())} steps: {size / 1e3:.0f} kB in "
        f"{time.process_time() - start:.3f} CPU-s"
    )
    await server.close()


def main() -> None:
    """Measure each size."""
    for count in [int(text) for text in sys.argv[1:]] or [100_000, 1_000_000]:
        asyncio.run(_measure(count))
    print(f"peak resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
