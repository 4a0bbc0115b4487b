"""The shield in real resolvers: from publication to block and from lift to free; queries a second with the zones.

Run: ``PYTHONPATH=src:tests python benchmarks/block_latency.py [--names N] [--rounds N] [--perf] [KIND …]`` (default
100,000 names, 20 rounds, every resolver that stands on this machine). ``--perf``: dnsperf's rate on cached clean names,
without the zones and with them.

A hub with N blocked names serves one subscriber of each kind; each resolver runs with what `resolver-config` writes.
Times are by wall clock, as a resolver's user has them, of the whole way: the entry's append, the projections, the
zones, NOTIFY, IXFR, the resolver's own index. They mean something only with the line "load" beside them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench import report

from checkers import program
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.resolvers.model import PLACEHOLDER
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers.service import Place, Subscribers, Wanted
from hubs import make_hub
from publishing import publish, withdraw
from resolvers import free_port, wait_until
from resolving import PROGRAMS, RealResolver
from served import ServedHub

BATCH = 20_000
PAUSE = 1.5
"""Seconds between two changes: BIND lets one a second take effect."""
CLEAN = 5_000
"""Distinct names that dnsperf asks for."""


def quantile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies, in milliseconds."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3


def waited(truth: Callable[[], bool], seconds: float = 60.0) -> float:
    """Return the seconds until it is true, asking each millisecond or so."""
    start = time.perf_counter()
    while not truth():
        if time.perf_counter() - start > seconds:
            raise TimeoutError("the resolver did not take the change")
        time.sleep(0.001)
    return time.perf_counter() - start


def add_subscriber(served: ServedHub, kind: Kind, org: str, port: int) -> tuple[str, dict[str, str], str]:
    """Add one that has taken all steps; return its id, its fragments and the folder they are for."""
    subscribers: Subscribers = served.hub.shielding.subscribers
    found = served.hub.members.operator_viewer(org)
    assert found is not None
    viewer = replace(found, person=None)
    made = subscribers.add(viewer, viewer.org or "", Wanted(
        label=kind, choice=Choice(kind), addresses=("127.0.0.1",), notify=(f"127.0.0.1@{port}",)))
    for step in (Step.SHADOW, Step.CANARY, Step.ENFORCE):
        assert wait_until(lambda: served.hub.river.position >= served.hub.record.head()[0], 60)
        subscribers.change(viewer, made.id, Wanted(step=step, reference="CHG1"))
    assert wait_until(lambda: served.hub.river.position >= served.hub.record.head()[0], 60)
    assert wait_until(lambda: subscribers.serving.view_of(subscribers.one(viewer, made.id)) is not None, 300)
    folder = tempfile.mkdtemp(prefix=f"{kind}-")
    files = subscribers.configuration(viewer, kind, made.id, Place(port=served.dns_port, folder=folder))
    return made.id, {name: text.replace(PLACEHOLDER, made.secret).replace("https://hub.example", served.url)
                     for name, text in files.items()}, folder  # fmt: skip


def rate(resolver: RealResolver, folder: Path) -> float:
    """Return dnsperf's queries a second on names that the resolver has cached."""
    asked = folder / "queries"
    asked.write_text("".join(f"c{number}.clean.example A\n" for number in range(CLEAN)))
    words = [program("dnsperf") or "", "-s", "127.0.0.1", "-p", str(resolver.port), "-d", str(asked), "-c", "4"]
    subprocess.run([*words, "-n", "1"], capture_output=True, check=True)  # into the cache
    said = subprocess.run([*words, "-l", "3"], capture_output=True, text=True, check=True).stdout
    return float(next(line.split()[-1] for line in said.splitlines() if "Queries per second" in line))


def measure(served: ServedHub, kind: Kind, org: str, key: str, rounds: int, perf: bool) -> None:
    """Run one resolver and print its figures."""
    port = free_port()
    _, files, folder = add_subscriber(served, kind, org, port)
    environment = {"FUSIONCELL_KEY": key}
    started = time.perf_counter()
    with RealResolver(kind, files, Path(folder), port=port, environment=environment) as resolver:
        assert wait_until(lambda: resolver.code("n0.listed.example") == "NXDOMAIN", 300), resolver.log()
        loaded = time.perf_counter() - started
        blocks, frees = [], []
        for number in range(rounds):
            name = f"r{number}-{kind}.round.example"
            time.sleep(PAUSE)
            publish(served.hub, name)
            blocks.append(waited(lambda name=name: resolver.code(name) == "NXDOMAIN"))
            time.sleep(PAUSE)
            withdraw(served.hub, name)
            frees.append(waited(lambda name=name: resolver.code(name) == "NOERROR"))
        report(f"{kind}: first block", seconds=loaded)
        report(f"{kind}: publication to block", p50_ms=quantile(blocks, 0.5), p95_ms=quantile(blocks, 0.95))
        report(f"{kind}: lift to free", p50_ms=quantile(frees, 0.5), p95_ms=quantile(frees, 0.95))
        with_zones = rate(resolver, Path(folder)) if perf and program("dnsperf") else 0.0
    if with_zones:
        with RealResolver(kind, _without(kind), Path(tempfile.mkdtemp())) as bare:
            without = rate(bare, bare.folder)
        report(f"{kind}: clean queries a second", without=without, with_zones=with_zones)


def _without(kind: Kind) -> dict[str, str]:
    """Return fragments that load no zone."""
    empty = {"fusioncell.options": "", "fusioncell.zones": "", "fusioncell.lua": "", "fusioncell.conf": "",
             "fusioncell-fetch.sh": "while :; do sleep 60; done\n"}  # fmt: skip
    if kind is Kind.UNBOUND:
        empty["fusioncell.conf"] = "server:\n  do-not-query-localhost: no\n  module-config: \"iterator\"\n"
    return empty


def main() -> None:
    """Fill a hub and measure each resolver."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--perf", action="store_true")
    parser.add_argument("kinds", nargs="*", default=[kind.value for kind in Kind])
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="resolvers-"))
    made = make_hub(folder / "hub")
    start, cpu = time.perf_counter(), time.process_time()
    for first in range(0, given.names, BATCH):
        publish(made.hub, *(f"n{number}.listed.example" for number in range(first, min(given.names, first + BATCH))))
    report("record and projections", names=given.names, cpu_s=time.process_time() - cpu,
           wall_s=time.perf_counter() - start, load=os.getloadavg()[0])  # fmt: skip
    with ServedHub(made.hub) as served:
        for kind in map(Kind, given.kinds):
            if program(PROGRAMS[kind]) is None:
                print(f"{kind}: not on this machine")
                continue
            measure(served, kind, made.provider.org, made.provider.key, given.rounds, given.perf)
    report("load", after=os.getloadavg()[0])


if __name__ == "__main__":
    main()
