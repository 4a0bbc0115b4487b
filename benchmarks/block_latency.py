"""The shield in real resolvers: from approval to block and from lift to free; queries a second with the zones.

Run: ``PYTHONPATH=src:tests python benchmarks/block_latency.py [--names N] [--rounds N] [--pause S] [--main] [--perf]
[--first] [--hub FOLDER] [KIND …]`` (default 100,000 names, 20 rounds, every resolver that stands on this machine).
``--hub``: a folder in which the hub is made once and kept for further runs. ``--main``: also lift names that stand in
the main zones. ``--perf``: dnsperf's rate on cached clean names, without the zones and with them, and on listed ones.
``--first``: during the rounds hub, resolver and this program go before all else that runs on the machine (SCHED_RR, as
root), so that the figures are those of a machine with nothing else to do, as near as a shared one gives them.

The hub runs as ``fusioncell up``, its N names merged into the main zones; each resolver in turn is a subscriber of its
own and runs with what ``resolver-config`` writes. A round proposes a name, then starts the clock, approves it by
``POST /api/shield/decisions/ID/approve`` and asks the resolver each half millisecond until it answers NXDOMAIN: so the
whole way is in it, HTTP, the record's append to disk, the projections, the zones, NOTIFY, IXFR, the resolver's own
index. Then it lifts the name by ``POST /api/shield/lifts``. Wall clock: it means something only with "load" beside it.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from bench import report
from dns_primary import memory, names
from shield_hub import LISTED, Program, prepare, program

from checkers import program as path_of
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.resolvers.model import PLACEHOLDER
from fusioncell.shield.zone import wire_name
from resolvers import free_port, wait_until
from resolving import PROGRAMS, RealResolver

CLEAN = 5_000
"""Distinct names that dnsperf asks for."""
LOOKED_AT = 60
"""Names that must be blocked before the rounds begin."""
NXDOMAIN, NOERROR = 3, 0


def quantile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values lies, in milliseconds."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3


def until(port: int, name: str, code: int, start: float, seconds: float = 90.0, gap: float = 0.0005) -> float:
    """Return the seconds from ``start`` until the resolver answers with this code; it is asked each ``gap`` seconds.

    A question that it does not answer within 50 ms is asked again.
    """
    question = struct.pack(">HHHHHH", 0, 0x0100, 1, 0, 0, 0) + wire_name(name) + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(0.05)
        while True:
            try:
                sock.send(os.urandom(2) + question[2:])
                answered = sock.recv(4096)[3] & 15
            except (TimeoutError, ConnectionRefusedError):
                answered = -1
            now = time.perf_counter()
            if answered == code:
                return now - start
            if now - start > seconds:
                raise TimeoutError(f"the resolver did not take the change of {name} (answers {answered})")
            time.sleep(gap)


def go_first(*processes: int) -> None:
    """Let all threads of these processes go before all else on the machine."""
    for process in processes:
        for thread in Path(f"/proc/{process}/task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(1))


class Subscribed:
    """A subscriber of one kind, from its first step to its end."""

    def __init__(self, hub: Program, kind: Kind) -> None:
        self.port, self._hub, self.folder = free_port(), hub, Path(tempfile.mkdtemp(prefix=f"{kind}-"))
        made = hub.ask("lead", "/api/shield/subscribers", label=f"bench {kind} {time.time_ns()}", kind=kind.value,
                       addresses=["127.0.0.1"], notify=[f"127.0.0.1@{self.port}"])  # fmt: skip
        self.id, self.key, self.secret = made["subscriber"], made["key"], made["secret"]
        for step in ("shadow", "canary", "enforce"):
            assert wait_until(lambda step=step: self._step(step), 120)
        assert wait_until(lambda: sum(zone["names"] for zone in self.zones()) > 0, 300)
        said = hub.read("lead", f"/api/shield/resolver-config/{kind}", subscriber=self.id, port=str(hub.dns_port),
                        folder=str(self.folder))  # fmt: skip
        self.files = {name: text.replace(PLACEHOLDER, made["secret"]).replace("https://hub.example", hub.url)
                      for name, text in said["files"].items()}  # fmt: skip

    def _step(self, step: str) -> bool:
        try:
            self._hub.ask("lead", f"/api/shield/subscribers/{self.id}", step=step, reference="CHG1")
        except AssertionError:  # the step before is not projected yet
            return False
        return True

    def zones(self) -> list[dict[str, int | str | None]]:
        """Return its zones, with what it holds of each."""
        found: list[dict[str, int | str | None]] = self._hub.read("lead", f"/api/shield/subscribers/{self.id}")["zones"]
        return found

    def end(self) -> None:
        """End it."""
        self._hub.ask("lead", f"/api/shield/subscribers/{self.id}/end", reason="measured")


def publish(hub: Program, port: int, name: str) -> float:
    """Propose and approve a name; return the seconds from approval to block."""
    made = hub.ask("analyst", "/api/shield/decisions", name=name, category="malware", reason="seen in a campaign")
    path = f"/api/shield/decisions/{made['decision']}"
    assert wait_until(lambda: hub.http.get(path, headers={"Authorization": f"Bearer {hub.keys['approver']}"})
                      .status_code == 200, 60)  # fmt: skip
    until(port, name, NOERROR, time.perf_counter())
    start = time.perf_counter()
    hub.ask("approver", f"{path}/approve?reason=agreed")
    return until(port, name, NXDOMAIN, start)


def lift(hub: Program, port: int, name: str) -> float:
    """Lift a name; return the seconds until it resolves."""
    start = time.perf_counter()
    hub.ask("approver", "/api/shield/lifts", name=name, reason="wrong")
    return until(port, name, NOERROR, start)


def rate(port: int, folder: Path, asked: list[str]) -> float:
    """Return dnsperf's queries a second on names that the resolver has cached."""
    queries = folder / "queries"
    queries.write_text("".join(f"{name} A\n" for name in asked))
    words = [path_of("dnsperf") or "", "-s", "127.0.0.1", "-p", str(port), "-d", str(queries), "-c", "4"]
    subprocess.run([*words, "-n", "1"], capture_output=True, check=True)  # into the cache
    said = subprocess.run([*words, "-l", "4"], capture_output=True, text=True, check=True).stdout
    return float(next(line.split()[-1] for line in said.splitlines() if "Queries per second" in line))


