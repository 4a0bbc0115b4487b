"""Bulk match against a memory of 5 M observables (``--quick``: 500,000): bytes each, values a CPU-second, memory.

The columns are filled as the store would fill them, with one voice each, in three audiences of which the viewer sees
two; what is asked goes the whole way of a request but for the socket: body in, lines out. ``--http`` asks a served hub
over HTTP as well, with 1 M observables in its databases (``--quick``: 100,000).
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
from bench import Cpu, Served, fill, report

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.exchange.match import ALL, How, Matcher
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.learned import NOTHING, Learned
from fusioncell.fusion.model import Assessment, Profile, Profiled
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.observable import Observable

QUICK = "--quick" in sys.argv
OBSERVABLES = 500_000 if QUICK else 5_000_000
VALUES = 1_000_000
SEEN = frozenset({1, 2})
NOW = 1_767_225_600_000_000 + 90 * DAY


class Clock:
    """Stands still."""

    def now(self) -> int:
        """Return the instant."""
        return NOW


class Store:
    """Stands in for fusion: as many profiles as are asked for."""

    asked = 0

    def nets(self) -> list[str]:
        """No networks."""
        return ["10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/26"]

    def profiles(self) -> Iterator[list[Profiled]]:
        """Give the observables in pages."""
        made = [Profile(frozenset((n % 3,)), 4, 1, 1.8 - 0.1 * (n % 7), 1 + n % 4) for n in range(84)]
        for first in range(0, OBSERVABLES, 20_000):
            yield [Profiled(i, name(i), made[i % 84], 0.8 + (i % 9973) / 5000) for i in range(first, first + 20_000)]

    def learned(self, audiences: frozenset[int]) -> Learned:
        """Nothing was."""
        return NOTHING

    def match(self, observables: list[Observable], audiences: frozenset[int]) -> dict[Observable, Assessment]:
        """Is not needed."""
        self.asked += len(observables)
        return {}


def name(number: int) -> str:
    """Return the name of one observable."""
    return f"host{10_000_000 + number}.phish{number % 977}.example"


def main() -> None:
    """Fill, ask."""
    matcher = Matcher(cast("Fusion", Store()), Clock(), b"benchmark")
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Cpu() as loading:
        matcher.memory.load()
    columns = matcher.memory.columns
    assert columns is not None
    report(
        "memory", observables=len(columns), bytes_each=columns.nbytes / len(columns), load_cpu_s=loading.seconds,
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, rss_before_mb=rss // 1024,
    )  # fmt: skip
    loop()
    for title, body in bodies().items():
        for by, ways in ((ALL, "all ways"), (frozenset({How.EXACT}), "exact")):
            for hits_only in (False, True):
                ask(matcher, f"{title}, {ways}, {'hits' if hits_only else 'all'}", body, by, hits_only)
    if "--http" in sys.argv:
        over_http()


def loop() -> None:
    """Print what a plain loop's step takes: how fast this machine is just now."""
    with Cpu() as spent:
        for _ in range(3_000_000):
            pass
    report("a plain loop's step", ns=spent.seconds / 3_000_000 * 1e9)


def bodies() -> dict[str, bytes]:
    """Make the requests: one value in two hundred known; all known; a log of addresses and hashes."""
    chance = random.Random(2)  # noqa: S311 - which values to ask
    seen = [i for i in (chance.randrange(OBSERVABLES) for _ in range(2 * VALUES)) if i % 84 % 3 in SEEN][:VALUES]
    log = [f"www{i}.clean{i % 5003}.example" for i in range(VALUES)]
    log[::200] = [name(i) for i in seen[: VALUES // 200]]
    mixed = [
        f"172.{i % 16 + 16}.{i // 256 % 256}.{i % 256}" if i % 2 else f"{i * 2654435761 % 2**64:016x}" * 4
        for i in range(VALUES)
    ]
    return {
        "0.5 % known": "\n".join(log).encode(),
        "100 % known": "\n".join([name(i) for i in seen]).encode(),
        "addresses and hashes, none": "\n".join(mixed).encode(),
    }


class Receipts:
    """Counts what is noted for receipts."""

    def exported(self, organisation: str, what: Any) -> None:
        """Note values."""
        len(what)

    def exported_all(self, organisation: str, audiences: frozenset[int]) -> None:
        """Note that it was very much."""

    def gone(self, organisation: str, contribution: str) -> None:
        """Note nothing."""


def ask(matcher: Matcher, title: str, body: bytes, by: frozenset[How], hits_only: bool) -> None:
    """Ask once, of three times the quickest."""
    handed = Handed(Receipts(), "someone", by_page=False)
    best, hits, size = 1e9, 0, 0
    for _ in range(3):
        start = time.process_time()
        # As a server does: what is written is let go.
        size = sum(map(len, matcher.answers(body, audiences=SEEN, hits_only=hits_only, by=by, handed=handed)))
        best = min(best, time.process_time() - start)
    for piece in matcher.answers(body, audiences=SEEN, hits_only=hits_only, by=by, handed=handed):
        hits += piece.count(b'"known":true')
    report(title, hits=hits, mb_out=size >> 20, million_values_per_cpu_s=VALUES / best / 1e6)


def over_http() -> None:
    """Ask a served hub: 1 M values a request over HTTP, the framework's and the socket's work included."""
    observables = 100_000 if QUICK else 1_000_000
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name) / "hub"
        Folder(folder).make("hub")
        hub = open_hub(folder, known_good=KnownGood.nothing())
        hub.members.add_organisation("Bench", "test", "government")
        fill(hub, observables)
        hub.close()
        served = Served(folder)
        try:
            with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.keys[0]}"}) as client:
                _request(served, client, "HTTP: first request, memory read", [name(0)] * 5000)
                chance = random.Random(3)  # noqa: S311 - which values to ask
                log = [f"www{i}.clean{i % 5003}.example" for i in range(VALUES)]
                log[::200] = [_stored(chance.randrange(observables)) for _ in range(VALUES // 200)]
                for _ in range(2):
                    _request(served, client, "HTTP: 0.5 % known", log)
                known = [_stored(chance.randrange(observables)) for _ in range(VALUES)]
                for _ in range(2):
                    _request(served, client, "HTTP: 100 % known", known)
            report("HTTP: memory at the end", rss_mb=served.rss)
        finally:
            served.stop()


def _stored(number: int) -> str:
    return f"host{10_000_000 + number}.phish{(10_000_000 + number) % 977}.example"


def _request(served: Served, client: httpx.Client, title: str, values: list[str]) -> None:
    before = served.cpu
    answer = client.post(
        "/api/match", content="\n".join(values).encode(), headers={"Content-Type": "text/plain"}, timeout=600
    )
    spent = served.cpu - before
    hits = answer.content.count(b'"known":true')
    report(title, hits=hits, cpu_s=spent, million_values_per_cpu_s=len(values) / max(spent, 0.01) / 1e6)


if __name__ == "__main__":
    main()
