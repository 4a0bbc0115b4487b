"""What all benchmarks share: a hub in a temporary folder, a hub in a process of its own, its CPU and memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion.knowngood import KnownGood

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "data"))
_TICKS = os.sysconf("SC_CLK_TCK")


def report(name: str, **figures: Any) -> None:
    """Print one line of figures, and the same as JSON where ``--json`` was given."""
    if "--json" in sys.argv:
        print(json.dumps({"benchmark": name, **figures}))
    else:
        print(f"{name:<34} " + "  ".join(f"{key} {_form(value)}" for key, value in figures.items()), flush=True)


def _form(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


@contextlib.contextmanager
def new_hub() -> Iterator[Hub]:
    """Give an empty hub on SQLite, in this process, its river not running."""
    with tempfile.TemporaryDirectory() as folder:
        Folder(Path(folder) / "hub").make("hub")
        hub = open_hub(Path(folder) / "hub", known_good=KnownGood.nothing())
        hub.members.add_organisation("Bench", "test", "government")
        try:
            yield hub
        finally:
            hub.close()


class Served:
    """A hub in a process of its own. ``river``: whether projections follow."""

    def __init__(self, folder: Path, *, river: bool = True) -> None:
        script = (
            "import sys; from bench import serve_for_benchmark; serve_for_benchmark(sys.argv[1], sys.argv[2] == '1')"
        )
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, this file
            [sys.executable, "-c", script, str(folder), "1" if river else "0"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
            env={**os.environ, "FUSIONCELL_MAX_SUBSCRIBERS": "5000"},
        )
        assert self._process.stdout is not None
        self.url, *self.keys = self._process.stdout.readline().split()

    @property
    def cpu(self) -> float:
        """CPU seconds that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(20)


def serve_for_benchmark(folder: str, river: bool) -> None:
    """Run in the served process: print the address and keys, then serve."""
    import asyncio

    import uvicorn

    from fusioncell.web.app import make_app

    if not Folder(folder).exists:
        Folder(folder).make("hub")
    hub = open_hub(folder, known_good=KnownGood.nothing())
    keys = []
    for name in ("Bench", "Reader"):
        known = hub.members.organisation_named(name) or hub.members.add_organisation(name, "test", "government")
        keys.append(hub.members.make_key(known.id, role="administrator")[1].reveal())
    if river:
        hub.settle()
        hub.start()

    async def serve() -> None:
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(hub),
                host="127.0.0.1",
                port=0,
                log_level="warning",
                access_log=False,
                backlog=4096,
                timeout_graceful_shutdown=1,
                loop="uvloop",
                http="httptools",
            )
        )
        running = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        print(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", *keys, flush=True)
        await running

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
    hub.close()


def indicators(first: int, count: int, *, stated: str) -> list[bytes]:
    """Make STIX indicators of domain names, as a feed would send them."""
    return [
        (
            f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{i:08x}-0000-4000-8000-{i:012x}",'
            f'"created":"{stated}","modified":"{stated}","name":"Phishing host {i}","indicator_types":'
            f'["malicious-activity"],"pattern":"[domain-name:value = \'host{i}.phish{i % 977}.example\']",'
            f'"pattern_type":"stix","valid_from":"{stated}","labels":["phishing"],"confidence":70}}'
        ).encode()
        for i in range(first, first + count)
    ]


def bundle(objects: list[bytes], number: int) -> bytes:
    """Join objects to a bundle."""
    return (
        b'{"type":"bundle","id":"bundle--00000000-0000-4000-8000-%012x","objects":[' % number
        + b",".join(objects)
        + b"]}"
    )


def fill(hub: Hub, observables: int) -> None:
    """Put that many old observables into a hub."""
    from fusioncell.intake.service import Terms

    viewer = hub.members.operator_viewer(None)
    assert viewer is not None
    for first in range(0, observables, 10_000):
        body = bundle(indicators(10_000_000 + first, 10_000, stated="2025-01-05T00:00:00.000Z"), first)
        hub.intake.accept(viewer, body, "application/json", Terms())
        hub.river.run_dry()


class Cpu:
    """CPU and wall seconds of a block in this process."""

    def __enter__(self) -> Cpu:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._cpu
        self.wall = time.perf_counter() - self._wall