def measure(hub: Program, kind: Kind, given: argparse.Namespace) -> None:
    """Run one resolver and print its figures."""
    subscribed = Subscribed(hub, kind)
    clean = [f"c{number}.clean.example" for number in range(CLEAN)]
    listed, found = list(names(CLEAN, 1)), {}
    try:
        with RealResolver(kind, subscribed.files, subscribed.folder, port=subscribed.port, patience=300,
                          cache=60, environment={"FUSIONCELL_KEY": hub.keys["member"]}) as resolver:
            rounds(hub, kind, resolver, given)
            if given.perf:
                found = {"clean": rate(resolver.port, subscribed.folder, clean),
                         "listed": rate(resolver.port, subscribed.folder, listed)}
        if given.perf:
            with RealResolver(kind, _without(kind), Path(tempfile.mkdtemp()), cache=60) as bare:
                report(f"{kind}: queries a second", without_zones=rate(bare.port, bare.folder, clean), **found,
                       load=os.getloadavg()[0])  # fmt: skip
    finally:
        subscribed.end()


def rounds(hub: Program, kind: Kind, resolver: RealResolver, given: argparse.Namespace) -> None:
    """Block and free names, and print how long each took."""
    started = time.perf_counter()
    for name in (LISTED, *names(LOOKED_AT, 1)):  # in each of a BIND's shards
        until(resolver.port, name, NXDOMAIN, started, 400, gap=0.2)
    report(f"{kind}: zones loaded", waited_s=time.perf_counter() - started, resolver_MB=memory(resolver.pids[-1]),
           hub_MB=hub.memory(), hub_peak_MB=hub.memory("VmHWM"))  # fmt: skip
    time.sleep(given.settle)
    if given.first:
        go_first(os.getpid(), hub.pid, *resolver.pids)
    taken: dict[str, list[float]] = {"approval to block": [], "lift to free": [], "lift from main": []}
    chance = random.Random(1)  # or the rounds keep step with those who ask each second

    def pause() -> None:
        time.sleep(given.pause * chance.uniform(0.6, 1.6))

    for number in range(given.rounds):
        name = f"r{number}-{time.time_ns():x}.round{number}.example"
        taken["approval to block"].append(publish(hub, resolver.port, name))
        pause()
        taken["lift to free"].append(lift(hub, resolver.port, name))
        pause()
        if given.main:
            old = next(name for name in given.listed if resolver.code(name) == "NXDOMAIN")  # not lifted in a run before
            taken["lift from main"].append(lift(hub, resolver.port, old))
            pause()
    for label, values in taken.items():
        if values:
            report(f"{kind}: {label}", p50_ms=quantile(values, 0.5), p95_ms=quantile(values, 0.95),
                   max_ms=max(values) * 1e3, rounds=len(values), load=os.getloadavg()[0])  # fmt: skip


def _without(kind: Kind) -> dict[str, str]:
    """Return fragments that load no zone."""
    empty = {"fusioncell.options": "", "fusioncell.zones": "", "fusioncell.lua": "", "fusioncell.conf": "",
             "fusioncell-fetch.sh": "while :; do sleep 60; done\n"}  # fmt: skip
    if kind is Kind.UNBOUND:
        empty["fusioncell.conf"] = "server:\n  do-not-query-localhost: no\n  module-config: \"iterator\"\n"
    return empty


def main() -> None:
    """Fill a hub, or take one that is filled, and measure each resolver."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.5, help="Seconds between two changes.")
    parser.add_argument("--settle", type=float, default=5.0, help="Seconds from the first block on.")
    parser.add_argument("--main", action="store_true")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--perf", action="store_true")
    parser.add_argument("--hub", type=Path)
    parser.add_argument("kinds", nargs="*", default=[kind.value for kind in Kind])
    given = parser.parse_args()
    known = [name for _, name in zip(range(20_000), names(given.names - 1, 1), strict=False)]
    given.listed = iter(known[len(known) // 2:])
    folder = given.hub or Path(tempfile.mkdtemp(prefix="resolvers-")) / "hub"
    prepare(folder, given.names)
    with program(folder) as hub:
        report("hub started from its record", names=given.names, wall_s=hub.started, cpu_s=hub.start_cpu,
               MB=hub.memory(), load=os.getloadavg()[0])  # fmt: skip
        for kind in map(Kind, given.kinds):
            if path_of(PROGRAMS[kind]) is None:
                print(f"{kind}: not on this machine")
                continue
            measure(hub, kind, given)
    report("load", after=os.getloadavg()[0])


if __name__ == "__main__":
    main()
