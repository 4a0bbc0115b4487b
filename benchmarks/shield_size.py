"""A hub with a million blocked names in its record: its start, its memory, and fifty subscribers that refresh at once.

Run: ``PYTHONPATH=src:tests python benchmarks/shield_size.py [--names N] [--hub FOLDER]`` (default 1,000,000; ``--hub``:
a folder in which the hub is made once and kept). The hub runs as ``fusioncell up``; idle is the same program with no
names. Fifty at once: fifty connections with a subscriber's key, each of which takes the step of one name, then the
whole main zone. CPU of the hub is read from /proc; wall clock means something only with "load" beside it.
"""

from __future__ import annotations

import argparse
import base64
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from bench import report
from block_latency import Subscribed
from dns_primary import SUBSCRIBERS, at_once, request
from shield_hub import Program, prepare, program

from fusioncell.edges.dns_server import TsigKey
from fusioncell.shield.resolvers import Kind
from resolvers import wait_until


def refreshes(hub: Program, subscribed: Subscribed) -> None:
    """Have fifty take one name's step, and the whole zone."""
    key = TsigKey(subscribed.key, base64.b64decode(subscribed.secret))
    fresh, main = (next(zone for zone in subscribed.zones() if zone["label"] == label) for label in ("fresh", "main"))
    serial = int(fresh["serial"] or 0)
    made = hub.ask("analyst", "/api/shield/decisions", name=f"s{serial}.refresh.example", category="malware",
                   reason="seen in a campaign")["decision"]  # fmt: skip
    path = f"/api/shield/decisions/{made}"
    headers = {"Authorization": f"Bearer {hub.keys['approver']}"}
    assert wait_until(lambda: hub.http.get(path, headers=headers).status_code == 200, 60)
    hub.ask("approver", f"{path}/approve?reason=agreed")
    assert wait_until(lambda: subscribed.zones()[0]["serial"] != serial, 60)
    step = [request(251, serial, origin=str(fresh["zone"]), key=key) for _ in range(SUBSCRIBERS)]
    # SOA; the old SOA and heartbeat; the new SOA, heartbeat and the name's two records; SOA.
    at_once("IXFR of one name", hub.dns_port, hub.pid, step, 8)
    whole = [request(252, origin=str(main["zone"]), key=key) for _ in range(SUBSCRIBERS)]
    at_once("AXFR", hub.dns_port, hub.pid, whole, 2 * int(main["names"] or 0), names=int(main["names"] or 0))


def blocks(hub: Program, over: Event) -> list[float]:
    """Block one name after the other until it is over; return how many seconds each took to be published."""
    headers = {"Authorization": f"Bearer {hub.keys['approver']}"}
    took: list[float] = []
    while not over.is_set() or not took:
        start = time.perf_counter()
        made = hub.ask("analyst", "/api/shield/decisions", name=f"b{len(took)}.{hub.pid}.example", category="malware",
                       reason="seen in a campaign")["decision"]  # fmt: skip
        path = f"/api/shield/decisions/{made}"
        assert wait_until(lambda path=path: hub.http.get(path, headers=headers).status_code == 200, 60)
        hub.ask("approver", f"{path}/approve?reason=agreed")
        assert wait_until(lambda path=path: hub.read("approver", path)["state"] == "published", 60)
        took.append(time.perf_counter() - start)
    return took


def main() -> None:
    """Measure the start, the memory and the refreshes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--hub", type=Path)
    given = parser.parse_args()
    empty = Path(tempfile.mkdtemp(prefix="shield-")) / "empty"
    folder = given.hub or empty.parent / "hub"
    prepare(empty, 0)
    prepare(folder, given.names)
    with program(empty) as hub:
        idle = hub.memory()
        report("hub without names", MB=idle, cpu_s=hub.start_cpu)
    with program(folder) as hub:
        report("hub started from its record", names=given.names, cpu_s=hub.start_cpu, wall_s=hub.started,
               above_idle_MB=hub.memory() - idle, load=os.getloadavg()[0])  # fmt: skip
        before = hub.cpu
        with ThreadPoolExecutor(1) as beside:
            waited, done = beside.submit(blocks, hub, over := Event()), time.perf_counter()
            try:
                subscribed = Subscribed(hub, Kind.UNBOUND)
            finally:
                done = time.perf_counter() - done
                over.set()
            report("its first subscriber's zones built", cpu_s=hub.cpu - before, wall_s=done,
                   above_idle_MB=hub.memory() - idle, blocks_meanwhile=len(waited.result()),
                   longest_block_s=max(waited.result()))  # fmt: skip
        try:
            refreshes(hub, subscribed)
        finally:
            report("after it", above_idle_MB=hub.memory() - idle, peak_above_idle_MB=hub.memory("VmHWM") - idle,
                   load=os.getloadavg()[0])  # fmt: skip
            subscribed.end()


if __name__ == "__main__":
    main()
