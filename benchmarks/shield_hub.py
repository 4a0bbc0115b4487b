"""A hub whose record holds that many published decisions, kept in a folder for several runs, and served as a program.

The record is made through the entries that the hub itself writes, the projections follow as ever, and three merges put
all names into the main zones, as in a hub that has run for a few days. Names are synthetic, of a usual length.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from dns_primary import cpu, memory, names

from fusioncell.bootstrap import Hub, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses
from fusioncell.shield.subscribers.model import MARKED, Mark
from hubs import make_hub
from publishing import publish
from resolvers import free_port, wait_until

BATCH = 20_000
LISTED = "n0.listed.example"
"""A name that every made hub blocks; the others are :func:`dns_primary.names`, by the seed 1."""


def prepare(folder: Path, count: int) -> None:
    """Make the hub, unless the folder holds one already. Prints how long the record and its projections took."""
    if (folder / "keys.json").exists():
        return
    made = make_hub(folder)
    hub, start, used = made.hub, time.perf_counter(), time.process_time()
    members = hub.members
    provider = members.person(made.provider.person)
    keys = {
        "analyst": members.make_key(provider.org, made.provider.person, role="analyst")[1].reveal(),
        "approver": members.make_key(provider.org, made.approver.person, role="approver")[1].reveal(),
        "lead": members.make_key(provider.org, role="lead")[1].reveal(),
        "member": made.provider.key, "operator": made.ministry.key,
    }  # fmt: skip
    given = [LISTED] if count else []
    made_names = names(max(0, count - 1), 1)
    while given or (given := [name for _, name in zip(range(BATCH), made_names, strict=False)]):
        publish(hub, *given)
        given = []
    for _ in range(3):
        _merge(hub)
    (folder / "keys.json").write_text(json.dumps(keys))
    hub.close()
    print(f"made a record of {count:,} decisions: {time.process_time() - used:.0f} CPU-s, "
          f"{time.perf_counter() - start:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)


def _merge(hub: Hub) -> None:
    """Put what is fresh into the main zones, as the quiet hours do."""
    number = hub.record.intern_audience(Audience(Tlp.AMBER_STRICT, frozenset({"may:approve"}), Uses.NONE))
    body = msgspec.json.encode(Mark(True, hub.shield.zone.serial))
    hub.record.append("", [Draft(MARKED, number, Payload("", "zones", hub.clock.now(), "", body))],
                      new_id(hub.randomness))  # fmt: skip
    hub.river.run_dry()


class Program:
    """A hub that runs as its members run it: ``fusioncell up``, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        http, self.dns_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{http}"
        keys = folder / "keys.json"
        self.keys: dict[str, str] = json.loads(keys.read_text()) if keys.exists() else {}
        started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "fusioncell.cli", "up", "--data", str(folder), "--http", f"127.0.0.1:{http}",
             "--dns", f"127.0.0.1:{self.dns_port}"], stdout=subprocess.DEVNULL,
            env={**os.environ, "FUSIONCELL_LOG_LEVEL": "warning"})  # fmt: skip
        self.pid = self._process.pid
        self.http = httpx.Client(base_url=self.url, timeout=60)
        assert wait_until(self._ready, 300), "the hub does not answer"
        self.started = time.perf_counter() - started
        self.start_cpu = self.cpu

    def _ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def cpu(self) -> float:
        """CPU seconds that it has used."""
        return cpu(self.pid)

    def memory(self, field: str = "VmRSS") -> float:
        """Resident memory in MB; ``VmHWM``: the most there was."""
        return memory(self.pid, field)

    def ask(self, role: str, path: str, **body: Any) -> Any:
        """Send a request with a person's key: a POST where there is a body or the path is an act. Return the answer."""
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        answer = self.http.post(path, json=body or None, headers=headers)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json()

    def read(self, role: str, path: str, **parameters: str) -> Any:
        """Read a document."""
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        return self.http.get(path, params=parameters, headers=headers).raise_for_status().json()

    def stop(self) -> None:
        """Stop it, as a service manager does."""
        self.http.close()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def program(folder: Path) -> Iterator[Program]:
    """Run the hub until the block ends."""
    running = Program(folder)
    try:
        yield running
    finally:
        running.stop()


def opened(folder: Path) -> Hub:
    """Open the hub in this process, without warninglists, its river not running."""
    return open_hub(folder, known_good=KnownGood.nothing())
